"""INSERT INTO and INSERT OVERWRITE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nereus.warehouse.embedded.catalog.model import Column, KeyModel, Table
from nereus.warehouse.embedded.denials import command_denied
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.result import Ok
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql import tree
from nereus.warehouse.embedded.statements.assign import bind_source, inserted, is_strict, source_select
from nereus.warehouse.embedded.statements.ddl import locate
from nereus.warehouse.embedded.statements.transactions import ONLY_WRITES, open_transaction
from nereus.warehouse.embedded.statements.values import Default, Rows, forget_rows, rows_select, split_literals
from nereus.warehouse.embedded.statements.write_parser import Partitions, Target, write_parser
from nereus.warehouse.embedded.types import TINYINT
from nereus.warehouse.embedded.write.keys import sequence_column
from nereus.warehouse.embedded.write.labels import LabelUsed
from nereus.warehouse.embedded.write.load import Overwrite
from nereus.warehouse.embedded.write.partial import NewRows
from nereus.warehouse.embedded.write.rows import given_generated, target_columns

_CONFUSED = "insert into cols should be corresponding to the query output"
#: The hidden column of UNIQUE tables that marks a row which deletes its key.
DELETE_SIGN = "__DORIS_DELETE_SIGN__"
_HIDDEN_SEQUENCE = "__DORIS_SEQUENCE_COL__"
_SIGN = Column(DELETE_SIGN, TINYINT, nullable=False, default="0")


@dataclass(frozen=True, slots=True)
class Columns:
    """What the source of an INSERT gives: `all` in its order, `kept` without the delete sign."""

    all: tuple[Column, ...]
    kept: tuple[Column, ...]
    partial: NewRows | None = None

    @property
    def signed(self) -> bool:
        return len(self.all) != len(self.kept)


@statement("INSERT", "WITH INSERT", kind="INSERT", in_transaction=True)
def insert(session: Session, text: str) -> Ok:
    """[WITH ...] INSERT INTO | OVERWRITE TABLE name [PARTITION ...] [WITH LABEL l] [(columns)] VALUES ... | query"""
    target, source = _read(session, text)
    if session.in_transaction and target.overwrite:
        raise DorisError(ONLY_WRITES)
    db, name = locate(session, target.name)
    table = existing(session, db, name)
    shown = f"{db}: {name}" if target.overwrite else f"{db}.{name}"
    session.check("LOAD", db, name, error=command_denied(session, "LOAD", shown))
    overwrite, makes_partitions = _overwrite(session, table, target)
    listed = bool(target.columns)
    target, source = _without_generated(table, target, source)
    columns = _columns(session, table, target)
    try:
        select = _select(session, source, table, columns.all, text, listed=listed)
        if session.in_transaction:
            return _in_transaction(session, table, columns, select, target, source)
        written = session.warehouse.writer.append(
            session.cursor,
            table,
            [column.name for column in columns.kept],
            _sign_last(select, columns),
            label=target.label,
            overwrite=overwrite,
            partitions=target.partitions.names,
            makes_partitions=makes_partitions,
            partial=columns.partial,
            signed=columns.signed,
            temporary=target.partitions.temporary,
            on_bad_row="refuse" if is_strict(session) else "filter",
            most_bad=float(session.variables["insert_max_filter_ratio"]),
            now=session.facts.now,
            while_waiting=session.check_cancelled,
        )
    except LabelUsed as used:
        raise DorisError(f"begin transaction failed. {used.detail}") from used
    finally:
        forget_rows(session)
    return inserted(session, table, written)


def _read(session: Session, text: str) -> tuple[Target, tree.Query | Rows]:
    split = split_literals(text)
    parser = write_parser(session, text if split is None else f"{split[0]}()")
    target, source = parser.insert()
    parser.finish()
    return target, source if split is None else split[1]


def existing(session: Session, db: str, name: str, place: str = "") -> Table:
    """The table that a statement writes to. Raises as Doris does for what it cannot write to.

    `place` is what Doris adds to the name of a missing table: where the statement begins, if it tells at all.
    """
    snapshot = session.warehouse.catalog.snapshot()
    if not session.warehouse.schema(session).has_database(db):
        raise DorisError(f"Database [{db}] does not exist.")
    found = snapshot.table(db, name)
    if found is None:
        raise DorisError(f"Table [{name}] does not exist in database [{db}].{place}")
    if not isinstance(found, Table):
        raise DorisError(f"the target table of insert into should be an OLAP table, but {db}.{name} is a view")
    return found


def check_partitions(table: Table, partitions: Partitions) -> None:
    """Raise for partitions that the table does not have."""
    if partitions.temporary and len(partitions.names) > 1:
        raise Refused("several temporary partitions as the target of one write", "Write to one after the other.")
    known = {partition.name.lower() for partition in (table.temporary if partitions.temporary else table.partitions)}
    for partition in partitions.names:
        if partition.lower() not in known:
            raise DorisError(f"partition {partition} is not found in table {table.name}")


def _overwrite(session: Session, table: Table, target: Target) -> tuple[Overwrite, bool]:
    """What is removed, and whether an AUTO table gets the partitions that it lacks."""
    check_partitions(table, target.partitions)
    if not target.overwrite:
        return "nothing", True
    makes = session.variables["enable_auto_create_when_overwrite"] == "true" and not target.partitions.names
    if not target.partitions.touched:
        return "all", makes
    if table.partitioning is None:
        raise Refused("INSERT OVERWRITE ... PARTITION(*) of a table without partitions", "Leave PARTITION(*) out.")
    return "touched", makes


def _without_generated(table: Table, target: Target, source: tree.Query | Rows) -> tuple[Target, tree.Query | Rows]:
    """The INSERT without the generated columns, for which nothing but DEFAULT may be written."""
    if all(column.generated is None for column in table.columns):
        return target, source
    names = target.columns or tuple(column.name for column in table.columns)
    columns = [table.column(name) for name in names]
    gone = {at for at, column in enumerate(columns) if column is not None and column.generated is not None}
    if isinstance(source, Rows):
        for row in source.rows:
            if row and len(row) != len(names):
                raise DorisError("Column count doesn't match value count")
        for at in gone:
            column = columns[at]
            if column is not None and any(row and not isinstance(row[at], Default) for row in source.rows):
                raise given_generated(column, table)
        source = Rows([[cell for at, cell in enumerate(row) if at not in gone] for row in source.rows])
    elif gone:
        column = columns[min(gone)]
        if column is not None:
            raise given_generated(column, table)
    return replace(target, columns=tuple(name for at, name in enumerate(names) if at not in gone)), source


def _columns(session: Session, table: Table, target: Target) -> Columns:
    if not target.columns:
        return Columns(table.columns, table.columns)
    if any(name.upper() == _HIDDEN_SEQUENCE for name in target.columns):
        raise Refused(f"the column {_HIDDEN_SEQUENCE}", "Declare a function_column.sequence_col.")
    names = [name for name in target.columns if name.upper() != DELETE_SIGN]
    signed = len(names) < len(target.columns) and table.model is KeyModel.UNIQUE
    if not signed:
        names = list(target.columns)
    elif sequence_column(table) is not None:
        raise Refused(f"{DELETE_SIGN} of a table with a sequence column", "Use DELETE.")
    partial = _partial(session, table, names)
    _check_sequence(session, table, names, partial=partial is not None)
    kept = target_columns(table, names, all_needed=partial is None)
    if not signed:
        return Columns(kept, kept, partial)
    if any(key.lower() not in map(str.lower, names) for key in table.keys):
        raise Refused(f"{DELETE_SIGN} without every key column")
    by_name = {column.name.lower(): column for column in kept}
    return Columns(tuple(by_name.get(name.lower(), _SIGN) for name in target.columns), kept, partial)


def _partial(session: Session, table: Table, names: Sequence[str]) -> NewRows | None:
    """How a partial update treats new keys; None where the INSERT is none."""
    on_write = dict(table.properties).get("enable_unique_key_merge_on_write", "true") == "true"
    if session.variables["enable_unique_key_partial_update"] != "true" or table.model is not KeyModel.UNIQUE:
        return None
    if not on_write or table.cluster_by:
        return None
    given = {name.lower() for name in names}
    for column in table.columns:
        if column.is_key and column.auto_increment is None and column.name.lower() not in given:
            raise DorisError(f"Partial update should include all key columns, missing: {column.name}")
    missing = [column for column in table.columns if column.name.lower() not in given]
    automatic = [column for column in missing if column.is_key]
    if automatic or not missing:
        return None
    return "ERROR" if session.variables["partial_update_new_key_behavior"].upper() == "ERROR" else "APPEND"


def _check_sequence(session: Session, table: Table, names: Sequence[str], *, partial: bool) -> None:
    sequence = sequence_column(table)
    if sequence is None or partial or sequence.name.lower() in map(str.lower, names):
        return
    needed = session.variables["require_sequence_in_insert"] == "true"
    if needed and (sequence.default or "").upper() != "CURRENT_TIMESTAMP":
        raise DorisError(f"Table {table.name} has sequence column, need to specify the sequence column")


def _select(
    session: Session,
    source: tree.Query | Rows,
    table: Table,
    columns: tuple[Column, ...],
    text: str,
    *,
    listed: bool,
) -> str:
    """A DuckDB SELECT of the source in the physical types of the columns."""
    if isinstance(source, Rows):
        if listed and not all(source.rows):
            raise DorisError("value list should not be empty if columns are specified")
        return rows_select(session, source, table, columns, text)
    bound = bind_source(session, source)
    if len(bound.columns) != len(columns):
        raise DorisError(_CONFUSED)
    return source_select(session, bound, columns)


def _sign_last(select: str, columns: Columns) -> str:
    """The same rows with the delete sign behind the other columns."""
    if not columns.signed:
        return select
    at = next(i for i, column in enumerate(columns.all) if column.name == DELETE_SIGN)
    names = [f'"c{i}"' for i in range(len(columns.all))]
    ordered = [name for i, name in enumerate(names) if i != at] + [names[at]]
    return f'SELECT {", ".join(ordered)} FROM ({select}) AS "s"({", ".join(names)})'


def _in_transaction(
    session: Session, table: Table, columns: Columns, select: str, target: Target, source: tree.Query | Rows
) -> Ok:
    if target.partitions.temporary:
        raise Refused("writes to temporary partitions between BEGIN and COMMIT")
    if columns.signed:
        raise Refused(f"{DELETE_SIGN} between BEGIN and COMMIT", "Use DELETE.")
    opened = open_transaction(session)
    if target.label is not None and target.label != opened.label:
        raise DorisError(
            f"begin transaction failed. Transaction insert expect label {opened.label}, but got {target.label}"
        )
    opened.enter(session, table, "values" if isinstance(source, Rows) else "insert")
    staged = session.warehouse.writer.stage(
        session.cursor,
        table,
        [column.name for column in columns.kept],
        select,
        partitions=target.partitions.names,
        partial=columns.partial,
        now=session.facts.now,
    )
    return opened.keep(staged)
