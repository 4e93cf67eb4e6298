"""Tiered storage: partitions that have cooled down lie as Parquet in an object store and stay readable."""
