CREATE TABLE IF NOT EXISTS geo_city (
  gc_citykey INT NOT NULL COMMENT 'City: ten times the nation, plus 0 to 9',
  gc_name VARCHAR(10) NOT NULL COMMENT 'Name, such as UNITED KI1: nine characters of the nation and a digit',
  gc_nationkey INT NOT NULL COMMENT 'Nation of the city: geo_nation.gn_nationkey'
)
UNIQUE KEY(gc_citykey)
COMMENT 'Cities, ten in each nation'
DISTRIBUTED BY HASH(gc_citykey) BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}");
