SELECT
    faa,
    name,
    lat::DOUBLE AS lat,
    lon::DOUBLE AS lon,
    alt::INTEGER AS alt,
    tz::TINYINT AS tz,
    dst,
    tzone
FROM source.airports
ORDER BY faa
