"""Doris queries and expressions, bound to a catalogue and ready for DuckDB."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.result import ResultColumn
from nereus.warehouse.embedded.sql import rules, tree
from nereus.warehouse.embedded.sql.context import Context, Meanings
from nereus.warehouse.embedded.sql.outputs import Output
from nereus.warehouse.embedded.sql.parts import Parts, Rewriter
from nereus.warehouse.embedded.sql.queries import QueryBinder
from nereus.warehouse.embedded.sql.scope import Column, Scope
from nereus.warehouse.embedded.sql.typed import BoundQuery, ColumnRead, Relation, Schema, SessionFacts, Typed

rules.load()

#: The DuckDB table alias under which `bind_scalar` refers to the columns of its relation.
RELATION_ALIAS = "t0"


def bind_query(query: tree.Query, schema: Schema, facts: SessionFacts, rewriter: Rewriter | None = None) -> BoundQuery:
    """Bind a parsed query. Raises DorisError with Doris' own texts, and Refused for what is not proven equal.

    `rewriter` may put other SELECTs in the place of its own.
    """
    return bind_parts(query, schema, facts, rewriter)[0]


def bind_parts(
    query: tree.Query, schema: Schema, facts: SessionFacts, rewriter: Rewriter | None = None
) -> tuple[BoundQuery, Parts | None]:
    """A bound query, and its clauses where it is one SELECT."""
    context = Context(schema, facts, query.text, facts.database, rewriter=rewriter)
    try:
        bound = QueryBinder(context).query(query, None)
    except RecursionError:
        raise Refused("a statement nested this deeply") from None
    columns = tuple(_result_column(output) for output in bound.outputs)
    found = BoundQuery(
        bound.text,
        columns,
        context.all_reads(),
        context.volatile,
        frozenset(context.stored),
        context.counters.repeats,
    )
    return found, bound.parts


def meanings_of(query: tree.Query, schema: Schema, facts: SessionFacts) -> Meanings:
    """What the names and stars in the text of a query mean."""
    meanings = Meanings()
    context = Context(schema, facts, query.text, facts.database, meanings=meanings)
    QueryBinder(context).query(query, None)
    return meanings


def nullability(query: tree.Query, schema: Schema, facts: SessionFacts) -> tuple[bool, ...]:
    """Whether each column of a query may be NULL, as far as it is told by columns of tables, literals and counts.

    Every other expression may be: True.
    """
    context = Context(schema, facts, query.text, facts.database)
    found = [output.nullable for output in QueryBinder(context).query(query, None).outputs]
    if not isinstance(query.body, tree.Select):
        return tuple(found)
    items, group = query.body.items, query.body.group
    if group is not None and group.sets:
        found = [True] * len(found)
    if len(items) == len(found):
        found = [may and not _is_never_null(item.expression) for may, item in zip(found, items, strict=True)]
    return tuple(found)


def _is_never_null(node: exp.Expression) -> bool:
    if isinstance(node, tree.Call):
        return str(node.this).lower() in ("count", "now", "uuid")
    return isinstance(node, (exp.Literal, exp.Boolean))


def _result_column(output: Output) -> ResultColumn:
    if output.origin is None:
        return ResultColumn(output.name, output.type)
    return ResultColumn(output.name, output.type, output.origin.db, output.origin.table, output.origin.column)


def bind_scalar(
    node: exp.Expression, schema: Schema, facts: SessionFacts, relation: Relation | None = None, text: str = ""
) -> Typed:
    """Bind one expression over the columns of one relation, or over none.

    The columns are referred to as ``"t0"."name"``: the caller puts the relation into FROM under `RELATION_ALIAS`.

    Args:
        text: what the expression was parsed from, for the positions in errors.
    """
    context = Context(schema, facts, text, facts.database)
    columns: list[Column] = []
    if relation is not None:
        columns = [
            Column(
                column.name,
                column.type,
                ("internal", relation.db, relation.name),
                RELATION_ALIAS,
                column.name,
                column.nullable,
                ColumnRead(relation.db, relation.name, column.name),
                context.counters.column(),
            )
            for column in relation.columns
        ]
    expressions = QueryBinder(context).expressions(Scope(columns, columns), "FILTER")
    try:
        value = expressions.bind(node)
    except RecursionError:
        raise Refused("an expression nested this deeply") from None
    return value
