-- What all scientists share; what they read of each use case is the use case's own role.
CREATE ROLE IF NOT EXISTS scientists;
GRANT SELECT_PRIV ON `internal`.`nereus_ops`.`my_queries` TO ROLE 'scientists';
GRANT 'scientists' TO 'scientist'@'%';
