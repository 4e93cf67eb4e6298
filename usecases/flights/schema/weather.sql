CREATE TABLE IF NOT EXISTS weather (
  origin VARCHAR(3) NOT NULL COMMENT 'Airport of the station: EWR, JFK or LGA',
  time_hour DATETIME NOT NULL COMMENT 'Hour of the observation, UTC',
  temp DOUBLE NULL COMMENT 'Temperature in degrees Fahrenheit',
  dewp DOUBLE NULL COMMENT 'Dew point in degrees Fahrenheit',
  humid DOUBLE NULL COMMENT 'Relative humidity in percent',
  wind_dir SMALLINT NULL COMMENT 'Direction the wind comes from in degrees, 0 when calm',
  wind_speed DOUBLE NULL COMMENT 'Wind speed in miles an hour',
  wind_gust DOUBLE NULL COMMENT 'Speed of gusts in miles an hour',
  precip DOUBLE NULL COMMENT 'Precipitation in inches',
  pressure DOUBLE NULL COMMENT 'Pressure at sea level in millibars',
  visib DOUBLE NULL COMMENT 'Visibility in miles'
)
UNIQUE KEY(origin, time_hour)
COMMENT 'Weather at the airports of New York, hour by hour'
DISTRIBUTED BY HASH(origin) BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}");
