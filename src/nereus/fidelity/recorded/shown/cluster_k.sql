create table cluster_k (
  k int, v int, w largeint, x char(3), y text, b boolean, t tinyint, s smallint, f float, dd double,
  de decimal(38, 10), m map<string, int>, st struct<a:int, b:string>, i4 ipv4, i6 ipv6, dt6 datetime(6)
) unique key(k) cluster by (v) distributed by hash(k) buckets 1 properties ("replication_num" = "1")
-- is shown as
CREATE TABLE `cluster_k` (
  `k` int NULL,
  `v` int NULL,
  `w` largeint NULL,
  `x` char(3) NULL,
  `y` text NULL,
  `b` boolean NULL,
  `t` tinyint NULL,
  `s` smallint NULL,
  `f` float NULL,
  `dd` double NULL,
  `de` decimal(38,10) NULL,
  `m` map<text,int> NULL,
  `st` struct<a:int,b:text> NULL,
  `i4` ipv4 NULL,
  `i6` ipv6 NULL,
  `dt6` datetime(6) NULL
) ENGINE=OLAP
UNIQUE KEY(`k`)
CLUSTER BY (`v`)
DISTRIBUTED BY HASH(`k`) BUCKETS 1
PROPERTIES (
"replication_allocation" = "tag.location.default: 1",
"min_load_replica_num" = "-1",
"is_being_synced" = "false",
"storage_medium" = "hdd",
"storage_format" = "V2",
"inverted_index_storage_format" = "V2",
"enable_unique_key_merge_on_write" = "true",
"light_schema_change" = "true",
"disable_auto_compaction" = "false",
"enable_single_replica_compaction" = "false",
"group_commit_interval_ms" = "10000",
"group_commit_data_bytes" = "134217728",
"enable_mow_light_delete" = "false"
);
