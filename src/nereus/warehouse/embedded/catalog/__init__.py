"""What the warehouse knows: databases, tables, views, their definitions and where their rows are."""

from nereus.warehouse.embedded.catalog.catalog import Catalog, create_data, transaction
from nereus.warehouse.embedded.catalog.snapshot import Snapshot, physical, quoted, temporary_table

__all__ = ["Catalog", "Snapshot", "create_data", "physical", "quoted", "temporary_table", "transaction"]
