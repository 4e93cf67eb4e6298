create table ev (
  ts datetime not null, k int, v decimal(10,2) default 0, s varchar(20) comment 'c', key_j json, arr array<int>
) engine = olap duplicate key(ts, k) auto partition by range (date_trunc(ts, 'day')) ()
distributed by hash(k) buckets 4
-- is shown as
CREATE TABLE `ev` (
  `ts` datetime NOT NULL,
  `k` int NULL,
  `v` decimal(10,2) NULL DEFAULT "0",
  `s` varchar(20) NULL COMMENT "c",
  `key_j` json NULL,
  `arr` array<int> NULL
) ENGINE=OLAP
DUPLICATE KEY(`ts`, `k`)
AUTO PARTITION BY RANGE (date_trunc(`ts`, 'day'))
()
DISTRIBUTED BY HASH(`k`) BUCKETS 4
PROPERTIES (
"replication_allocation" = "tag.location.default: 3",
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
