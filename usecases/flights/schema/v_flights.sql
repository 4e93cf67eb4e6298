-- Flights in words, for dashboards. Left joins: four airports and some aircraft are in no register.
CREATE VIEW IF NOT EXISTS v_flights (
  flight_date COMMENT 'Day of the scheduled departure',
  flight_month COMMENT 'First day of the month',
  airline COMMENT 'Name of the airline',
  flight COMMENT 'Flight number',
  origin COMMENT 'Airport of departure',
  dest COMMENT 'Airport of arrival',
  dest_name COMMENT 'Name of the airport of arrival',
  dest_lat COMMENT 'Latitude of the airport of arrival',
  dest_lon COMMENT 'Longitude of the airport of arrival',
  manufacturer COMMENT 'Manufacturer of the aircraft',
  model COMMENT 'Model of the aircraft',
  seats COMMENT 'Seats of the aircraft',
  distance COMMENT 'Miles between the airports',
  air_time COMMENT 'Minutes in the air',
  dep_delay COMMENT 'Minutes late at departure',
  arr_delay COMMENT 'Minutes late at arrival',
  is_cancelled COMMENT '1 when the flight never left',
  is_late COMMENT '1 when it arrived more than 15 minutes late, NULL when it did not arrive'
)
COMMENT 'Every flight with its airline, destination and aircraft'
AS
SELECT
  f.flight_date,
  date_trunc(f.flight_date, 'month'),
  al.name,
  f.flight,
  f.origin,
  f.dest,
  ap.name,
  ap.lat,
  ap.lon,
  p.manufacturer,
  p.model,
  p.seats,
  f.distance,
  f.air_time,
  f.dep_delay,
  f.arr_delay,
  CASE WHEN f.dep_time IS NULL THEN 1 ELSE 0 END,
  CASE WHEN f.arr_delay IS NULL THEN NULL WHEN f.arr_delay > 15 THEN 1 ELSE 0 END
FROM flights f
INNER JOIN airlines al ON f.carrier = al.carrier
LEFT JOIN airports ap ON f.dest = ap.faa
LEFT JOIN planes p ON f.tailnum = p.tailnum;
