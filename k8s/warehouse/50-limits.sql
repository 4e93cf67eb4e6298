-- What stops a query that would hurt others. Workload groups share memory and places; these end what has run away.
CREATE WORKLOAD POLICY IF NOT EXISTS analysts_runaway CONDITIONS (query_time > 120000)
    ACTIONS (cancel_query) PROPERTIES ('workload_group' = 'analysts', 'priority' = '10', 'enabled' = 'true');
CREATE WORKLOAD POLICY IF NOT EXISTS scientists_runaway CONDITIONS (query_time > 1800000)
    ACTIONS (cancel_query) PROPERTIES ('workload_group' = 'scientists', 'priority' = '10', 'enabled' = 'true');

-- A dashboard that reads more than this asks the wrong table: one with a materialised view, or a filter on its dates, will do.
CREATE SQL_BLOCK_RULE IF NOT EXISTS dashboards_need_partitions
    PROPERTIES ("partition_num" = "120", "tablet_num" = "4000", "global" = "false", "enable" = "true");
SET PROPERTY FOR 'analyst' 'sql_block_rules' = 'dashboards_need_partitions';
