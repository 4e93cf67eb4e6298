SELECT
    n_nationkey::INTEGER AS gn_nationkey,
    n_name AS gn_name,
    n_regionkey::INTEGER AS gn_regionkey
FROM tpch.nation
ORDER BY gn_nationkey
