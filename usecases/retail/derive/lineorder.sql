-- Order lines in whole cents. TPC-H's keys are drawn evenly from longer lists of customers, suppliers and
-- parts than SSB's; scaling them down keeps them even, which is how SSB's generator and TPC-H's, given the same seed,
-- draw the same customer. Like both, it leaves every third customer without orders.
SELECT
    o_orderdate AS lo_orderdate,
    l_orderkey AS lo_orderkey,
    l_linenumber::INTEGER AS lo_linenumber,
    CASE
        WHEN customer % 3 <> 0 THEN customer
        WHEN customer = getvariable('customers') THEN customer - 1
        ELSE customer + 1
    END::INTEGER AS lo_custkey,
    (1 + (l_partkey - 1) * getvariable('parts') // getvariable('tpch_parts'))::INTEGER AS lo_partkey,
    (1 + (l_suppkey - 1) * getvariable('suppliers') // getvariable('tpch_suppliers'))::INTEGER AS lo_suppkey,
    o_orderpriority AS lo_orderpriority,
    o_shippriority::INTEGER AS lo_shippriority,
    l_quantity::INTEGER AS lo_quantity,
    price::INTEGER AS lo_extendedprice,
    (o_totalprice * 100)::INTEGER AS lo_ordtotalprice,
    discount::INTEGER AS lo_discount,
    (price * (100 - discount) // 100)::INTEGER AS lo_revenue,
    (6 * (price // l_quantity::BIGINT) // 10)::INTEGER AS lo_supplycost,
    (l_tax * 100)::INTEGER AS lo_tax,
    l_commitdate AS lo_commitdate,
    l_shipmode AS lo_shipmode
FROM (
    SELECT
        *,
        (l_extendedprice * 100)::BIGINT AS price,
        (l_discount * 100)::BIGINT AS discount,
        1 + (o_custkey - 1) * getvariable('customers') // getvariable('tpch_customers') AS customer
    FROM tpch.lineitem
    JOIN tpch.orders ON l_orderkey = o_orderkey
)
