SELECT
    r_regionkey::INTEGER AS gr_regionkey,
    r_name AS gr_name
FROM tpch.region
ORDER BY gr_regionkey
