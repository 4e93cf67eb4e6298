"""Databases, tables, views, users and grants, kept in DuckDB."""
