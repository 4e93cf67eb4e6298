"""UPDATE and DELETE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from sqlglot import exp

from nereus.warehouse.embedded.catalog.model import Column, KeyModel, Table
from nereus.warehouse.embedded.denials import command_denied
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.result import Ok
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql import tree
from nereus.warehouse.embedded.sql.binder import bind_scalar
from nereus.warehouse.embedded.sql.lexer import syntax_error
from nereus.warehouse.embedded.sql.parse import parse_expression
from nereus.warehouse.embedded.sql.render import Renderer
from nereus.warehouse.embedded.statements.assign import bind_source, inserted, source_select
from nereus.warehouse.embedded.statements.ddl import locate
from nereus.warehouse.embedded.statements.deleting import is_simple
from nereus.warehouse.embedded.statements.inserting import existing
from nereus.warehouse.embedded.statements.transactions import open_transaction
from nereus.warehouse.embedded.statements.write_parser import query_of, write_parser
from nereus.warehouse.embedded.write.keys import sequence_column
from nereus.warehouse.embedded.write.staging import Deletion, stage_keys


@statement("UPDATE", "WITH UPDATE", kind="UPDATE", in_transaction=True)
def update(session: Session, text: str) -> Ok:
    """[WITH ...] UPDATE name [alias] SET column = value, ... [FROM relations] [WHERE condition], of UNIQUE tables"""
    parser = write_parser(session, text)
    tables = parser.common_tables()
    parser.expect("UPDATE")
    parts = parser.table_name()
    alias = parser.alias()
    parser.expect("SET")
    assignments = parser.assignments()
    others = parser.relations() if parser.accept("FROM") else None
    where = parser.expression() if parser.accept("WHERE") else None
    parser.finish()
    db, name = locate(session, parts)
    table = existing(session, db, name)
    session.check("LOAD", db, name, error=command_denied(session, "LOAD", f"{db}.{name}"))
    if table.model is not KeyModel.UNIQUE:
        raise DorisError("Only unique table could be updated.")
    values = _values_of(assignments, table, db, alias)
    columns = tuple(column for column in table.columns if column.generated is None)
    items = [
        tree.Item(values.get(column.name) or _new_value(column, alias or name), column.name, True) for column in columns
    ]
    bound = bind_source(session, query_of(items, (db, name), alias, others, where, text, tables))
    select = source_select(session, bound, columns)
    names = [column.name for column in columns]
    if session.in_transaction:
        opened = open_transaction(session)
        opened.enter(session, table, "insert")
        return opened.keep(session.warehouse.writer.stage(session.cursor, table, names, select, now=session.facts.now))
    written = session.warehouse.writer.append(
        session.cursor, table, names, select, now=session.facts.now, while_waiting=session.check_cancelled
    )
    return inserted(session, table, written)


def _values_of(
    assignments: Sequence[tuple[tuple[str, ...], exp.Expression]], table: Table, db: str, alias: str | None
) -> dict[str, exp.Expression]:
    """New values by the declared name of their column."""
    found: dict[str, exp.Expression] = {}
    unknown: list[str] = []
    for parts, value in assignments:
        if len(parts) > 3 or (len(parts) > 1 and parts[-2] != (alias or table.name)):
            raise DorisError(f"column in assignment list is invalid, {'.'.join(parts)}")
        if len(parts) == 3 and (parts[0] != db or alias is not None):
            raise DorisError(f"column in assignment list is invalid, {'.'.join(parts)}")
        column = table.column(parts[-1])
        if column is None:
            unknown.append(parts[-1])
            continue
        if column.name in table.keys:
            raise DorisError("Only value columns of unique table could be updated")
        if column.generated is not None:
            raise DorisError(
                f"The value specified for generated column '{column.name}' in table '{table.name}' is not allowed."
            )
        found[column.name] = value
    if unknown:
        raise DorisError(f"unknown column in assignment list: {', '.join(sorted(unknown))}")
    return found


def _new_value(column: Column, qualifier: str) -> exp.Expression:
    if column.on_update is not None:
        digits = column.on_update.partition("(")[2].rstrip(")")
        arguments = [exp.Literal.number(digits)] if digits else []
        return tree.Call(this="now", expressions=arguments)
    return tree.Name(parts=(qualifier, column.name), at=0)


@dataclass(frozen=True, slots=True)
class _Delete:
    """A DELETE as written."""

    table: Table
    partitions: tuple[str, ...]
    alias: str | None
    others: tree.Relation | None
    where: exp.Expression | None
    tables: tuple[tree.CommonTable, ...]
    text: str


@statement("DELETE", "WITH DELETE", kind="DELETE", in_transaction=True)
def delete(session: Session, text: str) -> Ok:
    """[WITH ...] DELETE FROM name [PARTITION ...] [alias] [USING relations] [WHERE condition]"""
    parser = write_parser(session, text)
    tables = parser.common_tables()
    place = syntax_error(text, parser.token.start, "").detail.strip()
    parser.expect("DELETE")
    parser.expect("FROM")
    parts = parser.table_name()
    partitions = parser.partitions()
    alias = parser.alias()
    others = parser.relations() if parser.accept("USING") else None
    where = parser.expression() if parser.accept("WHERE") else None
    parser.finish()
    db, name = locate(session, parts)
    table = existing(session, db, name, place)
    session.check("LOAD", db, name, error=command_denied(session, "LOAD", f"{db}: {name}"))
    if partitions.temporary:
        raise Refused("DELETE in temporary partitions")
    known = {partition.name.lower() for partition in table.partitions}
    for partition in partitions.names:
        if partition.lower() not in known:
            raise DorisError(f"Partition: {partition} is not exists on table internal.{db}.{name}")
    written = _Delete(table, partitions.names, alias, others, where, tables, text)
    unique = table.model is KeyModel.UNIQUE
    if others is not None or tables:
        if not unique:
            raise DorisError("delete command on aggregate/duplicate table is not explainable")
        return _delete_keys(session, written)
    if where is None:
        raise DorisError("delete command must contain filter")
    if where.find(tree.Name, tree.QueryExpression) is None:
        return _constant(session, written)
    if unique and where.find(tree.QueryExpression) is None and _is_empty(session, written):
        return _nothing_deleted()
    if not is_simple(where, table):
        return _delete_keys(session, written)
    properties = dict(table.properties)
    on_write = properties.get("enable_unique_key_merge_on_write", "true") == "true"
    if unique and on_write and properties.get("enable_mow_light_delete") != "true":
        return _delete_keys(session, written)
    return _delete_rows(session, written)


def _constant(session: Session, written: _Delete) -> Ok:
    """A condition that is the same for all rows: Doris finds no filter where it is true, and no work where not."""
    row = session.cursor.execute(f"SELECT coalesce({_predicate(session, written)}, FALSE)").fetchone()
    if row and row[0]:
        raise DorisError("delete command must contain filter")
    return _nothing_deleted()


def _nothing_deleted() -> Ok:
    return Ok(0, f"{{'label':'delete_{uuid4()}', 'txnId':'-1', 'status':'VISIBLE'}}")


def _is_empty(session: Session, written: _Delete) -> bool:
    """Whether the table has no rows, once the condition is known to be one: then Doris plans no deletion."""
    _predicate(session, written)
    relation = session.warehouse.schema(session).relation(written.table.db, written.table.name)
    if relation is None or relation.from_sql is None:
        return False
    return session.cursor.execute(f"SELECT 1 FROM {relation.from_sql} LIMIT 1").fetchone() is None


def _predicate(session: Session, written: _Delete) -> str:
    """The condition as DuckDB text over the table as "t0"."""
    if written.where is None:
        return "TRUE"
    schema = session.warehouse.schema(session)
    relation = schema.relation(written.table.db, written.table.name)
    if relation is not None and written.alias is not None:
        relation = replace(relation, name=written.alias)
    value = bind_scalar(written.where, schema, session.facts, relation, written.text)
    predicate = Renderer().text(value.node)
    if relation is None or not relation.row_filter:
        return predicate
    seen = bind_scalar(parse_expression(relation.row_filter), schema, session.facts, relation, relation.row_filter)
    return f"({predicate}) AND ({Renderer().text(seen.node)})"


def _delete_rows(session: Session, written: _Delete) -> Ok:
    """By a predicate that the storage of Doris would keep."""
    table, predicate = written.table, _predicate(session, written)
    label = f"delete_{uuid4()}"
    if session.in_transaction:
        opened = open_transaction(session)
        opened.enter(session, table, "delete")
        return opened.keep(Deletion(table, predicate, written.partitions))
    done = session.warehouse.writer.delete(
        session.cursor, table, predicate, partitions=written.partitions, while_waiting=session.check_cancelled
    )
    return Ok(0, f"{{'label':'{label}', 'txnId':'{done.txn_id}', 'status':'VISIBLE'}}")


def _delete_keys(session: Session, written: _Delete) -> Ok:
    """By the keys of the rows that a query finds, as Doris deletes from UNIQUE tables."""
    table = written.table
    if sequence_column(table) is not None:
        raise Refused(
            f"DELETE from {table.name}, which has a sequence column",
            "Mark rows as deleted in a column of your own.",
        )
    qualifier = written.alias or table.name
    items = [tree.Item(tree.Name(parts=(qualifier, key), at=0), key, True) for key in table.keys]
    query = query_of(
        items,
        (table.db, table.name),
        written.alias,
        written.others,
        written.where,
        written.text,
        written.tables,
        written.partitions,
    )
    bound = bind_source(session, query)
    if session.in_transaction:
        opened = open_transaction(session)
        opened.enter(session, table, "insert")
        return opened.keep(stage_keys(session.cursor, table, bound.sql))
    done = session.warehouse.writer.delete_keys(session.cursor, table, bound.sql, while_waiting=session.check_cancelled)
    return inserted(session, table, done)
