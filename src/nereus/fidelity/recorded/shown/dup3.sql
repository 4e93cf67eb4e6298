create table dup3 (
  k int, v string,
  index ix2 (v) using inverted comment 'cc',
  index ng (v) using ngram_bf properties("gram_size" = "3", "bf_size" = "256")
) duplicate key(k) distributed by hash(k) buckets 1 properties ("replication_num" = "1")
-- is shown as
CREATE TABLE `dup3` (
  `k` int NULL,
  `v` text NULL,
  INDEX ix2 (`v`) USING INVERTED COMMENT "cc",
  INDEX ng (`v`) USING NGRAM_BF PROPERTIES("bf_size" = "256", "gram_size" = "3")
) ENGINE=OLAP
DUPLICATE KEY(`k`)
DISTRIBUTED BY HASH(`k`) BUCKETS 1
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
