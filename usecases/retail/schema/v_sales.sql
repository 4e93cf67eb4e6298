-- The star, flat: what dashboards are built on. Amounts are in currency units.
CREATE VIEW IF NOT EXISTS v_sales (
  order_date COMMENT 'Day of the order',
  order_year COMMENT 'Year of the order',
  order_month COMMENT 'First day of the month of the order',
  season COMMENT 'Selling season of the order',
  customer_city COMMENT 'City of the customer',
  customer_nation COMMENT 'Nation of the customer',
  customer_region COMMENT 'Region of the customer',
  market_segment COMMENT 'Market segment of the customer',
  supplier_city COMMENT 'City of the supplier',
  supplier_nation COMMENT 'Nation of the supplier',
  supplier_region COMMENT 'Region of the supplier',
  manufacturer COMMENT 'Manufacturer of the part',
  category COMMENT 'Category of the part',
  brand COMMENT 'Brand of the part',
  ship_mode COMMENT 'How it is shipped',
  quantity COMMENT 'Pieces',
  discount_percent COMMENT 'Discount in percent',
  revenue COMMENT 'Revenue after discount',
  supply_cost COMMENT 'What the pieces cost',
  profit COMMENT 'Revenue less supply cost'
)
COMMENT 'Every order line with its customer, supplier, part and calendar'
AS
SELECT
  lo_orderdate,
  d_year,
  date_trunc(lo_orderdate, 'month'),
  d_sellingseason,
  c_city,
  c_nation,
  c_region,
  c_mktsegment,
  s_city,
  s_nation,
  s_region,
  p_mfgr,
  p_category,
  p_brand1,
  lo_shipmode,
  lo_quantity,
  lo_discount,
  lo_revenue * 0.01,
  lo_supplycost * lo_quantity * 0.01,
  (lo_revenue - lo_supplycost * lo_quantity) * 0.01
FROM lineorder
INNER JOIN dates ON lo_orderdate = d_datekey
INNER JOIN customer ON lo_custkey = c_custkey
INNER JOIN supplier ON lo_suppkey = s_suppkey
INNER JOIN part ON lo_partkey = p_partkey;
