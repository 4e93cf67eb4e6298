"""Row policies in FROM: whoever is bound by one reads the table through it, wherever the table stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from nereus.warehouse.embedded.sql.parse import parse_expression
from nereus.warehouse.embedded.sql.render import quoted
from nereus.warehouse.embedded.sql.scope import CATALOG, Column, Scope
from nereus.warehouse.embedded.sql.typed import Relation

if TYPE_CHECKING:
    from nereus.warehouse.embedded.sql.queries import QueryBinder


def guarded(source: str, relation: Relation, columns: Sequence[Column], binder: QueryBinder) -> str:
    """``t`` -> ``(SELECT * FROM t AS a WHERE condition)`` for a relation with a row filter.

    `columns` are those of the relation, named as they are in `source`. The filter reads in the name of the table: the
    user needs no privilege on the columns it uses.
    """
    if not relation.row_filter:
        return source
    context = binder.context
    # What was computed from all rows answers nobody who may not see all rows.
    context.rewriter = None
    alias = context.counters.alias()
    inner = replace(
        context,
        text=relation.row_filter,
        database=relation.db,
        reads=set(),
        tables=set(),
        volatile=False,
        meanings=None,
    )
    qualifier = (CATALOG, relation.db, relation.name)
    own = [
        Column(column.name, column.type, qualifier, alias, column.physical, column.nullable, None, column.number)
        for column in columns
    ]
    expressions = replace(binder, context=inner, ctes={}).expressions(Scope(own, own), "FILTER")
    condition = expressions.condition(parse_expression(relation.row_filter)).node
    context.volatile |= inner.volatile
    return f"(SELECT * FROM {source} AS {quoted(alias)} WHERE {context.render(condition)})"
