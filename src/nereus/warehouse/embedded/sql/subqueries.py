"""Subqueries inside expressions: scalar, IN and EXISTS, correlated or not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql import tree
from nereus.warehouse.embedded.sql.correlation import check
from nereus.warehouse.embedded.sql.outputs import Bound
from nereus.warehouse.embedded.sql.records import record
from nereus.warehouse.embedded.sql.render import Text
from nereus.warehouse.embedded.sql.rules import comparison
from nereus.warehouse.embedded.sql.scope import Scope
from nereus.warehouse.embedded.sql.typed import Typed

if TYPE_CHECKING:
    from nereus.warehouse.embedded.sql.queries import QueryBinder


@record(frozen=True, slots=True)
class SubqueryBinder:
    """Binds queries that stand in an expression; `scope` is what the expression itself sees."""

    binder: QueryBinder

    def exists(self, query: tree.Query, scope: Scope, *, negated: bool) -> exp.Expression:
        if query.limit == 0:
            return exp.Boolean(this=negated)
        bound, outer = self._bind("exists", query, scope)
        if outer and query.offset:
            raise DorisError("Unsupported correlated subquery with a LIMIT clause with offset > 0")
        return Text(this=f"({'NOT ' if negated else ''}EXISTS ({bound.text}))", columns=outer)

    def scalar(self, query: tree.Query, scope: Scope) -> Typed:
        bound, outer = self._bind("scalar", query, scope)
        _one_column(bound)
        if outer and query.limit is not None and (query.limit != 1 or query.offset):
            raise DorisError("limit is not supported in correlated subquery")
        return Typed(Text(this=f"({bound.text})", columns=outer), bound.outputs[0].type)

    def within(self, value: Typed, query: tree.Query, scope: Scope, *, negated: bool) -> exp.Expression:
        bound, outer = self._bind("in", query, scope)
        _one_column(bound)
        if outer and query.limit is not None:
            raise DorisError("Unsupported correlated subquery with a LIMIT clause")
        column = Typed(exp.column("c0", quoted=True), bound.outputs[0].type)
        left, right = comparison.pair(value, column)
        bound = bound.cast([right.type], self.binder.context)
        text = f"{'NOT ' if negated else ''}IN ({bound.text})"
        return Text(
            this=f"({self.binder.context.render(exp.Paren(this=left.node))} {text})", columns=[left.node, *outer]
        )

    def _bind(self, kind: str, query: tree.Query, scope: Scope) -> tuple[Bound, list[exp.Expression]]:
        """The bound query, and the columns of `scope` it refers to."""
        if kind != "scalar" and isinstance(query.body, tree.Select) and query.body.distinct and query.limit is None:
            query = replace(query, body=replace(query.body, distinct=False))
        inner = Scope(scope.columns, scope.visible)
        bound = self.binder.query(query, inner)
        used = list(dict.fromkeys(column for column, _ in inner.used))
        check(kind, query, inner.selects, frozenset(column.alias for column in used))
        return bound, [column.node() for column in used]


def _one_column(bound: Bound) -> None:
    if len(bound.outputs) != 1:
        raise DorisError(f"Multiple columns returned by subquery are not yet supported. Found {len(bound.outputs)}")
