"""Queries: SELECT bodies, set operations, VALUES, common tables, ORDER BY and LIMIT around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql import tree
from nereus.warehouse.embedded.sql.checks import direction, forbid, is_constant, ordinal_of
from nereus.warehouse.embedded.sql.context import Context
from nereus.warehouse.embedded.sql.expressions import ExpressionBinder
from nereus.warehouse.embedded.sql.outputs import Bound, Output
from nereus.warehouse.embedded.sql.parse import parse_query
from nereus.warehouse.embedded.sql.records import record
from nereus.warehouse.embedded.sql.render import quoted
from nereus.warehouse.embedded.sql.rules import casts, comparison
from nereus.warehouse.embedded.sql.rules.coercion import wider
from nereus.warehouse.embedded.sql.scope import Column, Scope
from nereus.warehouse.embedded.sql.select import SelectBinder
from nereus.warehouse.embedded.sql.subqueries import SubqueryBinder
from nereus.warehouse.embedded.types import DorisType


@record(frozen=True, slots=True)
class CommonTable:
    """A bound WITH element: its name in DuckDB and its columns."""

    name: str
    outputs: tuple[Output, ...]


@record(frozen=True, slots=True)
class QueryBinder:
    """Binds queries that see the same common tables."""

    context: Context
    ctes: Mapping[str, CommonTable] = field(default_factory=dict)

    def of_text(self, context: Context, sql_mode: str) -> Bound:
        """A view's query, which sees no common table of the statement."""
        return QueryBinder(context).query(parse_query(context.text, sql_mode=sql_mode), None)

    def expressions(self, scope: Scope, clause: str) -> ExpressionBinder:
        """A binder for expressions that see `scope` and may contain subqueries."""
        return ExpressionBinder(self.context, scope.plain, clause, SubqueryBinder(self), scope)

    def query(self, query: tree.Query, outer: Scope | None) -> Bound:
        binder, prefix = self._with(query.tables, outer)
        while isinstance(query.body, tree.Query) and _is_plain(query.body):
            query = replace(query, body=query.body.body)
        limit = _limit(query)
        if isinstance(query.body, tree.Select):
            return SelectBinder(binder, query.body, outer).bind(query.order, prefix, limit)
        bound = binder._body(query.body, outer)
        if not (query.order or limit or prefix):
            return bound
        if isinstance(query.body, tree.Query) or query.order:
            alias = self.context.counters.alias()
            order = binder._order(query.order, bound, outer, alias)
            return Bound(bound.outputs, f"{prefix}SELECT * FROM ({bound.text}) AS {quoted(alias)}{order}{limit}")
        return Bound(bound.outputs, f"{prefix}{bound.text}{limit}")

    def _with(self, tables: Sequence[tree.CommonTable], outer: Scope | None) -> tuple[QueryBinder, str]:
        """Bind WITH: each element sees those before it."""
        if not tables:
            return self, ""
        ctes = dict(self.ctes)
        binder = QueryBinder(self.context, ctes)
        texts: list[str] = []
        seen: set[str] = set()
        for table in tables:
            if table.name in seen:
                raise DorisError(f"CTE name [{table.name}] cannot be used more than once.")
            seen.add(table.name)
            bound = QueryBinder(self.context, dict(ctes)).query(table.query, outer)
            name = self.context.counters.alias()
            ctes[table.name] = CommonTable(name, _renamed(table, bound.outputs))
            texts.append(f"{quoted(name)} AS ({bound.text})")
        return binder, f"WITH {', '.join(texts)} "

    def _body(self, body: tree.Body, outer: Scope | None) -> Bound:
        if isinstance(body, tree.Select):
            return SelectBinder(self, body, outer).bind((), "", "")
        if isinstance(body, tree.SetOperation):
            return self._set_operation(body, outer)
        if isinstance(body, tree.Values):
            return self._values(body, outer)
        return self.query(body, outer)

    def _order(self, items: Sequence[tree.SortItem], bound: Bound, outer: Scope | None, alias: str) -> str:
        """ORDER BY over a set operation: ordinals and the result's columns."""
        if not items:
            return ""
        columns = [
            Column(output.name, output.type, (), alias, f"c{i}", output.nullable, None, self.context.counters.column())
            for i, output in enumerate(bound.outputs)
        ]
        expressions = self.expressions(Scope(columns, columns, outer), "SORT")
        texts: list[str] = []
        for item in items:
            ordinal = ordinal_of(item.expression)
            if ordinal is not None:
                if 1 <= ordinal <= len(columns):
                    comparison.check_sortable(columns[ordinal - 1].typed())
                    texts.append(f"{ordinal}{direction(item)}")
                continue
            value = expressions.bind(item.expression)
            comparison.check_sortable(value)
            forbid(expressions.take_found(), "LOGICAL_SORT", "aggregate", "grouping", "window")
            if not is_constant(value):
                texts.append(f"{self.context.render(value.node)}{direction(item)}")
        return f" ORDER BY {', '.join(texts)}" if texts else ""

    # set operations

    def _set_operation(self, body: tree.SetOperation, outer: Scope | None) -> Bound:
        if body.all and body.kind != "UNION":
            raise DorisError("INTERSECT and EXCEPT does not support ALL qualified")
        sides = [self._body(side, outer) for side in _chain(body)]
        types = _unified(sides, 0, len(sides) - 1)
        word = f" {body.kind}{' ALL' if body.all else ''} "
        text = word.join(f"({side.cast(types, self.context).text})" for side in sides)
        return Bound(self._outputs(sides[0], types), text)

    def _outputs(self, first: Bound, types: Sequence[DorisType]) -> tuple[Output, ...]:
        return tuple(
            Output(output.name, type_, number=self.context.counters.column())
            for output, type_ in zip(first.outputs, types, strict=True)
        )

    def _values(self, body: tree.Values, outer: Scope | None) -> Bound:
        """VALUES is a UNION ALL of rows, each a SELECT without FROM."""
        binder = ExpressionBinder(
            self.context,
            lambda _parts, _inside: [],
            "UNBOUND_ONE_ROW_RELATION",
            SubqueryBinder(self),
            Scope([], [], outer),
        )
        rows = [[binder.bind(item.expression) for item in row] for row in body.rows]
        forbid(binder.take_found(), "LOGICAL_ONE_ROW_RELATION", "aggregate", "grouping", "window")
        names = [item.name for item in body.rows[0]] + ["?"] * max(map(len, rows))
        sides = [
            Bound(tuple(Output(name, value.type) for name, value in zip(names, row, strict=False)), "") for row in rows
        ]
        types = _unified(sides, 0, len(sides) - 1)
        texts = (
            ", ".join(self.context.render_item(casts.implicit(item, to)) for item, to in zip(row, types, strict=True))
            for row in rows
        )
        alias = self.context.counters.alias()
        listed = ", ".join(quoted(f"c{i}") for i in range(len(types)))
        text = f"SELECT * FROM (VALUES {', '.join(f'({row})' for row in texts)}) AS {quoted(alias)}({listed})"
        return Bound(self._outputs(sides[0], types), text)


