CREATE TABLE IF NOT EXISTS airlines (
  carrier VARCHAR(2) NOT NULL COMMENT 'Code of the airline, such as UA',
  name VARCHAR(64) NOT NULL COMMENT 'Name'
)
UNIQUE KEY(carrier)
COMMENT 'Airlines that flew from New York in 2013'
DISTRIBUTED BY HASH(carrier) BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}");
