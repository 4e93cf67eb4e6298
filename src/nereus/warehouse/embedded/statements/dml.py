"""INSERT, UPDATE and DELETE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from sqlglot import exp

from nereus.warehouse.embedded.catalog.model import Column, KeyModel, Table
from nereus.warehouse.embedded.ddl.clauses import ClauseParser
from nereus.warehouse.embedded.denials import command_denied
from nereus.warehouse.embedded.dispatch import statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.result import Ok
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql import tree
from nereus.warehouse.embedded.sql.binder import bind_scalar
from nereus.warehouse.embedded.sql.render import Renderer
from nereus.warehouse.embedded.statements.assign import bind_source, inserted, source_select
from nereus.warehouse.embedded.statements.ddl import locate
from nereus.warehouse.embedded.statements.deleting import check_condition
from nereus.warehouse.embedded.statements.values import Rows, forget_rows, rows_select, split_literals
from nereus.warehouse.embedded.write.labels import LabelUsed
from nereus.warehouse.embedded.write.rows import target_columns

_CONFUSED = "insert into cols should be corresponding to the query output"


@dataclass(frozen=True, slots=True)
class Target:
    """What an INSERT writes to."""

    name: tuple[str, ...]
    overwrite: bool
    partitions: tuple[str, ...]
    label: str | None
    columns: tuple[str, ...]


class WriteParser(ClauseParser):
    def insert(self) -> tuple[Target, tree.Query | Rows]:
        self.expect("INSERT")
        overwrite = self.accept("OVERWRITE")
        if not overwrite:
            self.expect("INTO")
        if overwrite:
            self.expect("TABLE")
        name = self.table_name()
        partitions = self.partition_names()
        label = None
        if self.accept("WITH"):
            self.expect_word("LABEL")
            label = self.name()
        columns = self.name_list() if self.kind == "(" and not self._query_follows() else ()
        if self.accept("["):
            self.name_or_more()
        target = Target(name, overwrite, partitions, label, columns)
        if self.kind == "VALUES":
            return target, Rows.read(self)
        return target, self.query()

    def _query_follows(self) -> bool:
        return self.ahead(1).kind in ("SELECT", "WITH", "VALUES", "(")

    def name_or_more(self) -> None:
        """Hints in brackets ([SHUFFLE]) have no effect here."""
        self.name()
        while self.accept(","):
            self.name()
        self.expect("]")

    def partition_names(self) -> tuple[str, ...]:
        if self.token.word == "TEMPORARY":
            raise Refused("temporary partitions")
        if self.kind != "PARTITION" and self.token.word != "PARTITIONS":
            return ()
        self.advance()
        if self.kind != "(":
            return (self.name(),)
        if self.ahead().kind == "*":
            raise Refused("INSERT OVERWRITE ... PARTITION(*)", "Name the partitions.")
        return self.name_list()

    def alias(self) -> str | None:
        self.accept("AS")
        return self.name() if self.at_name() else None

    def assignments(self) -> list[tuple[tuple[str, ...], exp.Expression]]:
        found = []
        while True:
            parts = [self.name()]
            while self.accept("."):
                parts.append(self.name())
            self.expect("=")
            if self.kind == "DEFAULT":
                raise Refused("SET column = DEFAULT", "Write the default value.")
            found.append((tuple(parts), self.expression()))
            if not self.accept(","):
                return found


def _parser(session: Session, text: str) -> WriteParser:
    modes = session.variables["sql_mode"].upper()
    return WriteParser(
        text,
        pipes_as_concat="PIPES_AS_CONCAT" in modes,
        backslash_escapes="NO_BACKSLASH_ESCAPES" not in modes,
    )


@statement("INSERT", kind="INSERT", in_transaction=True)
def insert(session: Session, text: str) -> Ok:
    """INSERT INTO | OVERWRITE TABLE name [PARTITION ...] [WITH LABEL l] [(columns)] VALUES ... | query"""
    _outside_transaction(session)
    target, source = _read_insert(session, text)
    db, name = locate(session, target.name)
    table = _existing(session, db, name)
    session.check("LOAD", db, name, error=command_denied(session, "LOAD", f"{db}.{name}"))
    known = {partition.name.lower() for partition in table.partitions}
    for partition in target.partitions:
        if partition.lower() not in known:
            raise DorisError(f"partition {partition} is not found in table {name}")
    columns = target_columns(table, target.columns) if target.columns else table.columns
    if isinstance(source, Rows):
        select = rows_select(session, source, table, columns, text)
    else:
        bound = bind_source(session, source)
        if len(bound.columns) != len(columns):
            raise DorisError(_CONFUSED)
        select = source_select(session, bound, columns)
    try:
        written = session.warehouse.writer.append(
            session.cursor,
            table,
            [column.name for column in columns],
            select,
            label=target.label,
            overwrite=target.overwrite,
            partitions=target.partitions,
            now=session.facts.now,
            while_waiting=session.check_cancelled,
        )
    except LabelUsed as used:
        raise DorisError(f"begin transaction failed. {used.detail}") from used
    finally:
        forget_rows(session)
    return inserted(written)


def _read_insert(session: Session, text: str) -> tuple[Target, tree.Query | Rows]:
    split = split_literals(text)
    parser = _parser(session, text if split is None else f"{split[0]}()")
    target, source = parser.insert()
    parser.finish()
    return target, source if split is None else split[1]


@statement("UPDATE", kind="UPDATE", in_transaction=True)
def update(session: Session, text: str) -> Ok:
    """UPDATE name [alias] SET column = value, ... [FROM relations] [WHERE condition], of UNIQUE tables alone"""
    _outside_transaction(session)
    parser = _parser(session, text)
    parser.expect("UPDATE")
    parts = parser.table_name()
    alias = parser.alias()
    parser.expect("SET")
    assignments = parser.assignments()
    others = parser.relations() if parser.accept("FROM") else None
    where = parser.expression() if parser.accept("WHERE") else None
    parser.finish()
    db, name = locate(session, parts)
    table = _existing(session, db, name)
    session.check("LOAD", db, name, error=command_denied(session, "LOAD", f"{db}.{name}"))
    if table.model is not KeyModel.UNIQUE:
        raise DorisError("Only unique table could be updated.")
    values = _values_of(assignments, table, db, alias)
    items = tuple(
        tree.Item(values.get(column.name) or _new_value(column, alias or name), column.name, True)
        for column in table.columns
    )
    query = _select(items, (db, name), alias, others, where, text)
    bound = bind_source(session, query)
    written = session.warehouse.writer.append(
        session.cursor,
        table,
        [column.name for column in table.columns],
        source_select(session, bound, table.columns),
        now=session.facts.now,
        while_waiting=session.check_cancelled,
    )
    return inserted(written)


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


def _select(
    items: tuple[tree.Item, ...],
    name: tuple[str, str],
    alias: str | None,
    others: tree.Relation | None,
    where: exp.Expression | None,
    text: str,
) -> tree.Query:
    relation: tree.Relation = tree.TableName(name, alias)
    if others is not None:
        relation = tree.Join(relation, others, "CROSS")
    return tree.Query(tree.Select(items, relation=relation, where=where), text=text)


@statement("DELETE", kind="DELETE", in_transaction=True)
def delete(session: Session, text: str) -> Ok:
    """DELETE FROM name [PARTITION ...] [alias] [USING relations] WHERE condition"""
    _outside_transaction(session)
    parser = _parser(session, text)
    parser.expect("DELETE")
    parser.expect("FROM")
    parts = parser.table_name()
    partitions = parser.partition_names()
    alias = parser.alias()
    others = parser.relations() if parser.accept("USING") else None
    where = parser.expression() if parser.accept("WHERE") else None
    parser.finish()
    db, name = locate(session, parts)
    table = _existing(session, db, name)
    session.check("LOAD", db, name, error=command_denied(session, "LOAD", f"{db}: {name}"))
    known = {partition.name.lower() for partition in table.partitions}
    for partition in partitions:
        if partition.lower() not in known:
            raise DorisError(f"Partition: {partition} is not exists on table internal.{db}.{name}")
    subquery = where is not None and where.find(tree.QueryExpression) is not None
    if table.model is KeyModel.UNIQUE and (others is not None or subquery):
        return _delete_keys(session, table, alias, others, where, partitions, text)
    if others is not None:
        raise DorisError("delete command on aggregate/duplicate table is not explainable")
    if table.model is not KeyModel.UNIQUE:
        check_condition(where, table)
    return _delete_rows(session, table, alias, where, partitions, text)


def _delete_rows(
    session: Session,
    table: Table,
    alias: str | None,
    where: exp.Expression | None,
    partitions: tuple[str, ...],
    text: str,
) -> Ok:
    predicate = "TRUE"
    if where is not None:
        schema = session.warehouse.schema(session)
        relation = schema.relation(table.db, table.name)
        if relation is not None and alias is not None:
            relation = replace(relation, name=alias)
        value = bind_scalar(where, schema, session.facts, relation, text)
        predicate = Renderer().text(value.node)
    done = session.warehouse.writer.delete(
        session.cursor, table, predicate, partitions=partitions, while_waiting=session.check_cancelled
    )
    if table.model is KeyModel.UNIQUE:
        return inserted(done)
    return Ok(0, f"{{'label':'delete_{uuid4()}', 'txnId':'{done.txn_id}', 'status':'VISIBLE'}}")


def _delete_keys(
    session: Session,
    table: Table,
    alias: str | None,
    others: tree.Relation | None,
    where: exp.Expression | None,
    partitions: tuple[str, ...],
    text: str,
) -> Ok:
    if partitions:
        raise Refused("DELETE ... PARTITION with USING or a subquery", "Filter by the partition column.")
    qualifier = alias or table.name
    items = tuple(tree.Item(tree.Name(parts=(qualifier, key), at=0), key, True) for key in table.keys)
    bound = bind_source(session, _select(items, (table.db, table.name), alias, others, where, text))
    return inserted(
        session.warehouse.writer.delete_keys(session.cursor, table, bound.sql, while_waiting=session.check_cancelled)
    )


def _existing(session: Session, db: str, name: str) -> Table:
    snapshot = session.warehouse.catalog.snapshot()
    if not session.warehouse.schema(session).has_database(db):
        raise DorisError(f"Database [{db}] does not exist.")
    found = snapshot.table(db, name)
    if found is None:
        raise DorisError(f"Table [{name}] does not exist in database [{db}].")
    if not isinstance(found, Table):
        raise DorisError(f"the target table of insert into should be an OLAP table, but {db}.{name} is a view")
    return found


def _outside_transaction(session: Session) -> None:
    if session.in_transaction:
        raise Refused("writes between BEGIN and COMMIT", "Each statement commits by itself.")
