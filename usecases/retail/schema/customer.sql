CREATE TABLE IF NOT EXISTS customer (
  c_custkey INT NOT NULL COMMENT 'Customer, from 1',
  c_name VARCHAR(25) NOT NULL COMMENT 'Name',
  c_address VARCHAR(25) NOT NULL COMMENT 'Street address',
  c_city VARCHAR(10) NOT NULL COMMENT 'City',
  c_nation VARCHAR(15) NOT NULL COMMENT 'Nation',
  c_region VARCHAR(12) NOT NULL COMMENT 'Region',
  c_phone VARCHAR(15) NOT NULL COMMENT 'Telephone number, beginning with the code of the nation',
  c_mktsegment VARCHAR(10) NOT NULL COMMENT 'Market segment, such as BUILDING',
  c_citykey INT NOT NULL COMMENT 'City in the snowflaked geography: geo_city.gc_citykey'
)
UNIQUE KEY(c_custkey)
COMMENT 'Customers with their geography, flat for the star and by key for the snowflake'
DISTRIBUTED BY HASH(c_custkey) BUCKETS 4
PROPERTIES ("replication_num" = "${replication_num}");
