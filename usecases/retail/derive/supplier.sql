-- SSB keeps 2,000 of TPC-H's 10,000 suppliers per scale; cities as for customers.
SELECT
    s_suppkey::INTEGER AS s_suppkey,
    s_name,
    left(s_address, 25) AS s_address,
    rpad(n_name, 9, ' ') || right(s_phone, 1) AS s_city,
    n_name AS s_nation,
    r_name AS s_region,
    s_phone,
    (n_nationkey * 10 + right(s_phone, 1)::INTEGER)::INTEGER AS s_citykey
FROM tpch.supplier
JOIN tpch.nation ON s_nationkey = n_nationkey
JOIN tpch.region ON n_regionkey = r_regionkey
WHERE s_suppkey <= getvariable('suppliers')
ORDER BY s_suppkey
