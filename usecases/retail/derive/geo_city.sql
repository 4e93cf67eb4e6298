-- Ten cities per nation, named as SSB names them: nine characters of the nation and one digit.
SELECT
    (n_nationkey * 10 + digit)::INTEGER AS gc_citykey,
    rpad(n_name, 9, ' ') || digit AS gc_name,
    n_nationkey::INTEGER AS gc_nationkey
FROM tpch.nation, range(10) digits(digit)
ORDER BY gc_citykey
