"""Rows in and out of tables: append, overwrite, delete, truncate, each one durable transaction."""

from nereus.warehouse.embedded.write.writer import Writer, Written

__all__ = ["Writer", "Written"]
