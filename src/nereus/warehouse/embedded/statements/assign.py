"""From the values of a query to the columns of a table: casts, cuts, and the answer that INSERT gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from nereus.warehouse.embedded.catalog.model import Column, Table
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import Ok
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql import tree
from nereus.warehouse.embedded.sql.binder import bind_query
from nereus.warehouse.embedded.sql.render import Renderer
from nereus.warehouse.embedded.sql.rules.casts import cast_to
from nereus.warehouse.embedded.sql.typed import BoundQuery, Typed
from nereus.warehouse.embedded.statements.query import check_reads
from nereus.warehouse.embedded.types import DorisType
from nereus.warehouse.embedded.workload.admission import admit
from nereus.warehouse.embedded.write.writer import Written


def bind_source(session: Session, query: tree.Query) -> BoundQuery:
    """A bound query that the user may read."""
    bound = bind_query(query, session.warehouse.schema(session), session.facts)
    check_reads(session, bound)
    tables = tuple(sorted({f"{read.db}.{read.table}" for read in bound.reads}))
    if session.running is not None:
        session.running.reads = tables
    if tables:
        admit(session, tables)
    return bound


def assigned(value: Typed, kind: DorisType, session: Session) -> Typed:
    """A value as a column of this type stores it.

    A text is cut at the column's length, as Doris' INSERT does (enable_insert_value_auto_cast); what does not fit
    another type is an error, unless enable_insert_strict is off.
    """
    if value.type.is_text and kind.name in ("char", "varchar"):
        if session.variables["enable_insert_value_auto_cast"] != "true" or _fits(value.type, kind):
            return replace(value, type=kind)
        cut = exp.Anonymous(this="left", expressions=[value.node, exp.Literal.number(kind.length or 0)])
        return replace(value, node=cut, type=kind)
    return cast_to(value, kind, strict=is_strict(session))


def _fits(source: DorisType, kind: DorisType) -> bool:
    return source.name in ("char", "varchar") and (source.length or 0) <= (kind.length or 0)


def is_strict(session: Session) -> bool:
    return session.variables["enable_insert_strict"] == "true"


def source_select(session: Session, bound: BoundQuery, columns: Sequence[Column]) -> str:
    """A DuckDB SELECT of the query's columns in the physical types of the table's."""
    if len(bound.columns) != len(columns):
        raise DorisError("insert into cols should be corresponding to the query output")
    if all(source.type == column.type for source, column in zip(bound.columns, columns, strict=True)):
        return bound.sql
    renderer = Renderer()
    items = []
    for position, (source, column) in enumerate(zip(bound.columns, columns, strict=True)):
        reference = exp.Column(
            this=exp.Identifier(this=f"c{position}", quoted=True), table=exp.Identifier(this="q", quoted=True)
        )
        items.append(renderer.text(assigned(Typed(reference, source.type), column.type, session).node))
    return f'SELECT {", ".join(items)} FROM ({bound.sql}) AS "q"'


def inserted(session: Session, table: Table, written: Written) -> Ok:
    """Doris' answer to INSERT and UPDATE, which SHOW LAST INSERT repeats."""
    session.last_insert = written.txn_id, written.label, table.db, table.name, "VISIBLE", written.rows, written.filtered
    info = f"{{'label':'{written.label}', 'status':'VISIBLE', 'txnId':'{written.txn_id}'}}"
    return Ok(written.rows, info)
