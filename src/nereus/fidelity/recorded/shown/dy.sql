create table dy (dt date, k int) duplicate key(dt) partition by range(dt) ()
distributed by hash(k) buckets 3 properties (
  "replication_num" = "1",
  "dynamic_partition.enable" = "true", "dynamic_partition.time_unit" = "DAY", "dynamic_partition.start" = "-3",
  "dynamic_partition.end" = "2", "dynamic_partition.prefix" = "p", "dynamic_partition.replication_num" = "1"
)
-- is shown as
CREATE TABLE `dy` (
  `dt` date NULL,
  `k` int NULL
) ENGINE=OLAP
DUPLICATE KEY(`dt`)
PARTITION BY RANGE(`dt`)
(PARTITION p20261122 VALUES [('2026-11-22'), ('2026-11-23')),
PARTITION p20261123 VALUES [('2026-11-23'), ('2026-11-24')),
PARTITION p20261124 VALUES [('2026-11-24'), ('2026-11-25')))
DISTRIBUTED BY HASH(`k`) BUCKETS 3
PROPERTIES (
"replication_allocation" = "tag.location.default: 1",
"min_load_replica_num" = "-1",
"is_being_synced" = "false",
"dynamic_partition.enable" = "true",
"dynamic_partition.time_unit" = "DAY",
"dynamic_partition.time_zone" = "Etc/UTC",
"dynamic_partition.start" = "-3",
"dynamic_partition.end" = "2",
"dynamic_partition.prefix" = "p",
"dynamic_partition.replication_allocation" = "tag.location.default: 1",
"dynamic_partition.buckets" = "3",
"dynamic_partition.create_history_partition" = "false",
"dynamic_partition.history_partition_num" = "-1",
"dynamic_partition.hot_partition_num" = "0",
"dynamic_partition.reserved_history_periods" = "NULL",
"dynamic_partition.storage_policy" = "",
"storage_medium" = "hdd",
"storage_format" = "V2",
"inverted_index_storage_format" = "V2",
"light_schema_change" = "true",
"disable_auto_compaction" = "false",
"enable_single_replica_compaction" = "false",
"group_commit_interval_ms" = "10000",
"group_commit_data_bytes" = "134217728"
);
