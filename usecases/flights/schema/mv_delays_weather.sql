-- Delays by month, scheduled hour of departure, airport, rain and visibility.
CREATE MATERIALIZED VIEW IF NOT EXISTS mv_delays_weather
BUILD DEFERRED REFRESH AUTO ON MANUAL
PARTITION BY (flight_month)
DISTRIBUTED BY RANDOM BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}")
AS
SELECT
  date_trunc(f.flight_date, 'month') AS flight_month,
  f.origin AS origin,
  floor(f.sched_dep_time / 100) AS hour_of_day,
  CASE WHEN w.precip IS NULL THEN 'unknown' WHEN w.precip > 0 THEN 'wet' ELSE 'dry' END AS rain,
  CASE WHEN w.visib IS NULL THEN 'unknown' WHEN w.visib < 3 THEN 'poor' ELSE 'good' END AS visibility,
  COUNT(*) AS flights,
  SUM(CASE WHEN f.dep_time IS NULL THEN 1 ELSE 0 END) AS cancelled,
  SUM(CASE WHEN f.arr_delay IS NULL THEN NULL WHEN f.arr_delay > 15 THEN 1 ELSE 0 END) AS late,
  COUNT(f.arr_delay) AS arrived,
  SUM(f.arr_delay) AS arr_delay,
  COUNT(f.dep_delay) AS departed,
  SUM(f.dep_delay) AS dep_delay
FROM flights f
LEFT JOIN weather w ON f.origin = w.origin AND f.time_hour = w.time_hour
GROUP BY date_trunc(f.flight_date, 'month'), f.origin, floor(f.sched_dep_time / 100), CASE WHEN w.precip IS NULL THEN 'unknown' WHEN w.precip > 0 THEN 'wet' ELSE 'dry' END, CASE WHEN w.visib IS NULL THEN 'unknown' WHEN w.visib < 3 THEN 'poor' ELSE 'good' END;
