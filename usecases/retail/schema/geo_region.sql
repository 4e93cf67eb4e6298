CREATE TABLE IF NOT EXISTS geo_region (
  gr_regionkey INT NOT NULL COMMENT 'Region, 0 to 4',
  gr_name VARCHAR(12) NOT NULL COMMENT 'Name, such as EUROPE'
)
UNIQUE KEY(gr_regionkey)
COMMENT 'Regions: the top of the snowflaked geography'
DISTRIBUTED BY HASH(gr_regionkey) BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}");
