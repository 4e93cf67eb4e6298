create table u (
  id bigint not null auto_increment,
  name varchar(32) not null default "x",
  amt decimal(18, 4),
  upd datetime(3) default current_timestamp(3) on update current_timestamp(3),
  index ix (name) using inverted properties("parser" = "english")
) unique key(id) distributed by hash(id) buckets auto
-- is shown as
CREATE TABLE `u` (
  `id` bigint NOT NULL AUTO_INCREMENT(1),
  `name` varchar(32) NOT NULL DEFAULT "x",
  `amt` decimal(18,4) NULL,
  `upd` datetime(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  INDEX ix (`name`) USING INVERTED PROPERTIES("lower_case" = "true", "parser" = "english", "support_phrase" = "true")
) ENGINE=OLAP
UNIQUE KEY(`id`)
DISTRIBUTED BY HASH(`id`) BUCKETS AUTO
PROPERTIES (
"replication_allocation" = "tag.location.default: 3",
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
