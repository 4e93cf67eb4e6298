-- Delays by day, airline and airport of departure: what v_punctuality_daily asks for.
CREATE MATERIALIZED VIEW IF NOT EXISTS mv_delays_daily (
  flight_date COMMENT 'Day of the scheduled departure',
  airline COMMENT 'Name of the airline',
  origin COMMENT 'Airport of departure',
  flights COMMENT 'Scheduled flights',
  cancelled COMMENT 'Flights that never left',
  late COMMENT 'Flights that arrived more than 15 minutes late',
  arrived COMMENT 'Flights that arrived where they should',
  arr_delay COMMENT 'Minutes late at arrival, added up',
  departed COMMENT 'Flights that left',
  dep_delay COMMENT 'Minutes late at departure, added up'
)
BUILD DEFERRED REFRESH AUTO ON MANUAL
COMMENT 'Delays by day, airline and airport of departure'
PARTITION BY (date_trunc(flight_date, 'month'))
DISTRIBUTED BY RANDOM BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}")
AS
SELECT
  f.flight_date,
  al.name,
  f.origin,
  COUNT(*),
  SUM(CASE WHEN f.dep_time IS NULL THEN 1 ELSE 0 END),
  SUM(CASE WHEN f.arr_delay IS NULL THEN NULL WHEN f.arr_delay > 15 THEN 1 ELSE 0 END),
  COUNT(f.arr_delay),
  SUM(f.arr_delay),
  COUNT(f.dep_delay),
  SUM(f.dep_delay)
FROM flights f
INNER JOIN airlines al ON f.carrier = al.carrier
LEFT JOIN airports ap ON f.dest = ap.faa
LEFT JOIN planes p ON f.tailnum = p.tailnum
GROUP BY f.flight_date, al.name, f.origin;
