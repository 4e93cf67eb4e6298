CREATE VIEW IF NOT EXISTS v_punctuality_daily (
  flight_date COMMENT 'Day',
  origin COMMENT 'Airport of departure',
  airline COMMENT 'Name of the airline',
  flights COMMENT 'Scheduled flights',
  cancelled COMMENT 'Flights that never left',
  late COMMENT 'Flights that arrived more than 15 minutes late',
  average_arr_delay COMMENT 'Average minutes late at arrival'
)
COMMENT 'Punctuality by day, airport and airline'
AS
SELECT
  flight_date,
  origin,
  airline,
  COUNT(*),
  SUM(is_cancelled),
  SUM(is_late),
  AVG(arr_delay)
FROM v_flights
GROUP BY flight_date, origin, airline;
