CREATE TABLE IF NOT EXISTS airports (
  faa VARCHAR(3) NOT NULL COMMENT 'Code of the airport, such as JFK',
  name VARCHAR(64) NOT NULL COMMENT 'Name',
  lat DOUBLE NOT NULL COMMENT 'Latitude in degrees north',
  lon DOUBLE NOT NULL COMMENT 'Longitude in degrees east',
  alt INT NOT NULL COMMENT 'Altitude in feet',
  tz TINYINT NOT NULL COMMENT 'Hours ahead of UTC in winter',
  dst VARCHAR(1) NOT NULL COMMENT 'Daylight saving: A as in the United States, U unknown, N none',
  tzone VARCHAR(32) NULL COMMENT 'Time zone, such as America/New_York'
)
UNIQUE KEY(faa)
COMMENT 'Airports of the United States'
DISTRIBUTED BY HASH(faa) BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}");
