-- What one's own queries took. The audit log itself holds everybody's statements, and is closed to users.
CREATE VIEW IF NOT EXISTS nereus_ops.my_queries AS
SELECT
    query_id,
    `time` AS started,
    query_time AS milliseconds,
    scan_rows,
    scan_bytes,
    scan_bytes_from_remote_storage AS cold_bytes,
    return_rows,
    peak_memory_bytes,
    workload_group,
    chosen_m_views AS materialized_views,
    state,
    error_message,
    stmt
FROM __internal_schema.audit_log
WHERE `user` = SPLIT_PART(CURRENT_USER(), '''', 2)
