-- Doris makes the users root and admin by itself, without passwords. Root's stands in fe.conf as a hash and is set before the first
-- frontend listens; admin's is set here, before any client is let through to the warehouse. Root's is said again for its rotation.
SET PASSWORD FOR 'admin'@'%' = PASSWORD('@admin@');
SET PASSWORD FOR 'root'@'%' = PASSWORD('@root@');
