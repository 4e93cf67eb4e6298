create table dd (k int, d date, v int, s varchar(20)) duplicate key(k)
partition by range(d) (from ("2024-01-01") to ("2024-04-01") interval 1 month)
distributed by hash(k) buckets 2
properties ("replication_num" = "1", "group_commit_interval_ms" = "2000", "compression" = "zstd")
-- is shown as
CREATE TABLE `dd` (
  `k` int NULL,
  `d` date NULL,
  `v` int NULL,
  `s` varchar(20) NULL
) ENGINE=OLAP
DUPLICATE KEY(`k`)
PARTITION BY RANGE(`d`)
(PARTITION p_202401 VALUES [('2024-01-01'), ('2024-02-01')),
PARTITION p_202402 VALUES [('2024-02-01'), ('2024-03-01')),
PARTITION p_202403 VALUES [('2024-03-01'), ('2024-04-01')))
DISTRIBUTED BY HASH(`k`) BUCKETS 2
PROPERTIES (
"replication_allocation" = "tag.location.default: 1",
"min_load_replica_num" = "-1",
"is_being_synced" = "false",
"storage_medium" = "hdd",
"storage_format" = "V2",
"inverted_index_storage_format" = "V2",
"compression" = "ZSTD",
"light_schema_change" = "true",
"disable_auto_compaction" = "false",
"enable_single_replica_compaction" = "false",
"group_commit_interval_ms" = "2000",
"group_commit_data_bytes" = "134217728"
);
