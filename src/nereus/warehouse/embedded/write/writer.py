"""The one place where rows change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

import duckdb

from nereus.warehouse.embedded.catalog import Catalog, physical, temporary_table
from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.catalog.store import Ids
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.tiers.changing import delete, emptied, refuse_cold
from nereus.warehouse.embedded.write.altering import refresh, refresh_all
from nereus.warehouse.embedded.write.keys import check_is_written, check_kept, delete_by_keys
from nereus.warehouse.embedded.write.labels import Labels, new_label
from nereus.warehouse.embedded.write.load import BadRow, Load, Overwrite, run_load, where
from nereus.warehouse.embedded.write.partial import NewRows, completed
from nereus.warehouse.embedded.write.rows import target_columns
from nereus.warehouse.embedded.write.staging import Deletion, Operation, stage_load
from nereus.warehouse.embedded.write.transactions import count, transaction

#: Labels that are too old to matter are removed once in so many loads.
_FORGET_EVERY = 1000

OnBadRow = Literal["refuse", "filter"]

__all__ = ["BadRow", "OnBadRow", "Writer", "Written"]


@dataclass(frozen=True, slots=True)
class Written:
    """What one durable transaction did.

    Attributes:
        rows: rows taken from the source (before a UNIQUE key replaced any), or rows deleted.
        filtered: rows left out because the table does not take them; their first reasons are in `first_errors`.
    """

    rows: int
    label: str
    txn_id: int
    filtered: int = 0
    first_errors: list[str] = field(default_factory=list)


class Writer:
    """Writes to tables. Writers of one table queue; writers of different tables run side by side.

    Every method takes the caller's cursor, which must not be in a transaction: interrupting it stops the work, and
    whatever fails leaves nothing behind. `while_waiting` is called now and then while another writer holds the table;
    what it raises ends the wait.
    """

    def __init__(self, engine: Engine, catalog: Catalog) -> None:
        self._catalog = catalog
        self._check_room = engine.check_room
        self._labels = Labels()
        self._txn_ids = Ids(engine, "txn", 1)
        with closing(engine.cursor()) as cursor:
            Labels.forget_old(cursor)
            refresh_all(catalog, cursor)

    def append(
        self,
        cursor: duckdb.DuckDBPyConnection,
        table: Table,
        columns: Sequence[str],
        source_sql: str,
        *,
        label: str | None = None,
        overwrite: Overwrite = "nothing",
        partitions: Sequence[str] = (),
        temporary: bool = False,
        makes_partitions: bool = True,
        partial: NewRows | None = None,
        signed: bool = False,
        on_bad_row: OnBadRow = "refuse",
        most_bad: float = 1.0,
        now: datetime | None = None,
        while_waiting: Callable[[], None] | None = None,
    ) -> Written:
        """Add the rows of a DuckDB SELECT whose columns have the physical types of `columns`, in order.

        Absent columns get their defaults, which `now` (session time) dates. A UNIQUE table keeps the last row of each
        key, an AGGREGATE table merges the rows of each key. `overwrite` removes what was there: "all" in the whole
        table or in `partitions`, "touched" in the partitions that get rows. `partial` keeps what rows of present keys
        hold in absent columns (UNIQUE tables). With `temporary`, `partitions` names one temporary partition. For the
        rest see `load.Load`.

        Bad rows (NULL in NOT NULL, too long, outside every partition) raise BadRow, or are left out and counted; then
        more of them than the share `most_bad` raise DorisError, so does a full disk. Raises labels.LabelUsed.
        """
        check_kept(table)
        self._check_room()
        given = target_columns(table, columns, all_needed=partial is None and not signed)
        db_id = self._catalog.database(table.db).id
        txn_id = self._new_txn(cursor)
        name = label or new_label()
        with (
            self._labels.claim(cursor, db_id, name, txn_id),
            self._catalog.changing(table, while_waiting) as held,
        ):
            if any(held.column(column.name) != column for column in given):
                raise DorisError(f"Table[{table.name}]'s meta has been changed. try again.")
            current = refresh(self._catalog, cursor, held)
            if overwrite == "touched":
                refuse_cold(self._catalog, current, "INSERT OVERWRITE ... PARTITION(*)", "Name the partitions.")
            if temporary:
                current = _temporary(current, partitions)
            asked = Load(
                current,
                given,
                source_sql,
                now or datetime.now(),
                overwrite,
                tuple(partitions),
                makes_partitions,
                signed,
            )

            def load(filtering: bool) -> Written:
                with transaction(cursor):
                    whole = asked if partial is None else completed(cursor, asked, partial)
                    done = run_load(self._catalog, cursor, whole, filtering=filtering)
                    if done.filtered > most_bad * (done.filtered + done.rows):
                        raise DorisError(
                            f"Insert has too many filtered data {done.filtered}/{done.filtered + done.rows} "
                            f"insert_max_filter_ratio is {most_bad:f}"
                        )
                    self._labels.remember(cursor, db_id, name, txn_id, current.id, done.rows)
                    added_to = current if overwrite == "nothing" and not temporary else None
                    cold = None
                    if overwrite != "nothing" and not temporary:
                        cold = emptied(self._catalog, current, partitions)
                    self._catalog.commit(cursor, *([done.table] if done.table else []), added_to=added_to, cold=cold)
                return Written(done.rows, name, txn_id, done.filtered, done.reasons)

            try:
                return load(filtering=False)
            except BadRow:
                # Looking for bad rows costs a copy of the source: only a source that has some pays for it.
                if on_bad_row == "refuse":
                    raise
            return load(filtering=True)

    def delete(
        self,
        cursor: duckdb.DuckDBPyConnection,
        table: Table,
        predicate_sql: str,
        *,
        partitions: Sequence[str] = (),
        while_waiting: Callable[[], None] | None = None,
    ) -> Written:
        """Delete the rows for which a DuckDB predicate is true; the table is called "t0" in it."""
        check_is_written(table)
        with self._catalog.changing(table, while_waiting) as current, transaction(cursor):
            rows = _delete(cursor, current, predicate_sql, partitions)
            cold, cold_rows = delete(self._catalog, cursor, current, predicate_sql, partitions)
            self._catalog.commit(cursor, cold=cold)
        return Written(rows + cold_rows, new_label("delete"), self._txn_ids.take())

    def delete_keys(
        self,
        cursor: duckdb.DuckDBPyConnection,
        table: Table,
        source_sql: str,
        *,
        while_waiting: Callable[[], None] | None = None,
    ) -> Written:
        """Delete from a UNIQUE table the rows whose keys a DuckDB SELECT gives."""
        check_is_written(table)
        with self._catalog.changing(table, while_waiting) as current, transaction(cursor):
            rows = count(cursor.execute(delete_by_keys(current, source_sql)))
            self._catalog.commit(cursor)
        return Written(rows, new_label(), self._txn_ids.take())

    def truncate(
        self,
        cursor: duckdb.DuckDBPyConnection,
        table: Table,
        *,
        partitions: Sequence[str] = (),
        while_waiting: Callable[[], None] | None = None,
    ) -> None:
        """Remove every row, or those of the named partitions. The partitions stay."""
        check_is_written(table)
        with self._catalog.changing(table, while_waiting) as current, transaction(cursor):
            cursor.execute(f"DELETE FROM {physical(current)} WHERE {where(current, partitions)}")
            self._catalog.commit(cursor, cold=emptied(self._catalog, current, partitions))

    # Several statements in one transaction

    def stage(
        self,
        cursor: duckdb.DuckDBPyConnection,
        table: Table,
        columns: Sequence[str],
        source_sql: str,
        *,
        partitions: Sequence[str] = (),
        partial: NewRows | None = None,
        now: datetime | None = None,
    ) -> Operation:
        """Keep the rows of a SELECT aside, as they are now, for `commit_staged`. Raises as `append` does."""
        check_kept(table)
        self._check_room()
        given = target_columns(table, columns, all_needed=partial is None)
        asked = Load(table, given, source_sql, now or datetime.now(), partitions=tuple(partitions))
        return stage_load(cursor, asked, partial)

    def check_label(self, cursor: duckdb.DuckDBPyConnection, db: str, label: str) -> int:
        """A transaction id for a label that is free. Raises labels.LabelUsed."""
        txn_id = self._new_txn(cursor)
        with self._labels.claim(cursor, self._catalog.database(db).id, label, txn_id):
            return txn_id

    def commit_staged(
        self,
        cursor: duckdb.DuckDBPyConnection,
        db: str,
        label: str,
        txn_id: int,
        operations: Sequence[Operation],
        *,
        while_waiting: Callable[[], None] | None = None,
    ) -> Written:
        """Carry out what was staged, in order and in one durable transaction, under one label."""
        db_id = self._catalog.database(db).id
        tables = [operation.table for operation in operations]
        with (
            self._labels.claim(cursor, db_id, label, txn_id),
            self._holding(tables, while_waiting) as held,
            transaction(cursor),
        ):
            rows = 0
            changed: dict[int, Table] = {}
            for operation in operations:
                current = changed.get(operation.table.id, held[operation.table.id])
                if current.columns != operation.table.columns:
                    raise DorisError(f"Table[{operation.table.name}]'s meta has been changed. try again.")
                if isinstance(operation, Deletion):
                    if operation.keys_sql is not None:
                        cursor.execute(delete_by_keys(current, operation.keys_sql))
                    else:
                        refuse_cold(self._catalog, current, "DELETE between BEGIN and COMMIT", "Delete by itself.")
                        _delete(cursor, current, operation.predicate_sql, operation.partitions)
                    continue
                load = replace(operation, table=current)
                done = run_load(self._catalog, cursor, load, filtering=False)
                rows += done.rows
                if done.table is not None:
                    changed[current.id] = done.table
            self._labels.remember(cursor, db_id, label, txn_id, tables[0].id, rows)
            self._catalog.commit(cursor, *changed.values())
        return Written(rows, label, txn_id)

    @contextmanager
    def _holding(self, tables: Sequence[Table], while_waiting: Callable[[], None] | None) -> Iterator[dict[int, Table]]:
        with self._catalog.locks.hold([table.id for table in tables], while_waiting):
            found: dict[int, Table] = {}
            for table in tables:
                current = self._catalog.snapshot().by_id(table.id)
                if not isinstance(current, Table):
                    raise DorisError(f"Unknown table '{table.name}'")
                found[table.id] = current
            yield found

    def _new_txn(self, cursor: duckdb.DuckDBPyConnection) -> int:
        txn_id = self._txn_ids.take()
        if txn_id % _FORGET_EVERY == 0:
            Labels.forget_old(cursor)
        return txn_id


def _temporary(table: Table, names: Sequence[str]) -> Table:
    """The one temporary partition of that name as a table of its own."""
    found = [partition for partition in table.temporary if [partition.name.lower()] == [name.lower() for name in names]]
    if not found:
        raise DorisError(f"partition {', '.join(names)} is not found in table {table.name}")
    return temporary_table(table, found[0])


def _delete(cursor: duckdb.DuckDBPyConnection, table: Table, predicate_sql: str, partitions: Sequence[str]) -> int:
    rows = f'DELETE FROM {physical(table)} AS "t0" WHERE ({predicate_sql}) AND {where(table, partitions)}'
    return count(cursor.execute(rows))


def forget_staged(cursor: duckdb.DuckDBPyConnection, operations: Sequence[Operation]) -> None:
    """Let go of rows that were kept aside."""
    for operation in operations:
        if operation.staged_as is not None:
            with suppress(duckdb.Error):
                cursor.execute(f"DROP TABLE IF EXISTS {operation.staged_as}")
