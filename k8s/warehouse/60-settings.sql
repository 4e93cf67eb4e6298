-- Answers that are asked for again come from the SQL cache; every query is kept in __internal_schema.audit_log; queries that outgrow
-- their memory go on on disk.
SET GLOBAL enable_sql_cache = true;
SET GLOBAL enable_audit_plugin = true;
SET GLOBAL enable_spill = true;
