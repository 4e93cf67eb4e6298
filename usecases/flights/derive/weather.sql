SELECT
    origin,
    time_hour::TIMESTAMP AS time_hour,
    temp::DOUBLE AS temp,
    dewp::DOUBLE AS dewp,
    humid::DOUBLE AS humid,
    wind_dir::SMALLINT AS wind_dir,
    wind_speed::DOUBLE AS wind_speed,
    wind_gust::DOUBLE AS wind_gust,
    precip::DOUBLE AS precip,
    pressure::DOUBLE AS pressure,
    visib::DOUBLE AS visib
FROM source.weather
ORDER BY origin, time_hour
