"""One addition of rows to one table, within a transaction that the caller began and will commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import duckdb

from nereus.warehouse.embedded.catalog import Catalog, physical, quoted
from nereus.warehouse.embedded.catalog.model import Column, Partition, Table
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.write import partitions as parts
from nereus.warehouse.embedded.write.keys import NEW_ROWS, delete_by_keys, settle
from nereus.warehouse.embedded.write.rows import (
    BAD_ROW,
    Shape,
    insert_select,
    null_reason,
    sorted_out_select,
    with_generated,
)
from nereus.warehouse.embedded.write.transactions import count

#: How many reasons of filtered rows are kept for the caller.
_REASONS = 50
_SIGNED = "temp.nereus_signed"

#: What an overwrite removes: nothing, the table or the named partitions, or the partitions that new rows fall into.
Overwrite = Literal["nothing", "all", "touched"]


class BadRow(DorisError):
    """A row that the table does not take. `reason` is what Doris' error log says of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Insert has filtered data in strict mode. first_error_msg: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Load:
    """Rows to be added.

    Attributes:
        columns: the columns that the source gives, in its order.
        partitions: rows must be in these; where there are none, in any partition.
        makes_partitions: an AUTO table gets the partitions that it lacks.
        signed: the source has one more column, which is not 0 for rows that delete their key (UNIQUE tables).
        now: session time, which dates defaults.
        staged_as: the temporary table that holds the `staged_rows` rows of the source, where they were kept aside.
    """

    table: Table
    columns: tuple[Column, ...]
    source_sql: str
    now: datetime
    overwrite: Overwrite = "nothing"
    partitions: tuple[str, ...] = ()
    makes_partitions: bool = True
    signed: bool = False
    staged_as: str | None = None
    staged_rows: int = 0


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of it: rows taken, rows left out with the first reasons, the table where it got partitions."""

    rows: int
    filtered: int
    reasons: list[str]
    table: Table | None


def run_load(catalog: Catalog, cursor: duckdb.DuckDBPyConnection, load: Load, *, filtering: bool) -> Loaded:
    """Add the rows and settle the table's keys. Raises BadRow unless `filtering`, which leaves bad rows out."""
    table, source = load.table, load.source_sql
    deleted = 0
    if load.signed:
        source, deleted = _without_deleted(cursor, load)
    shape = Shape(table, load.columns, load.now, _allowed(load))
    rows, filtered, reasons = _insert(cursor, shape, source, filtering=filtering)
    changed = _with_auto_partitions(catalog, cursor, shape)
    if load.overwrite == "all":
        cursor.execute(f"DELETE FROM {physical(table)} WHERE rowid < {NEW_ROWS} AND {where(table, load.partitions)}")
    elif load.overwrite == "touched":
        _remove_touched(cursor, changed or table)
    settle(cursor, table, with_former=load.overwrite == "nothing")
    return Loaded(rows + deleted, filtered, reasons, changed)


def _insert(
    cursor: duckdb.DuckDBPyConnection, shape: Shape, source_sql: str, *, filtering: bool
) -> tuple[int, int, list[str]]:
    if shape.automatic is not None:
        next_id = cursor.execute("SELECT next FROM nereus.auto_increment WHERE table_id = ?", [shape.table.id])
        shape = replace(shape, first_id=count(next_id))
    shape, source_sql = with_generated(shape, source_sql)
    filtered, reasons = 0, []
    if filtering:
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE nereus_batch AS {sorted_out_select(shape, source_sql)}")
        bad = "FROM temp.nereus_batch WHERE reason IS NOT NULL"
        filtered = count(cursor.execute(f"SELECT count(*) {bad}"))
        reasons = [row[0] for row in cursor.execute(f"SELECT reason {bad} LIMIT {_REASONS}").fetchall()]
        select = "SELECT * EXCLUDE (reason) FROM temp.nereus_batch WHERE reason IS NULL"
    else:
        select = insert_select(shape, source_sql)
    columns = ", ".join(quoted(column.name) for column in shape.table.columns)
    with _doris_errors(shape.table):
        rows = count(cursor.execute(f"INSERT INTO {physical(shape.table)} ({columns}) {select}"))
    if filtering:
        cursor.execute("DROP TABLE temp.nereus_batch")
    if shape.first_id is not None:
        cursor.execute(
            "UPDATE nereus.auto_increment SET next = next + ? WHERE table_id = ?", [rows + filtered, shape.table.id]
        )
    return rows, filtered, reasons


