-- A fact that only grows and may cool down to the object store: a DUPLICATE table, sorted by day within each month.
CREATE TABLE IF NOT EXISTS lineorder (
  lo_orderdate DATE NOT NULL COMMENT 'Day of the order: dates.d_datekey',
  lo_orderkey BIGINT NOT NULL COMMENT 'Order',
  lo_linenumber INT NOT NULL COMMENT 'Line of the order, 1 to 7',
  lo_custkey INT NOT NULL COMMENT 'Customer: customer.c_custkey',
  lo_partkey INT NOT NULL COMMENT 'Part: part.p_partkey',
  lo_suppkey INT NOT NULL COMMENT 'Supplier: supplier.s_suppkey',
  lo_orderpriority VARCHAR(15) NOT NULL COMMENT 'Priority, 1-URGENT to 5-LOW',
  lo_shippriority INT NOT NULL COMMENT 'Shipping priority, always 0',
  lo_quantity INT NOT NULL COMMENT 'Pieces, 1 to 50',
  lo_extendedprice INT NOT NULL COMMENT 'Price of the line in cents, before discount',
  lo_ordtotalprice INT NOT NULL COMMENT 'Price of the whole order in cents, discount and tax included',
  lo_discount INT NOT NULL COMMENT 'Discount in percent, 0 to 10',
  lo_revenue INT NOT NULL COMMENT 'Price of the line in cents, after discount',
  lo_supplycost INT NOT NULL COMMENT 'What one piece cost in cents: 60 % of its list price',
  lo_tax INT NOT NULL COMMENT 'Tax in percent, 0 to 8',
  lo_commitdate DATE NOT NULL COMMENT 'Day promised to the customer',
  lo_shipmode VARCHAR(10) NOT NULL COMMENT 'How it is shipped, such as RAIL'
)
DUPLICATE KEY(lo_orderdate, lo_orderkey, lo_linenumber)
COMMENT 'Order lines: the fact of the star'
AUTO PARTITION BY RANGE (date_trunc(lo_orderdate, 'month')) ()
DISTRIBUTED BY HASH(lo_orderkey) BUCKETS 2
PROPERTIES ("replication_num" = "${replication_num}");
