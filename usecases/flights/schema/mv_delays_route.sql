-- Delays by month, airline and route, with where the destination lies on the map.
CREATE MATERIALIZED VIEW IF NOT EXISTS mv_delays_route
BUILD DEFERRED REFRESH AUTO ON MANUAL
PARTITION BY (flight_month)
DISTRIBUTED BY RANDOM BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}")
AS
SELECT
  date_trunc(f.flight_date, 'month') AS flight_month,
  al.name AS airline,
  f.origin AS origin,
  f.dest AS dest,
  ap.name AS dest_name,
  ap.lat AS dest_lat,
  ap.lon AS dest_lon,
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
GROUP BY date_trunc(f.flight_date, 'month'), al.name, f.origin, f.dest, ap.name, ap.lat, ap.lon;
