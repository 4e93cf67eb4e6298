"""Rows in and out of tables: append, overwrite, delete, truncate, each one durable transaction."""
