"""A stand-in for Apache Doris on one machine: its wire protocol and SQL dialect over DuckDB.

Equal to Doris or refused, and it accepts nothing that Doris refuses.
"""
