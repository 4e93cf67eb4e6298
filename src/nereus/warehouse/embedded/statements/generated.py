"""Generated columns: their expressions are checked when the table is made, and kept as the engine's text."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from nereus.warehouse.embedded.catalog.model import Column, Table
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql import registry, tree
from nereus.warehouse.embedded.sql.binder import bind_scalar
from nereus.warehouse.embedded.sql.parse import parse_expression
from nereus.warehouse.embedded.sql.render import Renderer
from nereus.warehouse.embedded.sql.typed import Relation, RelationColumn
from nereus.warehouse.embedded.statements.assign import assigned


def with_generated(session: Session, table: Table) -> Table:
    """The table with the expressions of its generated columns bound. Raises what Doris raises."""
    if all(column.generated is None for column in table.columns):
        return table
    known = tuple(RelationColumn(column.name, column.type, column.nullable) for column in table.columns)
    relation = Relation(table.db, table.name, known, from_sql="")
    made: list[Column] = []
    for position, column in enumerate(table.columns):
        if column.generated is None:
            made.append(column)
            continue
        parsed = parse_expression(column.generated)
        _check(parsed, table, position)
        try:
            value = bind_scalar(parsed, session.warehouse.schema(session), session.facts, relation, column.generated)
        except Refused:
            raise
        except DorisError as error:
            text = error.detail[:1].lower() + error.detail[1:]
            raise DorisError(f"In generated column '{column.name}', {text}") from error
        if value.volatile or value.aggregate:
            raise DorisError(
                f"Expression of generated column '{column.name}' contains a disallowed function:'{column.generated}'"
            )
        stored = assigned(value, column.type, session)
        made.append(replace(column, generated_sql=Renderer().text(stored.node)))
    return replace(table, columns=tuple(made))


def _check(parsed: exp.Expression, table: Table, position: int) -> None:
    if parsed.find(tree.QueryExpression, tree.Lambda) is not None:
        raise Refused("a generated column with a subquery or a lambda")
    if parsed.find(exp.Parameter, exp.SessionParameter) is not None:
        raise DorisError("Generated column expression cannot contain variable")
    for call in parsed.find_all(tree.Call):
        if call.this in registry.AGGREGATES or call.this in registry.WINDOWS:
            own = table.columns[position].name
            raise DorisError(f"Expression of generated column '{own}' contains a disallowed function:'{call.this}'")
    for name in parsed.find_all(tree.Name):
        column = table.column(str(name.args["parts"][-1]))
        if column is None:
            continue
        if column.auto_increment is not None:
            own = table.columns[position].name
            raise DorisError(f"Generated column '{own}' cannot refer to auto-increment column.")
        if column.generated is not None and table.columns.index(column) >= position:
            raise DorisError("Generated column can refer only to generated columns defined prior to it.")