def _is_plain(query: tree.Query) -> bool:
    return not (query.order or query.tables) and query.limit is None


def _limit(query: tree.Query) -> str:
    if query.limit is None:
        return ""
    return f" LIMIT {query.limit}" + (f" OFFSET {query.offset}" if query.offset else "")


def _chain(body: tree.SetOperation) -> list[tree.Body]:
    """The sides of UNIONs of one kind in a row; two sides of anything else."""
    sides = [body.right]
    left = body.left
    while (
        body.kind == "UNION" and isinstance(left, tree.SetOperation) and left.kind == "UNION" and left.all == body.all
    ):
        sides.append(left.right)
        left = left.left
    return [left, *reversed(sides)]


def _unified(sides: Sequence[Bound], low: int, high: int) -> list[DorisType]:
    """The types of a union, found as Doris does: over the halves of a balanced tree."""
    if low == high:
        return [output.type for output in sides[low].outputs]
    middle = low + (high - low) // 2
    left, right = _unified(sides, low, middle), _unified(sides, middle + 1, high)
    if len(left) != len(right):
        shown = [", ".join(f"{o.name}#{o.number}" for o in sides[i].outputs) for i in (low, middle + 1)]
        raise DorisError(
            "Operands have unequal number of columns:\n"
            f"'[{shown[0]}]' has {len(left)} column(s)\n'[{shown[1]}]' has {len(right)} column(s)"
        )
    types: list[DorisType] = []
    for one, other in zip(left, right, strict=True):
        found = wider(one, other)
        if found is None:
            raise DorisError(f"Can not find compatible type for {one} and {other}")
        types.append(found)
    return types


def _renamed(table: tree.CommonTable, outputs: tuple[Output, ...]) -> tuple[Output, ...]:
    """The columns of a common table under the names of its column list."""
    if len(table.columns) > len(outputs):
        raise DorisError(
            f"CTE [{table.name}] returns {len(table.columns)} columns, but {len(outputs)} labels were specified."
            " The number of column labels must be smaller or equal to the number of returned columns."
        )
    lowered = [name.lower() for name in table.columns]
    for i, name in enumerate(lowered):
        if name in lowered[:i]:
            raise DorisError(f"Duplicated CTE column alias: [{name}] in CTE [{table.name}]")
    return tuple(
        replace(output, name=table.columns[i]) if i < len(table.columns) else output for i, output in enumerate(outputs)
    )
