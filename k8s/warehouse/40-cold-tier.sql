-- Where partitions go when they have cooled: one copy, which the object store keeps twice. Tables name the policy; its time counts
-- from when rows were loaded, so that a load that is corrected does not travel.
CREATE RESOURCE IF NOT EXISTS nereus_cold PROPERTIES (
    "type" = "s3",
    "s3.endpoint" = "${s3.endpoint}",
    "s3.region" = "${s3.region}",
    "s3.bucket" = "cold",
    "s3.root.path" = "warehouse",
    "s3.access_key" = "@cold_access_key@",
    "s3.secret_key" = "@cold_secret_key@",
    "use_path_style" = "true"
);
ALTER RESOURCE nereus_cold PROPERTIES ("s3.access_key" = "@cold_access_key@", "s3.secret_key" = "@cold_secret_key@");
CREATE STORAGE POLICY IF NOT EXISTS nereus_cold PROPERTIES ("storage_resource" = "nereus_cold", "cooldown_ttl" = "600");
