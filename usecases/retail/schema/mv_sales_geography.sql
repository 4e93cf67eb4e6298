-- Sales by month and by the nations of customer and supplier.
CREATE MATERIALIZED VIEW IF NOT EXISTS mv_sales_geography (
  order_month COMMENT 'First day of the month',
  order_year COMMENT 'Year of the order',
  customer_region COMMENT 'Region of the customer',
  customer_nation COMMENT 'Nation of the customer',
  supplier_region COMMENT 'Region of the supplier',
  supplier_nation COMMENT 'Nation of the supplier',
  order_lines COMMENT 'Number of order lines',
  quantity COMMENT 'Pieces',
  revenue COMMENT 'Revenue after discount',
  supply_cost COMMENT 'What the pieces cost',
  profit COMMENT 'Revenue less supply cost'
)
BUILD DEFERRED REFRESH AUTO ON MANUAL
COMMENT 'Sales by month and the nations of customer and supplier'
PARTITION BY (order_month)
DISTRIBUTED BY RANDOM BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}")
AS
SELECT
  date_trunc(lo_orderdate, 'month'),
  d_year,
  c_region,
  c_nation,
  s_region,
  s_nation,
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
GROUP BY date_trunc(lo_orderdate, 'month'), d_year, c_region, c_nation, s_region, s_nation;
