-- What v_sales_monthly asks for, computed once after each load: a few ten thousand rows.
CREATE MATERIALIZED VIEW IF NOT EXISTS mv_sales_monthly
BUILD DEFERRED REFRESH AUTO ON MANUAL
PARTITION BY (order_month)
DISTRIBUTED BY RANDOM BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}")
AS
SELECT
  date_trunc(lo_orderdate, 'month') AS order_month,
  d_year AS order_year,
  c_region AS customer_region,
  s_region AS supplier_region,
  p_category AS category,
  COUNT(*) AS order_lines,
  SUM(lo_quantity) AS quantity,
  SUM(lo_revenue * 0.01) AS revenue,
  SUM(lo_supplycost * lo_quantity * 0.01) AS supply_cost,
  SUM((lo_revenue - lo_supplycost * lo_quantity) * 0.01) AS profit
FROM lineorder
INNER JOIN dates ON lo_orderdate = d_datekey
INNER JOIN customer ON lo_custkey = c_custkey
INNER JOIN supplier ON lo_suppkey = s_suppkey
INNER JOIN part ON lo_partkey = p_partkey
GROUP BY date_trunc(lo_orderdate, 'month'), d_year, c_region, s_region, p_category;
