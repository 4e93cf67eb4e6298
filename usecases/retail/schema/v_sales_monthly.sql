-- A year of dashboards in a few thousand rows: the query that a materialised view will answer.
CREATE VIEW IF NOT EXISTS v_sales_monthly (
  order_month COMMENT 'First day of the month',
  customer_region COMMENT 'Region of the customer',
  supplier_region COMMENT 'Region of the supplier',
  category COMMENT 'Category of the part',
  order_lines COMMENT 'Number of order lines',
  quantity COMMENT 'Pieces',
  revenue COMMENT 'Revenue after discount',
  profit COMMENT 'Revenue less supply cost'
)
COMMENT 'Sales by month, regions and category'
AS
SELECT
  order_month,
  customer_region,
  supplier_region,
  category,
  COUNT(*),
  SUM(quantity),
  SUM(revenue),
  SUM(profit)
FROM v_sales
GROUP BY order_month, customer_region, supplier_region, category;
