"""Rows of a table as a Parquet file and back, without loss, and a digest by which both are compared."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb

from nereus.warehouse.embedded.catalog.model import Column, Table
from nereus.warehouse.embedded.catalog.snapshot import quoted
from nereus.warehouse.embedded.write.transactions import count
from nereus.warehouse.embedded.write.values import text

#: Types that Parquet does not give back as they were, alone or within others.
_LOSSY = re.compile(r"\b(?:U?HUGEINT|INTERVAL)\b")
_BLOCK = 1 << 20


class Digest(NamedTuple):
    """What two sets of rows have in common when they are the same, whatever their order."""

    rows: int
    hashes: int


def digest(cursor: duckdb.DuckDBPyConnection, columns: Sequence[Column], select: str) -> Digest:
    """Of the rows of a SELECT that gives these columns."""
    values = ", ".join(quoted(column.name) for column in columns)
    hashes = f"coalesce(sum(CAST(hash({values}) AS HUGEINT)), 0)"
    row = cursor.execute(f"SELECT count(*), {hashes} FROM ({select})").fetchone()
    return Digest(*row) if row else Digest(0, 0)


def write(cursor: duckdb.DuckDBPyConnection, table: Table, select: str, path: Path) -> int:
    """Write the rows of a SELECT of the table's columns; gives how many they were."""
    items = ", ".join(f"{_stored(column)} AS {quoted(column.name)}" for column in table.columns)
    copied = f"COPY (SELECT {items} FROM ({select})) TO {text(str(path))} (FORMAT parquet, COMPRESSION zstd)"
    return count(cursor.execute(copied))


def reading(table: Table, path: Path) -> str:
    """A SELECT of the table's columns from a file that `write` wrote."""
    items = ", ".join(
        f"CAST({quoted(column.name)} AS {column.type.duckdb}) AS {quoted(column.name)}" for column in table.columns
    )
    return f"SELECT {items} FROM read_parquet({text(str(path))}, hive_partitioning = false)"


def _stored(column: Column) -> str:
    kind = _LOSSY.sub("VARCHAR", column.type.duckdb)
    name = quoted(column.name)
    return name if kind == column.type.duckdb else f"CAST({name} AS {kind})"


def sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()
