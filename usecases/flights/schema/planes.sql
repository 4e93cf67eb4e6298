CREATE TABLE IF NOT EXISTS planes (
  tailnum VARCHAR(6) NOT NULL COMMENT 'Registration of the aircraft',
  year SMALLINT NULL COMMENT 'Year it was built',
  type VARCHAR(32) NOT NULL COMMENT 'Type, such as Fixed wing multi engine',
  manufacturer VARCHAR(32) NOT NULL COMMENT 'Manufacturer',
  model VARCHAR(32) NOT NULL COMMENT 'Model',
  engines TINYINT NOT NULL COMMENT 'Number of engines',
  seats SMALLINT NOT NULL COMMENT 'Number of seats',
  speed SMALLINT NULL COMMENT 'Cruising speed in miles an hour, mostly unknown',
  engine VARCHAR(16) NOT NULL COMMENT 'Type of engine'
)
UNIQUE KEY(tailnum)
COMMENT 'Aircraft of the federal register'
DISTRIBUTED BY HASH(tailnum) BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}");
