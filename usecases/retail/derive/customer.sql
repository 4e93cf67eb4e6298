-- SSB keeps 30,000 of TPC-H's 150,000 customers per scale. The city's digit is the last one of the telephone number,
-- which TPC-H draws evenly from 0 to 9.
SELECT
    c_custkey::INTEGER AS c_custkey,
    c_name,
    left(c_address, 25) AS c_address,
    rpad(n_name, 9, ' ') || right(c_phone, 1) AS c_city,
    n_name AS c_nation,
    r_name AS c_region,
    c_phone,
    c_mktsegment,
    (n_nationkey * 10 + right(c_phone, 1)::INTEGER)::INTEGER AS c_citykey
FROM tpch.customer
JOIN tpch.nation ON c_nationkey = n_nationkey
JOIN tpch.region ON n_regionkey = r_regionkey
WHERE c_custkey <= getvariable('customers')
ORDER BY c_custkey
