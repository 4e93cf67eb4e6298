"""ALTER TABLE and the moving window of dynamic partitions: definition and rows change in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
from sqlglot import exp

from nereus.warehouse.embedded.catalog import Catalog, create_data, physical, quoted, temporary_table
from nereus.warehouse.embedded.catalog.model import Column, Partition, Table
from nereus.warehouse.embedded.ddl.apply import (
    AddData,
    ChangeData,
    DataChange,
    DeleteData,
    DropData,
    DropTemporary,
    MakeTemporary,
    RenameData,
    apply,
)
from nereus.warehouse.embedded.ddl.build import with_dynamic_partitions
from nereus.warehouse.embedded.ddl.dynamic import is_dynamic
from nereus.warehouse.embedded.ddl.syntax import AlterClause
from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.render import Renderer
from nereus.warehouse.embedded.sql.rules.casts import cast_to
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.tiers.changing import altered
from nereus.warehouse.embedded.write.keys import check_is_written
from nereus.warehouse.embedded.write.partitions import inside
from nereus.warehouse.embedded.write.transactions import transaction
from nereus.warehouse.embedded.write.values import default


def alter(
    catalog: Catalog,
    cursor: duckdb.DuckDBPyConnection,
    table: Table,
    clauses: Sequence[AlterClause],
    *,
    now: datetime,
    while_waiting: Callable[[], None] | None = None,
) -> None:
    """Apply the clauses one after the other; either all take effect or none. `now` dates defaults (session time)."""
    check_is_written(table)
    with catalog.changing(table, while_waiting) as current, transaction(cursor):
        changed = current
        data: list[DataChange] = []
        for clause in clauses:
            step = apply(clause, changed)
            changed = step.table
            data.extend(step.data)
        changed, past = moved(changed)
        changed = _with_ids(catalog, changed)
        # The engine commits no change of a table's columns that follows a deletion of its rows.
        ordered = sorted([*data, *past], key=lambda change: isinstance(change, DeleteData))
        cold = altered(catalog, current, changed, ordered, now)
        change_rows(cursor, current, ordered, now)
        _change_temporary(cursor, changed, data)
        catalog.commit(cursor, changed, cold=cold)


def _change_temporary(cursor: duckdb.DuckDBPyConnection, table: Table, changes: Iterable[DataChange]) -> None:
    """Make and drop the data of temporary partitions; `table` is as it will be."""
    columns = ", ".join(quoted(column.name) for column in table.columns)
    for change in changes:
        if isinstance(change, MakeTemporary):
            made = next(partition for partition in table.temporary if partition.name == change.name)
            create_data(cursor, temporary_table(table, made))
        elif isinstance(change, DropTemporary):
            gone = physical(replace(table, id=change.partition.id))
            if change.into:
                cursor.execute(f"INSERT INTO {physical(table)} ({columns}) SELECT {columns} FROM {gone}")
            cursor.execute(f"DROP TABLE {gone}")


def refresh(catalog: Catalog, cursor: duckdb.DuckDBPyConnection, table: Table, moment: datetime | None = None) -> Table:
    """Move the window of a table that the caller holds; gives the table as it is then. `moment` has a time zone."""
    if not is_dynamic(table):
        return table
    changed, past = moved(table, moment)
    if changed == table:
        return table
    changed = _with_ids(catalog, changed)
    with transaction(cursor):
        change_rows(cursor, table, past, moment or datetime.now(UTC))
        catalog.commit(cursor, changed)
    return changed


def refresh_all(catalog: Catalog, cursor: duckdb.DuckDBPyConnection, moment: datetime | None = None) -> None:
    """Move the window of every dynamic table; to be called now and then, as Doris' scheduler does."""
    for db in catalog.snapshot().databases.values():
        for relation in db.relations.values():
            if isinstance(relation, Table) and is_dynamic(relation) and moved(relation, moment)[0] != relation:
                with catalog.changing(relation) as current:
                    refresh(catalog, cursor, current, moment)


def moved(table: Table, moment: datetime | None = None) -> tuple[Table, list[DataChange]]:
    """The table with its dynamic partitions of this moment, and the deletions that this asks for."""
    changed = with_dynamic_partitions(table, moment)
    kept = {partition.name for partition in changed.partitions}
    return changed, [DeleteData(partition) for partition in table.partitions if partition.name not in kept]


def _with_ids(catalog: Catalog, table: Table) -> Table:
    def numbered(partitions: tuple[Partition, ...]) -> tuple[Partition, ...]:
        return tuple(p if p.id else replace(p, id=catalog.new_id()) for p in partitions)

    rollups = tuple(r if r.id else replace(r, id=catalog.new_id()) for r in table.rollups)
    return replace(table, partitions=numbered(table.partitions), temporary=numbered(table.temporary), rollups=rollups)


def change_rows(cursor: duckdb.DuckDBPyConnection, table: Table, changes: Iterable[DataChange], now: datetime) -> None:
    """Do to the rows of `table` (as it was before) what the changes ask."""
    name = physical(table)
    for change in changes:
        if isinstance(change, AddData):
            _add(cursor, name, change.column, now)
        elif isinstance(change, DropData):
            cursor.execute(f"ALTER TABLE {name} DROP COLUMN {quoted(change.name)}")
        elif isinstance(change, RenameData):
            cursor.execute(f"ALTER TABLE {name} RENAME COLUMN {quoted(change.name)} TO {quoted(change.new_name)}")
        elif isinstance(change, ChangeData):
            _change(cursor, name, change.old, change.new)
        elif isinstance(change, DeleteData):
            columns = [quoted(column) for column in table.partitioning.columns] if table.partitioning else []
            cursor.execute(f"DELETE FROM {name} WHERE {inside(table, [change.partition], columns)}")


def _add(cursor: duckdb.DuckDBPyConnection, name: str, column: Column, now: datetime) -> None:
    added = quoted(column.name)
    needs_value = not column.nullable and column.default is None
    if needs_value and cursor.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() is not None:
        raise Refused(f"adding the NOT NULL column {column.name} without a default to a table that has rows")
    cursor.execute(f"ALTER TABLE {name} ADD COLUMN {added} {column.type.duckdb}")
    if column.default is not None:
        # ADD COLUMN ... DEFAULT sets an option inside the engine, which the locked configuration forbids.
        kind, value = column.type.duckdb, default(column, now)
        cursor.execute(f"ALTER TABLE {name} ALTER COLUMN {added} SET DATA TYPE {kind} USING {value}")
    if not column.nullable:
        cursor.execute(f"ALTER TABLE {name} ALTER COLUMN {added} SET NOT NULL")


def _change(cursor: duckdb.DuckDBPyConnection, name: str, old: Column, new: Column) -> None:
    column = quoted(old.name)
    if old.type.duckdb != new.type.duckdb:
        reference = exp.Column(this=exp.Identifier(this=old.name, quoted=True))
        value = Renderer().text(cast_to(Typed(reference, old.type), new.type).node)
        cursor.execute(f"ALTER TABLE {name} ALTER COLUMN {column} SET DATA TYPE {new.type.duckdb} USING {value}")
    if new.nullable and not old.nullable:
        cursor.execute(f"ALTER TABLE {name} ALTER COLUMN {column} DROP NOT NULL")
