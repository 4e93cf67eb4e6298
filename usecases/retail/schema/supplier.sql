CREATE TABLE IF NOT EXISTS supplier (
  s_suppkey INT NOT NULL COMMENT 'Supplier, from 1',
  s_name VARCHAR(25) NOT NULL COMMENT 'Name',
  s_address VARCHAR(25) NOT NULL COMMENT 'Street address',
  s_city VARCHAR(10) NOT NULL COMMENT 'City',
  s_nation VARCHAR(15) NOT NULL COMMENT 'Nation',
  s_region VARCHAR(12) NOT NULL COMMENT 'Region',
  s_phone VARCHAR(15) NOT NULL COMMENT 'Telephone number, beginning with the code of the nation',
  s_citykey INT NOT NULL COMMENT 'City in the snowflaked geography: geo_city.gc_citykey'
)
UNIQUE KEY(s_suppkey)
COMMENT 'Suppliers with their geography, flat for the star and by key for the snowflake'
DISTRIBUTED BY HASH(s_suppkey) BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}");
