"""What changes of a table mean for its cooled rows: each is carried out in the transaction that changes the table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import duckdb

from nereus.warehouse.embedded.catalog import Catalog, quoted
from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.ddl.apply import AddData, ChangeData, DataChange, DeleteData, DropData, RenameData
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.tiers import reading
from nereus.warehouse.embedded.tiers.model import POLICY_PROPERTY, ColdTable, RemoteFile
from nereus.warehouse.embedded.write.transactions import count
from nereus.warehouse.embedded.write.values import default


def altered(
    catalog: Catalog, former: Table, changed: Table, changes: Iterable[DataChange], now: datetime
) -> ColdTable | None:
    """The tiers of a table after ALTER; None where it has none.

    Files stay as they are: for each column of the table they know where its value is. Raises Refused for new types,
    and what Doris raises for a change of the table's policy.
    """
    cold = catalog.snapshot().cold.get(former.id)
    _check_policy(catalog, former, changed)
    if cold is None or not cold.files:
        return cold
    files = cold.files
    for change in changes:
        if isinstance(change, DeleteData):
            files = tuple(file for file in files if file.partition_id != change.partition.id)
        elif isinstance(change, AddData):
            column = change.column
            if not column.nullable and column.default is None:
                raise Refused(f"adding the NOT NULL column {column.name} without a default to a table that has rows")
            added = (column.name, f"CAST({default(column, now)} AS {column.type.duckdb})")
            files = tuple(replace(file, sources=(*file.sources, added)) for file in files)
        elif isinstance(change, DropData):
            files = tuple(_renamed(file, change.name, None) for file in files)
        elif isinstance(change, RenameData):
            files = tuple(_renamed(file, change.name, change.new_name) for file in files)
        elif isinstance(change, ChangeData) and change.old.type.duckdb != change.new.type.duckdb:
            raise Refused(
                f"another type for {change.old.name}, since rows of {former.name} lie in the object store",
                "Make a new table with the new type and insert the rows.",
            )
    return replace(cold, files=files)


def _renamed(file: RemoteFile, name: str, new_name: str | None) -> RemoteFile:
    sources = (
        (new_name if column == name else column, text)
        for column, text in file.sources
        if column != name or new_name is not None
    )
    return replace(file, sources=tuple((column, text) for column, text in sources if column is not None))


def _check_policy(catalog: Catalog, former: Table, changed: Table) -> None:
    """A table that has rows keeps its policy, or gets one of the same resource."""
    old, new = (dict(table.properties).get(POLICY_PROPERTY, "") for table in (former, changed))
    if not old or old == new or not catalog.versions.latest(former.id):
        return
    policies = catalog.tiers.policies
    if new and new not in policies:
        raise DorisError(f"Storage policy does not exist. name: {new}")
    if not new or old not in policies or policies[old].resource != policies[new].resource:
        raise DorisError(
            f"Do not support alter table's storage policy , this table [{former.name}] has storage policy {old}, "
            "the table need to be empty."
        )


def emptied(catalog: Catalog, table: Table, partitions: Iterable[str] = ()) -> ColdTable | None:
    """The tiers of a table without the cooled rows of the named partitions, or of all; None where it has none."""
    cold = catalog.snapshot().cold.get(table.id)
    if cold is None or not cold.files:
        return None
    return cold.without(_ids(table, partitions))


def refuse_cold(catalog: Catalog, table: Table, what: str, instead: str | None = None) -> None:
    """Raise Refused where rows of the table lie in the object store."""
    cold = catalog.snapshot().cold.get(table.id)
    if cold is not None and cold.files:
        raise Refused(f"{what}, since rows of {table.name} lie in the object store", instead)


def delete(
    catalog: Catalog, cursor: duckdb.DuckDBPyConnection, table: Table, predicate_sql: str, partitions: Iterable[str]
) -> tuple[ColdTable | None, int]:
    """Delete cooled rows for which a DuckDB predicate is true; the table is called "t0" in it.

    Each file that has such rows is replaced by one without them. Gives the new tiers (None where nothing changed) and
    how many rows went.
    """
    cold = catalog.snapshot().cold.get(table.id)
    if cold is None or not cold.files:
        return None, 0
    chosen = _ids(table, partitions)
    kept: list[RemoteFile] = []
    gone = 0
    for file in cold.files:
        rows = f'({reading.remote_select([column.name for column in table.columns], [file])}) AS "t0"'
        matching = 0
        if chosen is None or file.partition_id in chosen:
            matching = count(cursor.execute(f"SELECT count(*) FROM {rows} WHERE {predicate_sql}"))
        gone += matching
        if matching == 0:
            kept.append(file)
        elif matching < file.rows:
            names = ", ".join(quoted(column.name) for column in table.columns)
            left = f"SELECT {names} FROM {rows} WHERE NOT coalesce({predicate_sql}, FALSE)"
            new = catalog.tiers.sender().put(cursor, file.partition_id, table, left, file.resource)
            if new.rows != file.rows - matching:
                raise DorisError(f"rows of {table.name} in the object store changed while they were deleted")
            kept.append(new)
    return (replace(cold, files=tuple(kept)), gone) if gone else (None, 0)


def _ids(table: Table, partitions: Iterable[str]) -> set[int] | None:
    """The ids of the named partitions; None for all where none is named."""
    named = {name.lower() for name in partitions}
    return {partition.id for partition in table.partitions if partition.name.lower() in named} if named else None
