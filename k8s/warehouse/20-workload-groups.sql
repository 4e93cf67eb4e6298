-- Who gets how much of the warehouse, on every target. Provisioning makes the groups and brings them back to what stands here;
-- docs/isolation.md says what each property does. Dashboards come first, scientists never take more than their share.

CREATE WORKLOAD GROUP IF NOT EXISTS analysts PROPERTIES (
    "min_memory_percent" = "40%",       -- scientists' queries give way before a dashboard fails
    "max_concurrency" = "64",
    "max_queue_size" = "256",
    "queue_timeout" = "30000"           -- ms: nobody looks at a dashboard for longer
);

CREATE WORKLOAD GROUP IF NOT EXISTS scientists PROPERTIES (
    "max_cpu_percent" = "40%",
    "max_memory_percent" = "40%",
    "max_concurrency" = "4",
    "max_queue_size" = "32",
    "queue_timeout" = "600000"
);

CREATE WORKLOAD GROUP IF NOT EXISTS loaders PROPERTIES (
    "min_memory_percent" = "20%",
    "max_concurrency" = "8",
    "max_queue_size" = "128",
    "queue_timeout" = "600000"
);

CREATE WORKLOAD GROUP IF NOT EXISTS portal PROPERTIES (
    "max_concurrency" = "16",
    "max_queue_size" = "64",
    "queue_timeout" = "30000"
);
