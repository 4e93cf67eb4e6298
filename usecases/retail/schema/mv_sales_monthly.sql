-- What v_sales_monthly asks for, computed once after each load: a few ten thousand rows.
CREATE MATERIALIZED VIEW IF NOT EXISTS mv_sales_monthly (
  order_month COMMENT 'First day of the month',
  order_year COMMENT 'Year of the order',
  customer_region COMMENT 'Region of the customer',
  supplier_region COMMENT 'Region of the supplier',
  category COMMENT 'Category of the part',
  order_lines COMMENT 'Number of order lines',
  quantity COMMENT 'Pieces',
  revenue COMMENT 'Revenue after discount',
  supply_cost COMMENT 'What the pieces cost',
  profit COMMENT 'Revenue less supply cost'
)
BUILD DEFERRED REFRESH AUTO ON MANUAL
COMMENT 'Sales by month, regions and category'
PARTITION BY (order_month)
DISTRIBUTED BY RANDOM BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}")
AS
SELECT
  date_trunc(lo_orderdate, 'month'),
  d_year,
  c_region,
  s_region,
  p_category,
  COUNT(*),
  SUM(lo_quantity),
  SUM(lo_revenue * 0.01),
  SUM(lo_supplycost * lo_quantity * 0.01),
  SUM((lo_revenue - lo_supplycost * lo_quantity) * 0.01)
FROM lineorder
INNER JOIN dates ON lo_orderdate = d_datekey
INNER JOIN customer ON lo_custkey = c_custkey
INNER JOIN supplier ON lo_suppkey = s_suppkey
INNER JOIN part ON lo_partkey = p_partkey
GROUP BY date_trunc(lo_orderdate, 'month'), d_year, c_region, s_region, p_category;
