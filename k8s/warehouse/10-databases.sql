-- The platform's own records: loads, quality checks, benchmark results. Use cases bring their own databases.
CREATE DATABASE IF NOT EXISTS nereus_ops;
