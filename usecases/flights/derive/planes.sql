SELECT
    tailnum,
    year::SMALLINT AS year,
    type,
    manufacturer,
    model,
    engines::TINYINT AS engines,
    seats::SMALLINT AS seats,
    speed::SMALLINT AS speed,
    engine
FROM source.planes
ORDER BY tailnum
