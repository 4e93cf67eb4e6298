-- Delays by month, scheduled hour of departure, airport, rain and visibility.
CREATE MATERIALIZED VIEW IF NOT EXISTS mv_delays_weather (
  flight_month COMMENT 'First day of the month',
  origin COMMENT 'Airport of departure',
  hour_of_day COMMENT 'Scheduled hour of departure on the local clock',
  rain COMMENT 'wet, dry or unknown',
  visibility COMMENT 'poor below 3 miles, good or unknown',
  flights COMMENT 'Scheduled flights',
  cancelled COMMENT 'Flights that never left',
  late COMMENT 'Flights that arrived more than 15 minutes late',
  arrived COMMENT 'Flights that arrived where they should',
  arr_delay COMMENT 'Minutes late at arrival, added up',
  departed COMMENT 'Flights that left',
  dep_delay COMMENT 'Minutes late at departure, added up'
)
BUILD DEFERRED REFRESH AUTO ON MANUAL
COMMENT 'Delays by month, hour, airport, rain and visibility'
PARTITION BY (flight_month)
DISTRIBUTED BY RANDOM BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}")
AS
SELECT
  date_trunc(f.flight_date, 'month'),
  f.origin,
  floor(f.sched_dep_time / 100),
  CASE WHEN w.precip IS NULL THEN 'unknown' WHEN w.precip > 0 THEN 'wet' ELSE 'dry' END,
  CASE WHEN w.visib IS NULL THEN 'unknown' WHEN w.visib < 3 THEN 'poor' ELSE 'good' END,
  COUNT(*),
  SUM(CASE WHEN f.dep_time IS NULL THEN 1 ELSE 0 END),
  SUM(CASE WHEN f.arr_delay IS NULL THEN NULL WHEN f.arr_delay > 15 THEN 1 ELSE 0 END),
  COUNT(f.arr_delay),
  SUM(f.arr_delay),
  COUNT(f.dep_delay),
  SUM(f.dep_delay)
FROM flights f
LEFT JOIN weather w ON f.origin = w.origin AND f.time_hour = w.time_hour
GROUP BY 1, 2, 3, 4, 5;