def _without_deleted(cursor: duckdb.DuckDBPyConnection, load: Load) -> tuple[str, int]:
    """Delete the keys whose last row says so; gives a source of the other last rows, and how many it leaves out."""
    names = [f'"c{i}"' for i in range(len(load.columns))]
    keys = [names[load.columns.index(column)] for column in load.columns if column.name in load.table.keys]
    numbered = f'SELECT *, row_number() OVER () FROM ({load.source_sql}) AS "s"'
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE {_SIGNED.removeprefix('temp.')} AS SELECT * FROM ({numbered}) "
        f'AS "s"({", ".join(names)}, "sign", "n") '
        f'QUALIFY row_number() OVER (PARTITION BY {", ".join(keys)} ORDER BY "n" DESC) = 1'
    )
    by_key = [names[load.columns.index(column)] for key in load.table.keys if (column := load.table.column(key))]
    gone = f'FROM {_SIGNED} WHERE coalesce("sign", 0) <> 0'
    cursor.execute(delete_by_keys(load.table, f"SELECT {', '.join(by_key)} {gone}"))
    left_out = count(cursor.execute(f"SELECT count(*) {gone}"))
    return f'SELECT {", ".join(names)} FROM {_SIGNED} WHERE coalesce("sign", 0) = 0 ORDER BY "n"', left_out


def _with_auto_partitions(catalog: Catalog, cursor: duckdb.DuckDBPyConnection, shape: Shape) -> Table | None:
    """The table with the partitions that its new rows need, or None where it has them."""
    table = shape.table
    if table.partitioning is None or not table.partitioning.auto or shape.only is not None:
        return None
    made = parts.auto_partitions(table, _new_keys(cursor, table))
    if not made:
        return None
    added: list[Partition] = [replace(partition, id=catalog.new_id()) for partition in made]
    return replace(table, partitions=(*table.partitions, *added))


def _new_keys(cursor: duckdb.DuckDBPyConnection, table: Table) -> list[Sequence[object]]:
    """The partition keys of the uncommitted rows: values for LIST, beginnings that no partition holds for RANGE."""
    partitioning = parts.partitioning_of(table)
    names = [quoted(name) for name in partitioning.columns]
    new = f"FROM {physical(table)} WHERE rowid >= {NEW_ROWS}"
    if partitioning.kind == "LIST":
        return list(cursor.execute(f"SELECT DISTINCT {', '.join(names)} {new}").fetchall())
    unit = partitioning.unit or "day"
    # Few days are truncated instead of many rows.
    days = names[0] if unit in ("hour", "minute", "second") else f"CAST({names[0]} AS DATE)"
    found = cursor.execute(
        f"SELECT DISTINCT date_trunc('{unit}', d) FROM (SELECT DISTINCT {days} AS d {new})"
    ).fetchall()
    return parts.without_known(table, found)


def _remove_touched(cursor: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Remove what was in the partitions that hold new rows."""
    columns = [quoted(name) for name in parts.partitioning_of(table).columns]
    name = physical(table)
    touched = [
        partition
        for partition in table.partitions
        if cursor.execute(
            f"SELECT 1 FROM {name} WHERE rowid >= {NEW_ROWS} AND {parts.inside(table, [partition], columns)} LIMIT 1"
        ).fetchone()
    ]
    if touched:
        cursor.execute(f"DELETE FROM {name} WHERE rowid < {NEW_ROWS} AND {parts.inside(table, touched, columns)}")


def where(table: Table, partitions: Sequence[str]) -> str:
    """A DuckDB predicate for the rows of the named partitions; of all rows where none is named."""
    if not partitions:
        return "TRUE"
    chosen = named(table, partitions)
    columns = [quoted(name) for name in parts.partitioning_of(table).columns]
    return parts.inside(table, chosen, columns)


def _allowed(load: Load) -> tuple[str, ...] | None:
    table = load.table
    if load.partitions:
        return tuple(partition.name for partition in named(table, load.partitions))
    if table.partitioning is None or (table.partitioning.auto and load.makes_partitions):
        return None
    return tuple(partition.name for partition in table.partitions)


def named(table: Table, names: Sequence[str]) -> list[Partition]:
    """The partitions of these names; names of partitions are not case-sensitive."""
    known = {partition.name.lower(): partition for partition in table.partitions}
    for name in names:
        if table.partitioning is None or name.lower() not in known:
            raise DorisError(f"partition {name} is not found in table {table.name}")
    return [known[name.lower()] for name in names]


@contextmanager
def _doris_errors(table: Table) -> Iterator[None]:
    try:
        yield
    except duckdb.ConstraintException as error:
        name = str(error).partition("\n")[0].rpartition(".")[2].strip()
        column = table.column(name)
        raise (BadRow(null_reason(column)) if column else DorisError(str(error))) from error
    except duckdb.InvalidInputException as error:
        _, found, reason = str(error).partition(BAD_ROW)
        if not found:
            raise
        raise BadRow(reason) from error
