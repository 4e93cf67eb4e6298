CREATE TABLE IF NOT EXISTS flights (
  flight_date DATE NOT NULL COMMENT 'Day of the scheduled departure, local',
  carrier VARCHAR(2) NOT NULL COMMENT 'Airline: airlines.carrier',
  flight INT NOT NULL COMMENT 'Flight number',
  origin VARCHAR(3) NOT NULL COMMENT 'Airport of departure: airports.faa',
  dest VARCHAR(3) NOT NULL COMMENT 'Airport of arrival: airports.faa',
  tailnum VARCHAR(6) NULL COMMENT 'Aircraft: planes.tailnum; NULL for some cancelled flights',
  time_hour DATETIME NOT NULL COMMENT 'Hour of the scheduled departure, UTC: weather.time_hour',
  sched_dep_time SMALLINT NOT NULL COMMENT 'Scheduled departure on the local clock, 517 is 5:17',
  dep_time SMALLINT NULL COMMENT 'Departure on the local clock; NULL when cancelled',
  dep_delay SMALLINT NULL COMMENT 'Minutes late at departure, negative when early',
  sched_arr_time SMALLINT NOT NULL COMMENT 'Scheduled arrival on the local clock',
  arr_time SMALLINT NULL COMMENT 'Arrival on the local clock; NULL when cancelled or diverted',
  arr_delay SMALLINT NULL COMMENT 'Minutes late at arrival, negative when early',
  air_time SMALLINT NULL COMMENT 'Minutes in the air',
  distance SMALLINT NOT NULL COMMENT 'Miles between the airports'
)
DUPLICATE KEY(flight_date, carrier, flight)
COMMENT 'Every flight that left New York in 2013'
AUTO PARTITION BY RANGE (date_trunc(flight_date, 'month')) ()
DISTRIBUTED BY HASH(carrier) BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}");
