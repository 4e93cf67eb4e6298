"""CREATE TABLE ... AS SELECT."""

from __future__ import annotations

from dataclasses import replace

from nereus.warehouse.embedded.catalog.model import Column, Table
from nereus.warehouse.embedded.ddl import build_table, syntax
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import Ok, ResultColumn
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql.typed import BoundQuery
from nereus.warehouse.embedded.statements.assign import bind_source, inserted, source_select
from nereus.warehouse.embedded.types import TINYINT, VARCHAR, DorisType


def create_table_as_select(session: Session, written: syntax.CreateTable, db: str) -> Ok:
    """Make the table from the query's columns and fill it; a query that fails leaves no table."""
    if written.query is None:
        raise DorisError("CREATE TABLE ... AS without a query")
    bound = bind_source(session, written.query)
    if written.names and len(written.names) != len(bound.columns):
        raise DorisError("ctas column size is not equal to the query's")
    clauses = tuple(
        syntax.ColumnClause(_column(session, column, position, written), nullable=_nullable(session, column, bound))
        for position, column in enumerate(bound.columns)
    )
    distribution = written.distributed_by or syntax.DistributedBy((clauses[0].column.name,))
    table = build_table(replace(written, columns=clauses, distributed_by=distribution), db)
    catalog = session.warehouse.catalog
    made = catalog.create_table(table, if_not_exists=written.if_not_exists)
    if made is None:
        return Ok()
    try:
        names = [column.name for column in made.columns]
        source = source_select(session, bound, made.columns)
        done = session.warehouse.writer.append(session.cursor, made, names, source, now=session.facts.now)
        return inserted(session, made, done)
    except BaseException as error:
        catalog.drop(made.db, made.name, view=False, if_exists=True)
        if isinstance(error, DorisError):
            raise DorisError(f"Failed to execute CTAS Reason: {error.detail}") from error
        raise


def _column(session: Session, column: ResultColumn, position: int, written: syntax.CreateTable) -> Column:
    name = written.names[position] if written.names else column.name
    return Column(name, _type(column, position))


def _type(column: ResultColumn, position: int) -> DorisType:
    """Columns of tables keep their type; texts of expressions become as long as a varchar can be."""
    if column.type.name == "null":
        return TINYINT
    if position == 0 and column.type.name == "string":
        return VARCHAR
    if not column.table and column.type.name in ("char", "varchar"):
        return VARCHAR
    return column.type


def _nullable(session: Session, column: ResultColumn, bound: BoundQuery) -> bool:
    """An expression may be NULL; a column is NOT NULL where its table says so and no join can have made it NULL."""
    if not column.table or len({(read.db, read.table) for read in bound.reads}) > 1:
        return True
    source = session.warehouse.catalog.snapshot().table(column.db, column.table)
    origin = source.column(column.origin) if isinstance(source, Table) else None
    return origin is None or origin.nullable
