"""Rows and bytes of tables, as DuckDB stores them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import duckdb

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.catalog.snapshot import physical, quoted
from nereus.warehouse.embedded.write.partitions import inside

#: Bytes of a DuckDB block; a table's size is the number of blocks that hold its columns.
_BLOCK = 262144

_UNITS = ("B", "KB", "MB", "GB", "TB")


class Size(NamedTuple):
    """`bytes` counts blocks of the file: rows that only the log holds yet are not in it."""

    rows: int = 0
    bytes: int = 0


def sizes(cursor: duckdb.DuckDBPyConnection, tables: Iterable[Table]) -> Mapping[int, Size]:
    """The size of each table by its id."""
    ids = [(table.id, physical(table)) for table in tables]
    if not ids:
        return {}
    counts = " UNION ALL ".join(
        f"SELECT {number}, (SELECT count(*) FROM {name}), (SELECT count(DISTINCT block) FROM (SELECT "
        f"unnest([block_id] || additional_block_ids) AS block FROM pragma_storage_info('{name.replace(chr(34), '')}') "
        "WHERE persistent) WHERE block >= 0)"
        for number, name in ids
    )
    return {number: Size(rows, blocks * _BLOCK) for number, rows, blocks in cursor.execute(counts).fetchall()}


def partition_rows(cursor: duckdb.DuckDBPyConnection, table: Table) -> Mapping[str, int]:
    """The rows of each partition by its name."""
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
