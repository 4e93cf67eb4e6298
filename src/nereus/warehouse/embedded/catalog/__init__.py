"""What the warehouse knows: databases, tables, views, their definitions and where their rows are."""

from nereus.warehouse.embedded.catalog.catalog import Catalog, transaction
from nereus.warehouse.embedded.catalog.snapshot import Snapshot, physical, quoted

__all__ = ["Catalog", "Snapshot", "physical", "quoted", "transaction"]
