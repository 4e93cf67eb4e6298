create table li (city varchar(10) not null, n int) duplicate key(city) comment 'tt'
auto partition by list(city) () distributed by random buckets 3
properties ("replication_num" = "1", "bloom_filter_columns" = "n")
-- is shown as
CREATE TABLE `li` (
  `city` varchar(10) NOT NULL,
  `n` int NULL
) ENGINE=OLAP
DUPLICATE KEY(`city`)
COMMENT 'tt'
AUTO PARTITION BY LIST (`city`)
()
DISTRIBUTED BY RANDOM BUCKETS 3
PROPERTIES (
"replication_allocation" = "tag.location.default: 1",
"min_load_replica_num" = "-1",
"bloom_filter_columns" = "n",
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
