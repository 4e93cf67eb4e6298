-- Delays by day, airline and airport of departure: what v_punctuality_daily asks for.
CREATE MATERIALIZED VIEW IF NOT EXISTS mv_delays_daily
BUILD DEFERRED REFRESH AUTO ON MANUAL
PARTITION BY (date_trunc(flight_date, 'month'))
DISTRIBUTED BY RANDOM BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}")
AS
SELECT
  f.flight_date AS flight_date,
  al.name AS airline,
  f.origin AS origin,
  COUNT(*) AS flights,
  SUM(CASE WHEN f.dep_time IS NULL THEN 1 ELSE 0 END) AS cancelled,
  SUM(CASE WHEN f.arr_delay IS NULL THEN NULL WHEN f.arr_delay > 15 THEN 1 ELSE 0 END) AS late,
  COUNT(f.arr_delay) AS arrived,
  SUM(f.arr_delay) AS arr_delay,
  COUNT(f.dep_delay) AS departed,
  SUM(f.dep_delay) AS dep_delay
FROM flights f
INNER JOIN airlines al ON f.carrier = al.carrier
LEFT JOIN airports ap ON f.dest = ap.faa
LEFT JOIN planes p ON f.tailnum = p.tailnum
GROUP BY f.flight_date, al.name, f.origin;
