"""The one place where rows change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

import duckdb

from nereus.warehouse.embedded.catalog import Catalog, physical, quoted
from nereus.warehouse.embedded.catalog.model import KeyModel, Partition, Table
from nereus.warehouse.embedded.catalog.store import Ids
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.write import partitions as parts
from nereus.warehouse.embedded.write.altering import refresh, refresh_all
from nereus.warehouse.embedded.write.labels import Labels, new_label
from nereus.warehouse.embedded.write.rows import BAD_ROW, Shape, insert_select, null_reason, sorted_out_select
from nereus.warehouse.embedded.write.rows import target_columns as _target_columns
from nereus.warehouse.embedded.write.transactions import count, transaction

#: DuckDB numbers the rows that a transaction has not committed yet from here on (its MAX_ROW_ID).
_NEW_ROWS = 36028797018960000
#: Labels that are too old to matter are removed once in so many loads.
_FORGET_EVERY = 1000
#: How many reasons of filtered rows are kept for the caller.
_REASONS = 50

OnBadRow = Literal["refuse", "filter"]


class BadRow(DorisError):
    """A row that the table does not take. `reason` is what Doris' error log says of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Insert has filtered data in strict mode. first_error_msg: {reason}")
        self.reason = reason


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
        overwrite: bool = False,
        partitions: Sequence[str] = (),
        on_bad_row: OnBadRow = "refuse",
        now: datetime | None = None,
        while_waiting: Callable[[], None] | None = None,
    ) -> Written:
        """Add the rows of a DuckDB SELECT whose columns have the physical types of `columns`, in order.

        Absent columns get their defaults, which `now` (session time) dates. A UNIQUE table keeps the last row of each
        key. AUTO partitions are made; with `partitions` rows must be in these. `overwrite` removes what was there, in
        the whole table or in `partitions`. Bad rows (NULL in NOT NULL, too long, outside every partition) raise
        BadRow, or are left out and counted. Raises labels.LabelUsed.
        """
        if table.model is KeyModel.AGGREGATE:
            raise Refused(f"writing to {table.name}, an AGGREGATE KEY table", "Use DUPLICATE KEY or UNIQUE KEY.")
        given = _target_columns(table, columns)
        db_id = self._catalog.database(table.db).id
        txn_id = self._txn_ids.take()
        if txn_id % _FORGET_EVERY == 0:
            Labels.forget_old(cursor)
        name = label or new_label()
        with (
            self._labels.claim(cursor, db_id, name, txn_id),
            self._catalog.changing(table, while_waiting) as held,
        ):
            if any(held.column(column.name) != column for column in given):
                raise DorisError(f"Table[{table.name}]'s meta has been changed. try again.")
            current = refresh(self._catalog, cursor, held)
            shape = Shape(current, given, now or datetime.now(), _allowed(current, partitions))

            def load(filtering: bool) -> Written:
                with transaction(cursor):
                    written = self._load(cursor, shape, source_sql, filtering=filtering)
                    if overwrite:
                        _remove_former(cursor, current, partitions)
                    elif current.model is KeyModel.UNIQUE:
                        _replace_former(cursor, current)
                    if current.model is KeyModel.UNIQUE:
                        _keep_last(cursor, current)
                    self._labels.remember(cursor, db_id, name, txn_id, current.id, written.rows)
                    self._catalog.commit(cursor, self._with_auto_partitions(cursor, shape))
                return replace(written, label=name, txn_id=txn_id)

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
        with self._catalog.changing(table, while_waiting) as current, transaction(cursor):
            where = f"({predicate_sql}) AND {_where(current, partitions)}"
            rows = count(cursor.execute(f'DELETE FROM {physical(current)} AS "t0" WHERE {where}'))
            cursor.commit()
        return Written(rows, new_label("delete"), self._txn_ids.take())

    def delete_keys(
        self,
        cursor: duckdb.DuckDBPyConnection,
        table: Table,
        source_sql: str,
        *,
        while_waiting: Callable[[], None] | None = None,
    ) -> Written:
        """Delete from a UNIQUE table the rows whose keys a DuckDB SELECT gives."""
        with self._catalog.changing(table, while_waiting) as current, transaction(cursor):
            rows = count(cursor.execute(_delete_by_keys(current, source_sql, "TRUE")))
            cursor.commit()
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
        with self._catalog.changing(table, while_waiting) as current, transaction(cursor):
            cursor.execute(f"DELETE FROM {physical(current)} WHERE {_where(current, partitions)}")
            cursor.commit()

    def _load(self, cursor: duckdb.DuckDBPyConnection, shape: Shape, source_sql: str, *, filtering: bool) -> Written:
        if shape.automatic is not None:
            next_id = cursor.execute("SELECT next FROM nereus.auto_increment WHERE table_id = ?", [shape.table.id])
            shape = replace(shape, first_id=count(next_id))
        filtered, reasons = 0, []
        if filtering:
            cursor.execute(f"CREATE OR REPLACE TEMP TABLE nereus_batch AS {sorted_out_select(shape, source_sql)}")
            bad = "FROM temp.nereus_batch WHERE reason IS NOT NULL"
            filtered = count(cursor.execute(f"SELECT count(*) {bad}"))
            reasons = [row[0] for row in cursor.execute(f"SELECT reason {bad} LIMIT {_REASONS}").fetchall()]
            select = "SELECT * EXCLUDE (reason) FROM temp.nereus_batch WHERE reason IS NULL"
        else:
            select = insert_select(shape, source_sql)
        with _doris_errors(shape.table):
            rows = count(cursor.execute(f"INSERT INTO {physical(shape.table)} {select}"))
        if filtering:
            cursor.execute("DROP TABLE temp.nereus_batch")
        if shape.first_id is not None:
            cursor.execute(
                "UPDATE nereus.auto_increment SET next = next + ? WHERE table_id = ?", [rows + filtered, shape.table.id]
            )
        return Written(rows, "", 0, filtered, reasons)

    def _with_auto_partitions(self, cursor: duckdb.DuckDBPyConnection, shape: Shape) -> Table | None:
        """The table with the partitions that its new rows need, or None where it has them."""
        table = shape.table
        if table.partitioning is None or not table.partitioning.auto or shape.only is not None:
            return None
        made = parts.auto_partitions(table, _new_keys(cursor, table))
        if not made:
            return None
        added: list[Partition] = [replace(partition, id=self._catalog.new_id()) for partition in made]
        return replace(table, partitions=(*table.partitions, *added))


