"""Rows and bytes of tables, as DuckDB stores them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import duckdb

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.catalog.snapshot import physical, quoted
from nereus.warehouse.embedded.tiers.model import ColdTable, ColdTables
from nereus.warehouse.embedded.write.partitions import inside

#: Bytes of a DuckDB block; a table's size is the number of blocks that hold its columns.
_BLOCK = 262144

#: How long bytes are taken for known, in seconds: rows that were changed in place, or only logged, move them.
_KEPT_S = 300

_UNITS = ("B", "KB", "MB", "GB", "TB")


class Size(NamedTuple):
    """What a table takes.

    Attributes:
        rows: those in the object store are among them.
        bytes: blocks of the file: rows that only the log holds yet are not in it.
        cold: what of it lies in the object store.
    """

    rows: int = 0
    bytes: int = 0
    cold: ColdTable | None = None

    @property
    def remote_bytes(self) -> int:
        return self.cold.remote_bytes if self.cold else 0

    @property
    def local_rows(self) -> int:
        return self.rows - (self.cold.remote_rows if self.cold else 0)


class Sizes:
    """Sizes of tables. Rows are counted each time; bytes take long to find and are kept while the rows stay as many."""

    def __init__(self, cold: Callable[[], ColdTables] = dict) -> None:
        """`cold` gives the tables of which something lies in the object store."""
        self._cold = cold
        self._known: dict[int, tuple[int, int, float, int]] = {}

    def of(self, cursor: duckdb.DuckDBPyConnection, tables: Iterable[Table]) -> Mapping[int, Size]:
        """The size of each table by its id."""
        listed = list(tables)
        if not listed:
            return {}
        counts = ", ".join(f"(SELECT count(*) FROM {physical(table)})" for table in listed)
        row = cursor.execute(f"SELECT {counts}").fetchone() or ()
        cold = self._cold()
        found: dict[int, Size] = {}
        for table, rows in zip(listed, row, strict=True):
            remote = cold.get(table.id)
            every = rows + (remote.remote_rows if remote else 0)
            found[table.id] = Size(every, self._bytes(cursor, table, rows), remote)
        return found

    def _bytes(self, cursor: duckdb.DuckDBPyConnection, table: Table, rows: int) -> int:
        now = time.monotonic()
        known = self._known.get(table.id)
        if known and known[:2] == (rows, len(table.columns)) and now - known[2] < _KEPT_S:
            return known[3]
        name = physical(table).replace('"', "")
        blocks = cursor.execute(
            "SELECT count(DISTINCT block) FROM (SELECT unnest([block_id] || additional_block_ids) AS block "
            f"FROM pragma_storage_info('{name}') WHERE persistent) WHERE block >= 0"
        ).fetchone()
        size = (blocks[0] if blocks else 0) * _BLOCK
        self._known[table.id] = rows, len(table.columns), now, size
        return size


def partition_rows(cursor: duckdb.DuckDBPyConnection, table: Table) -> Mapping[str, int]:
    """The local rows of each partition by its name."""
    if table.partitioning is None or not table.partitions:
        return {}
    columns = [quoted(name) for name in table.partitioning.columns]
    counts = ", ".join(f"count(*) FILTER ({inside(table, [partition], columns)})" for partition in table.partitions)
    row = cursor.execute(f"SELECT {counts} FROM {physical(table)}").fetchone() or ()
    return {partition.name: rows for partition, rows in zip(table.partitions, row, strict=True)}


def readable(size: float) -> str:
    """Bytes as Doris prints them: ``0.000``, ``512.000 B``, ``468.750 KB``."""
    if not size:
        return "0.000 "
    power = next((power for power in (4, 3, 2, 1) if size > 1024**power), 0)
    return f"{size / 1024**power:.3f} {_UNITS[power]}"
