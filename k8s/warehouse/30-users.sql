-- Whom the platform's own parts work as, each with the least it needs. Use cases bring roles of their own and grant them to
-- `analyst` and `scientist`. The second statement for each says the password again: it may have been rotated.

CREATE USER IF NOT EXISTS 'portal'@'%' IDENTIFIED BY '@portal@';
SET PASSWORD FOR 'portal'@'%' = PASSWORD('@portal@');
GRANT SELECT_PRIV ON `internal`.`*`.`*` TO 'portal'@'%';
GRANT USAGE_PRIV ON WORKLOAD GROUP 'portal' TO 'portal'@'%';
SET PROPERTY FOR 'portal' 'default_workload_group' = 'portal';

CREATE USER IF NOT EXISTS 'loader'@'%' IDENTIFIED BY '@loader@';
SET PASSWORD FOR 'loader'@'%' = PASSWORD('@loader@');
GRANT SELECT_PRIV, LOAD_PRIV, ALTER_PRIV, CREATE_PRIV, DROP_PRIV ON `internal`.`*`.`*` TO 'loader'@'%';
GRANT USAGE_PRIV ON WORKLOAD GROUP 'loaders' TO 'loader'@'%';
SET PROPERTY FOR 'loader' 'default_workload_group' = 'loaders';

CREATE USER IF NOT EXISTS 'bench'@'%' IDENTIFIED BY '@bench@';
SET PASSWORD FOR 'bench'@'%' = PASSWORD('@bench@');
GRANT SELECT_PRIV ON `internal`.`*`.`*` TO 'bench'@'%';
GRANT LOAD_PRIV, CREATE_PRIV ON `internal`.`nereus_ops`.`*` TO 'bench'@'%';

CREATE USER IF NOT EXISTS 'analyst'@'%' IDENTIFIED BY '@analyst@';
SET PASSWORD FOR 'analyst'@'%' = PASSWORD('@analyst@');
GRANT USAGE_PRIV ON WORKLOAD GROUP 'analysts' TO 'analyst'@'%';
SET PROPERTY FOR 'analyst' 'default_workload_group' = 'analysts';

CREATE USER IF NOT EXISTS 'scientist'@'%' IDENTIFIED BY '@scientist@';
SET PASSWORD FOR 'scientist'@'%' = PASSWORD('@scientist@');
GRANT USAGE_PRIV ON WORKLOAD GROUP 'scientists' TO 'scientist'@'%';
SET PROPERTY FOR 'scientist' 'default_workload_group' = 'scientists';
