"""Rows and deletions of an open transaction: computed when their statement runs, kept aside until COMMIT."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import duckdb

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.write.load import Load
from nereus.warehouse.embedded.write.partial import NewRows, completed

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Deletion:
    """Rows to be deleted: those with the keys that `keys_sql` gives, else those for which the predicate is true."""

    table: Table
    predicate_sql: str = "FALSE"
    partitions: tuple[str, ...] = ()
    keys_sql: str | None = None
    staged_as: str | None = None


Operation = Load | Deletion


def stage_load(cursor: duckdb.DuckDBPyConnection, load: Load, partial: NewRows | None) -> Load:
    """The same load with its rows in a temporary table of the cursor."""
    whole = load if partial is None else completed(cursor, load, partial)
    name, rows = _keep(cursor, whole.source_sql)
    return replace(whole, source_sql=f"SELECT * FROM {name}", staged_as=name, staged_rows=rows)


def stage_keys(cursor: duckdb.DuckDBPyConnection, table: Table, keys_sql: str) -> Deletion:
    """The deletion of these keys, as they are now."""
    name, _ = _keep(cursor, keys_sql)
    return Deletion(table, keys_sql=f"SELECT * FROM {name}", staged_as=name)


def _keep(cursor: duckdb.DuckDBPyConnection, source_sql: str) -> tuple[str, int]:
    name = f"nereus_staged_{next(_numbers)}"
    row = cursor.execute(f"CREATE TEMP TABLE {name} AS {source_sql}").fetchone()
    return f"temp.{name}", int(row[0]) if row else 0
