CREATE TABLE IF NOT EXISTS part (
  p_partkey INT NOT NULL COMMENT 'Part, from 1',
  p_name VARCHAR(22) NOT NULL COMMENT 'Name: two colours',
  p_mfgr VARCHAR(6) NOT NULL COMMENT 'Manufacturer, MFGR#1 to MFGR#5',
  p_category VARCHAR(7) NOT NULL COMMENT 'Category of the manufacturer, MFGR#11 to MFGR#55',
  p_brand1 VARCHAR(9) NOT NULL COMMENT 'Brand of the category, 1 to 40, such as MFGR#2221',
  p_color VARCHAR(11) NOT NULL COMMENT 'Colour',
  p_type VARCHAR(25) NOT NULL COMMENT 'Type, such as PROMO BURNISHED COPPER',
  p_size INT NOT NULL COMMENT 'Size, 1 to 50',
  p_container VARCHAR(10) NOT NULL COMMENT 'Container, such as JUMBO PKG'
)
UNIQUE KEY(p_partkey)
COMMENT 'Parts with the hierarchy manufacturer, category, brand'
DISTRIBUTED BY HASH(p_partkey) BUCKETS 4
PROPERTIES ("replication_num" = "${replication_num}");
