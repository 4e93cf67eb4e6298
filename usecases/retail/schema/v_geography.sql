-- The snowflake, joined: one row per city with everything above it.
CREATE VIEW IF NOT EXISTS v_geography (
  city_key COMMENT 'City: customer.c_citykey, supplier.s_citykey',
  city COMMENT 'Name of the city',
  nation COMMENT 'Nation of the city',
  region COMMENT 'Region of the nation'
)
COMMENT 'Cities with their nation and region'
AS
SELECT gc_citykey, gc_name, gn_name, gr_name
FROM geo_city
INNER JOIN geo_nation ON gc_nationkey = gn_nationkey
INNER JOIN geo_region ON gn_regionkey = gr_regionkey;
