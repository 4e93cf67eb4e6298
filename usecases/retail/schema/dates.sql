CREATE TABLE IF NOT EXISTS dates (
  d_datekey DATE NOT NULL COMMENT 'The day',
  d_date VARCHAR(18) NOT NULL COMMENT 'The day in words, such as January 1, 1992',
  d_dayofweek VARCHAR(9) NOT NULL COMMENT 'Monday to Sunday',
  d_month VARCHAR(9) NOT NULL COMMENT 'January to December',
  d_year INT NOT NULL COMMENT 'Year, 1992 to 1998',
  d_yearmonthnum INT NOT NULL COMMENT 'Year and month as a number, such as 199401',
  d_yearmonth VARCHAR(7) NOT NULL COMMENT 'Month and year, such as Jan1994',
  d_daynuminweek INT NOT NULL COMMENT 'Day of the week, Sunday is 1',
  d_daynuminmonth INT NOT NULL COMMENT 'Day of the month, from 1',
  d_daynuminyear INT NOT NULL COMMENT 'Day of the year, from 1',
  d_monthnuminyear INT NOT NULL COMMENT 'Month of the year, from 1',
  d_weeknuminyear INT NOT NULL COMMENT 'Week of the year, from 1; the first has six days',
  d_sellingseason VARCHAR(12) NOT NULL COMMENT 'Winter, Spring, Summer, Fall or Christmas',
  d_lastdayinweekfl BOOLEAN NOT NULL COMMENT 'Is a Saturday',
  d_lastdayinmonthfl BOOLEAN NOT NULL COMMENT 'Is the last day of its month',
  d_holidayfl BOOLEAN NOT NULL COMMENT 'Is a holiday',
  d_weekdayfl BOOLEAN NOT NULL COMMENT 'Is Monday to Friday'
)
UNIQUE KEY(d_datekey)
COMMENT 'Every day of 1992 to 1998'
DISTRIBUTED BY HASH(d_datekey) BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}");
