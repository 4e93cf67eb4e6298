create table plain (k int, v varchar(10)) properties ("replication_num" = "1")
-- is shown as
CREATE TABLE `plain` (
  `k` int NULL,
  `v` varchar(10) NULL
) ENGINE=OLAP
DUPLICATE KEY(`k`, `v`)
DISTRIBUTED BY RANDOM BUCKETS AUTO
PROPERTIES (
"replication_allocation" = "tag.location.default: 1",
"min_load_replica_num" = "-1",
"is_being_synced" = "false",
"storage_medium" = "hdd",
"storage_format" = "V2",
"inverted_index_storage_format" = "V2",
"light_schema_change" = "true",
"disable_auto_compaction" = "false",
"enable_single_replica_compaction" = "false",
"group_commit_interval_ms" = "10000",
"group_commit_data_bytes" = "134217728"
);
