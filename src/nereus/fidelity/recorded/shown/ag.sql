CREATE TABLE d.ag (
  d date, sid int,
  pv bigint SUM DEFAULT "0",
  uv bitmap BITMAP_UNION,
  h hll HLL_UNION NOT NULL,
  mx int MAX,
  rp int REPLACE,
  rn varchar(10) REPLACE_IF_NOT_NULL
) AGGREGATE KEY(d, sid)
PARTITION BY RANGE(d) (
  PARTITION p202401 VALUES LESS THAN ("2024-02-01"),
  PARTITION p202402 VALUES [("2024-02-01"), ("2024-03-01"))
) DISTRIBUTED BY HASH(sid) BUCKETS 2 PROPERTIES ("replication_num" = "1")
-- is shown as
CREATE TABLE `ag` (
  `d` date NULL,
  `sid` int NULL,
  `pv` bigint SUM NULL DEFAULT "0",
  `uv` bitmap BITMAP_UNION NOT NULL DEFAULT BITMAP_EMPTY,
  `h` hll HLL_UNION NOT NULL,
  `mx` int MAX NULL,
  `rp` int REPLACE NULL,
  `rn` varchar(10) REPLACE_IF_NOT_NULL NULL
) ENGINE=OLAP
AGGREGATE KEY(`d`, `sid`)
PARTITION BY RANGE(`d`)
(PARTITION p202401 VALUES [('0000-01-01'), ('2024-02-01')),
PARTITION p202402 VALUES [('2024-02-01'), ('2024-03-01')))
DISTRIBUTED BY HASH(`sid`) BUCKETS 2
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
