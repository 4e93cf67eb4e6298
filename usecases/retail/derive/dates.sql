-- The seven years of TPC-H's orders. Seasons and holidays are those of SSB's generator.
SELECT
    day AS d_datekey,
    strftime(day, '%B %-d, %Y') AS d_date,
    dayname(day) AS d_dayofweek,
    monthname(day) AS d_month,
    year(day)::INTEGER AS d_year,
    (year(day) * 100 + month(day))::INTEGER AS d_yearmonthnum,
    strftime(day, '%b%Y') AS d_yearmonth,
    (dayofweek(day) + 1)::INTEGER AS d_daynuminweek,
    dayofmonth(day)::INTEGER AS d_daynuminmonth,
    dayofyear(day)::INTEGER AS d_daynuminyear,
    month(day)::INTEGER AS d_monthnuminyear,
    (dayofyear(day) // 7 + 1)::INTEGER AS d_weeknuminyear,
    CASE
        WHEN month(day) >= 11 THEN 'Christmas'
        WHEN month(day) >= 9 THEN 'Fall'
        WHEN month(day) >= 5 THEN 'Summer'
        WHEN month(day) = 4 THEN 'Spring'
        ELSE 'Winter'
    END AS d_sellingseason,
    dayofweek(day) = 6 AS d_lastdayinweekfl,
    day = last_day(day) AS d_lastdayinmonthfl,
    strftime(day, '%m-%d') IN (
        '01-01', '02-20', '04-20', '05-20', '07-20', '08-20', '09-20', '10-20', '11-20', '12-24'
    ) AS d_holidayfl,
    dayofweek(day) BETWEEN 1 AND 5 AS d_weekdayfl
FROM (SELECT unnest(generate_series(DATE '1992-01-01', DATE '1998-12-31', INTERVAL 1 DAY))::DATE AS day)
ORDER BY d_datekey