def _new_keys(cursor: duckdb.DuckDBPyConnection, table: Table) -> list[Sequence[object]]:
    """The partition keys of the uncommitted rows: values for LIST, beginnings that no partition holds for RANGE."""
    partitioning = parts.partitioning_of(table)
    names = [quoted(name) for name in partitioning.columns]
    new = f"FROM {physical(table)} WHERE rowid >= {_NEW_ROWS}"
    if partitioning.kind == "LIST":
        return list(cursor.execute(f"SELECT DISTINCT {', '.join(names)} {new}").fetchall())
    unit = partitioning.unit or "day"
    # Few days are truncated instead of many rows.
    days = names[0] if unit in ("hour", "minute", "second") else f"CAST({names[0]} AS DATE)"
    found = cursor.execute(
        f"SELECT DISTINCT date_trunc('{unit}', d) FROM (SELECT DISTINCT {days} AS d {new})"
    ).fetchall()
    return parts.without_known(table, found)


def _replace_former(cursor: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Of a UNIQUE table: remove the committed rows whose keys the new rows have."""
    if cursor.execute(f"SELECT 1 FROM {physical(table)} WHERE rowid < {_NEW_ROWS} LIMIT 1").fetchone() is None:
        return
    keys = ", ".join(quoted(key) for key in table.keys)
    new = f"SELECT {keys} FROM {physical(table)} WHERE rowid >= {_NEW_ROWS}"
    cursor.execute(_delete_by_keys(table, new, f'"o".rowid < {_NEW_ROWS}'))


def _delete_by_keys(table: Table, source_sql: str, where: str) -> str:
    """DELETE the rows whose keys the source gives, found by a join that reads only where such keys may be."""
    names = [f'"k{i}"' for i in range(len(table.keys))]
    terms = [where]
    for key, name in zip(table.keys, names, strict=True):
        column = table.column(key)
        same = "=" if column is not None and not column.nullable else "IS NOT DISTINCT FROM"
        terms.append(f'"o".{quoted(key)} {same} "n".{name}')
    source = f'(SELECT DISTINCT * FROM ({source_sql})) AS "n"({", ".join(names)})'
    return f'DELETE FROM {physical(table)} AS "o" USING {source} WHERE {" AND ".join(terms)}'


def _keep_last(cursor: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Of a UNIQUE table: of new rows with one key keep the last."""
    keys = ", ".join(quoted(key) for key in table.keys)
    new = f"FROM {physical(table)} WHERE rowid >= {_NEW_ROWS}"
    if cursor.execute(f"SELECT 1 {new} GROUP BY {keys} HAVING count(*) > 1 LIMIT 1").fetchone() is None:
        return
    last = f"SELECT max(rowid) {new} GROUP BY {keys}"
    cursor.execute(f"DELETE FROM {physical(table)} WHERE rowid >= {_NEW_ROWS} AND rowid NOT IN ({last})")


def _remove_former(cursor: duckdb.DuckDBPyConnection, table: Table, partitions: Sequence[str]) -> None:
    # After the insert: its source may read the very rows that it replaces.
    where = f"rowid < {_NEW_ROWS} AND {_where(table, partitions)}"
    cursor.execute(f"DELETE FROM {physical(table)} WHERE {where}")


def _where(table: Table, partitions: Sequence[str]) -> str:
    if not partitions:
        return "TRUE"
    chosen = _named(table, partitions)
    columns = [quoted(name) for name in parts.partitioning_of(table).columns]
    return parts.inside(table, chosen, columns)


def _allowed(table: Table, partitions: Sequence[str]) -> tuple[str, ...] | None:
    if partitions:
        return tuple(partition.name for partition in _named(table, partitions))
    if table.partitioning is None or table.partitioning.auto:
        return None
    return tuple(partition.name for partition in table.partitions)


def _named(table: Table, names: Sequence[str]) -> list[Partition]:
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
