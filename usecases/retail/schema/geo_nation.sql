CREATE TABLE IF NOT EXISTS geo_nation (
  gn_nationkey INT NOT NULL COMMENT 'Nation, 0 to 24',
  gn_name VARCHAR(15) NOT NULL COMMENT 'Name, such as UNITED KINGDOM',
  gn_regionkey INT NOT NULL COMMENT 'Region of the nation: geo_region.gr_regionkey'
)
UNIQUE KEY(gn_nationkey)
COMMENT 'Nations, five in each region'
DISTRIBUTED BY HASH(gn_nationkey) BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}");
