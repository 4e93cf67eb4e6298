-- TPC-H's brand has two digits, 1 to 5 each: SSB's manufacturer and category. Its third level, 40 brands in each
-- category, does not exist in TPC-H and is drawn by MD5, which is the same in every program and version.
SELECT
    p_partkey::INTEGER AS p_partkey,
    split_part(p_name, ' ', 2) || ' ' || split_part(p_name, ' ', 3) AS p_name,
    'MFGR#' || substr(p_brand, 7, 1) AS p_mfgr,
    'MFGR#' || substr(p_brand, 7, 2) AS p_category,
    'MFGR#' || substr(p_brand, 7, 2) || (1 + ('0x' || left(md5(p_partkey::VARCHAR), 8))::BIGINT % 40) AS p_brand1,
    split_part(p_name, ' ', 1) AS p_color,
    p_type,
    p_size::INTEGER AS p_size,
    p_container
FROM tpch.part
WHERE p_partkey <= getvariable('parts')
ORDER BY p_partkey
