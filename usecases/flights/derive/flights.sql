-- One month. time_hour is UTC in the source; the other times are hours and minutes on the clock of the airport.
SELECT
    make_date(year::INTEGER, month::INTEGER, day::INTEGER) AS flight_date,
    carrier,
    flight::INTEGER AS flight,
    origin,
    dest,
    tailnum,
    time_hour::TIMESTAMP AS time_hour,
    sched_dep_time::SMALLINT AS sched_dep_time,
    dep_time::SMALLINT AS dep_time,
    dep_delay::SMALLINT AS dep_delay,
    sched_arr_time::SMALLINT AS sched_arr_time,
    arr_time::SMALLINT AS arr_time,
    arr_delay::SMALLINT AS arr_delay,
    air_time::SMALLINT AS air_time,
    distance::SMALLINT AS distance
FROM source.flights
WHERE month::INTEGER = getvariable('month')
ORDER BY flight_date, carrier, flight, origin, time_hour
