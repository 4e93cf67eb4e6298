"""Doris DDL read from tokens, and written back as SHOW CREATE TABLE does."""
