"""One SELECT: its FROM, filters, grouping, items, windows and order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql import naming, registry, tree
from nereus.warehouse.embedded.sql.checks import (
    direction,
    forbid,
    is_constant,
    ordinal_of,
    outside_aggregates,
    ungrouped,
)
from nereus.warehouse.embedded.sql.context import Context
from nereus.warehouse.embedded.sql.correlation import CorrelatedSelect, conjuncts
from nereus.warehouse.embedded.sql.expressions import ExpressionBinder, Found
from nereus.warehouse.embedded.sql.nodes import same
from nereus.warehouse.embedded.sql.outputs import Bound, Output
from nereus.warehouse.embedded.sql.parts import Parts, select_text
from nereus.warehouse.embedded.sql.pruning import PartScan
from nereus.warehouse.embedded.sql.relations import BoundRelation, bind_relation
from nereus.warehouse.embedded.sql.render import quoted
from nereus.warehouse.embedded.sql.rules import comparison
from nereus.warehouse.embedded.sql.rules.build import twice
from nereus.warehouse.embedded.sql.scope import Column, Scope
from nereus.warehouse.embedded.sql.subqueries import SubqueryBinder
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.types import BOOLEAN

if TYPE_CHECKING:
    from nereus.warehouse.embedded.sql.queries import QueryBinder


@dataclass(slots=True)
class BoundItem:
    """One column of the SELECT list.

    `column` is set where it is a plain column without an alias, `direct` where it is just an aggregate function.
    """

    name: str
    value: Typed
    column: Column | None
    found: Found
    number: int
    direct: bool = False

    def as_column(self) -> Column:
        """The item as names in ORDER BY and HAVING see it."""
        qualifier = self.column.qualifier if self.column else ()
        return Column(self.name, self.value.type, qualifier, number=self.number, value=self.value)


@dataclass(slots=True)
class SelectBinder:
    """Binds one SELECT body; every step of `bind` is one clause, in the order in which Doris evaluates them."""

    binder: QueryBinder
    select: tree.Select
    outer: Scope | None
    scope: Scope = field(init=False)
    items: list[BoundItem] = field(init=False, default_factory=list)
    keys: list[Typed] = field(init=False, default_factory=list)
    sets: list[list[Typed]] | None = field(init=False, default=None)
    grouped: bool = field(init=False, default=False)

    def bind(self, order: Sequence[tree.SortItem], prefix: str, limit: str) -> Bound:
        select, context = self.select, self.binder.context
        before = len(self.outer.used) if self.outer is not None else 0
        relation: BoundRelation | None = None
        if select.relation is not None:
            relation = bind_relation(select.relation, self.binder, self.outer)
        columns, visible = (relation.columns, relation.visible) if relation else ([], [])
        self.scope = Scope(columns, visible, self.outer)
        filters: list[Typed] = []
        if select.where is not None:
            filters.append(self._where(select.where))
        self._bind_items(relation is not None)
        if select.group is not None:
            self._group(select.group)
            order = order or select.group.order
        self.grouped = select.group is not None or any(item.found.aggregate for item in self.items)
        self._check_grouping()
        self._distinct()
        having, (qualify, own_windows) = self._having(), self._qualify()
        sorting = self._sort(order)
        self._check()
        if self.outer is not None and len(self.outer.used) > before:
            self._correlated(self.outer, before, [value.node for value in (*filters, having) if value is not None])
        outermost = self.outer is None or len(self.outer.used) == before
        head = f"{prefix}SELECT {'DISTINCT ' if select.distinct else ''}"
        if relation is not None:
            self._narrow(relation, filters)
        tail = "" if relation is None else f" FROM {relation.text}"
        if having is not None and self._after_windows(having, own_windows):
            qualify = having if qualify is None else Typed(exp.And(this=having.node, expression=qualify.node), BOOLEAN)
            having = None
        if having is not None and not self.grouped:
            filters.append(having)
            having = None
        tail += self._clauses(filters, having, qualify) + _sorting(sorting, context) + limit
        values = tuple(item.value for item in self.items)
        outputs = tuple(self._output(item) for item in self.items)
        windowed = qualify is not None or any(item.found.window for item in self.items)
        parts: Parts | None = None
        if relation is not None:
            plain = outermost and not prefix and not windowed
            parts = self._parts(relation, filters, having, sorting, limited=bool(limit), plain=plain)
            written = context.rewritten(parts)
            if written is not None:
                return Bound(outputs, select_text(written, context.renderer, suffix=limit))

        def assemble(items: Sequence[Typed]) -> str:
            listed = ", ".join(f"{context.render_item(item)} AS {quoted(f'c{i}')}" for i, item in enumerate(items))
            return f"{head}{listed}{tail}"

        in_place = not select.distinct and not sorting
        scans: tuple[tuple[PartScan, tuple[Typed, ...]], ...] = ()
        if relation is not None and not (limit or windowed or self.sets):
            # Conditions on plain columns of the result may be put to the rows below instead.
            scans = tuple((scan, values) for scan in relation.scans)
        return Bound(
            outputs, assemble(values), values if in_place else None, assemble if in_place else None, parts, scans
        )

    def _clauses(self, filters: Sequence[Typed], having: Typed | None, qualify: Typed | None) -> str:
        """What is written between FROM and ORDER BY."""
        render = self.binder.context.render
        text = " WHERE " + " AND ".join(self._operand(value) for value in filters) if filters else ""
        text += self._group_text()
        if having is not None:
            text += f" HAVING {render(having.node)}"
        if qualify is not None:
            text += f" QUALIFY {render(qualify.node)}"
        return text

    def _narrow(self, relation: BoundRelation, filters: Sequence[Typed]) -> None:
        """Leave out of FROM the stored parts that the filters rule out."""
        for scan in relation.scans:
            relation.text = scan.narrow([value.node for value in filters], relation.text, self.binder.context.render)

    def _parts(
        self,
        relation: BoundRelation,
        filters: Sequence[Typed],
        having: Typed | None,
        sorting: Sequence[tuple[int | exp.Expression, str]],
        *,
        limited: bool,
        plain: bool,
    ) -> Parts:
        return Parts(
            relation.joined_tables,
            relation.text,
            tuple(item.value for item in self.items),
            tuple(value.node for value in filters),
            tuple(key.node for key in self.keys) if self.select.group is not None or self.grouped else (),
            None if self.sets is None else tuple(tuple(key.node for key in keys) for keys in self.sets),
            self.grouped,
            self.select.distinct,
            having.node if having is not None else None,
            tuple(sorting),
            limited,
            plain,
        )

    def _correlated(self, outer: Scope, before: int, conditions: Sequence[exp.Expression]) -> None:
        """Leave a note of the outer columns that this SELECT refers to."""
        windowed = any(item.found.window for item in self.items)
        outer.selects.append(
            CorrelatedSelect(
                self.select,
                {clause for _, clause in outer.used[before:]},
                [term for condition in conditions for term in conjuncts(condition)],
                self.grouped or self.select.distinct,
                self.select.group is not None or self.select.distinct,
                windowed,
            )
        )

    def _operand(self, value: Typed) -> str:
        text = self.binder.context.render(value.node)
        return f"({text})" if isinstance(value.node, (exp.Or, exp.Xor)) else text

    def _output(self, item: BoundItem) -> Output:
        column = item.column
        return Output(
            item.name,
            item.value.type,
            column.qualifier if column else (),
            column.origin if column else None,
            column.nullable if column else True,
            item.number,
        )

    def _expressions(
        self, clause: str, candidates: naming.Candidates | None = None, *, exact: bool = True
    ) -> ExpressionBinder:
        return ExpressionBinder(
            self.binder.context,
            candidates or self.scope.plain,
            clause,
            SubqueryBinder(self.binder),
            self.scope,
            exact,
        )

    # WHERE and the SELECT list

    def _where(self, node: exp.Expression) -> Typed:
        expressions = self._expressions("FILTER")
        condition = expressions.condition(node)
        forbid(expressions.take_found(), "LOGICAL_FILTER", "aggregate", "grouping", "window")
        return condition

    def _bind_items(self, has_from: bool) -> None:
        group = self.select.group
        clause = "PROJECT" if group is None else ("AGGREGATE" if group.sets is None else "REPEAT")
        if not has_from and self.select.where is None and group is None:
            clause = "UNBOUND_ONE_ROW_RELATION"
        expressions = self._expressions(clause)
        for item in self.select.items:
            if isinstance(item.expression, tree.Star):
                if not has_from:
                    raise DorisError("SELECT * must have a FROM clause")
                self._star(item.expression, expressions)
                continue
            self._add(item.name, expressions, item.expression, plain=not item.named)

    def _add(self, name: str, expressions: ExpressionBinder, node: exp.Expression, *, plain: bool) -> None:
        column: Column | None = None
        if plain and isinstance(node, tree.Name):
            column = expressions.column(node.args["parts"], node.args["at"])
            self.binder.context.read(column)
            value = column.typed()
        else:
            value = expressions.bind(node)
        number = column.number if column else self.binder.context.counters.column()
        found = expressions.take_found()
        direct = isinstance(node, tree.Call) and node.this in registry.AGGREGATES and not found.window
        self.items.append(BoundItem(name, value, column, found, number, direct))

    def _star(self, star: tree.Star, expressions: ExpressionBinder) -> None:
        excepted = [expressions.column(name.args["parts"], name.args["at"]) for name in star.args["excepted"]]
        replaced: dict[int, tuple[exp.Expression, str]] = {}
        for node, name in star.args["replaced"]:
            target = expressions.column((name,), 0)
            if target.number in replaced:
                raise DorisError(f"Duplicate replace column name: {name}")
            if target in excepted:
                raise DorisError(f"Replace column name: [{name}#{target.number}] is in excepts")
            replaced[target.number] = (node, name)
        if replaced and self.select.group is not None:
            raise DorisError("* REPLACE in agg clause is not supported, use * EXCEPT instead")
        columns = [c for c in self.scope.star(star.args["parts"]) if c not in excepted]
        if not columns:
            raise DorisError("All slots in * EXCEPT clause are excepted")
        if self.binder.context.meanings is not None:
            self.binder.context.meanings.stars[id(star)] = columns
        for column in columns:
            if column.number in replaced:
                node, name = replaced.pop(column.number)
                self._add(name, expressions, node, plain=False)
                continue
            self.binder.context.read(column)
            self.items.append(BoundItem(column.name, column.typed(), column, Found(), column.number))
        if replaced:
            raise DorisError(f"Invalid replace column name: [{', '.join(name for _, name in replaced.values())}]")

    # GROUP BY

    def _group(self, group: tree.GroupBy) -> None:
        clause = "AGGREGATE" if group.sets is None else "REPEAT"
        expressions = self._expressions(clause, naming.in_group_by(self.scope, self._plain_items()))
        if group.sets is None:
            self.keys = [self._key(key, expressions) for key in group.keys]
        else:
            self.sets = [[self._key(key, expressions) for key in keys] for keys in group.sets]
            self.keys = [key for keys in self.sets for key in keys]

    def _check_grouping(self) -> None:
        """grouping() and grouping_id() take keys of GROUPING SETS, ROLLUP or CUBE."""
        keys = [key.node for key in self.keys]
        for item in self.items:
            if item.found.grouping is None:
                continue
            if self.sets is None:
                raise Refused(f"{item.found.grouping} without GROUPING SETS, ROLLUP or CUBE")
            for call in item.value.node.find_all(exp.Anonymous):
                if call.this == "grouping" and any(argument not in keys for argument in call.expressions):
                    name = "Grouping" if item.found.grouping.startswith("grouping(") else "Grouping_Id"
                    raise DorisError(f"Column in {name} does not exist in GROUP BY clause.")

    def _key(self, node: exp.Expression, expressions: ExpressionBinder) -> Typed:
        ordinal = self._ordinal(node)
        if ordinal is not None:
            value, found = self.items[ordinal - 1].value, self.items[ordinal - 1].found
            value = replace(value, node=value.node.copy())
        else:
            value = expressions.bind(node)
            found = expressions.take_found()
        if not isinstance(value.node, exp.Column) and value.node.find(exp.Window) is not None:
            raise Refused("a window function in GROUP BY", "Compute it in a derived table.")
        if found.aggregate is not None:
            raise DorisError(f"GROUP BY expression must not contain aggregate functions: {found.aggregate}")
        forbid(found, "LOGICAL_AGGREGATE", "grouping")
        return value

    def _ordinal(self, node: exp.Expression) -> int | None:
        """``GROUP BY 2`` -> 2 where there are so many items."""
        number = ordinal_of(node)
        return number if number is not None and 1 <= number <= len(self.items) else None

    def _group_text(self) -> str:
        if self.select.group is None and not (self.grouped and self.keys):
            return ""
        render = self.binder.context.render
        if self.sets is None:
            keys = [render(key.node) for key in self.keys]
            return f" GROUP BY {', '.join(dict.fromkeys(keys))}"
        sets = [", ".join(dict.fromkeys(render(key.node) for key in keys)) for keys in self.sets]
        return f" GROUP BY GROUPING SETS ({', '.join(f'({keys})' for keys in sets)})"

    # HAVING, QUALIFY, ORDER BY

    def _group_columns(self) -> list[Column]:
        """The plain columns among the grouping keys."""
        by_place = {(column.alias, column.physical): column for column in self.scope.columns}
        found = [by_place.get((key.node.table, key.node.name)) for key in self.keys if isinstance(key.node, exp.Column)]
        return [column for column in found if column is not None]

    def _item_columns(self) -> list[Column]:
        """The SELECT list as names see it."""
        return [item.as_column() for item in self.items]

    def _plain_items(self) -> list[Column]:
        return [item.as_column() for item in self.items if item.found.aggregate is None]

    def _having(self) -> Typed | None:
        node = self.select.having
        if node is None:
            return None
        if not self.grouped and _has_aggregate(node):
            self.grouped = True
        if self.select.group is not None:
            candidates = naming.over_groups(self.scope, self._group_columns(), self._item_columns())
        else:
            candidates = naming.in_having(self.scope, self._item_columns())
        expressions = self._expressions("HAVING", candidates, exact=False)
        condition = expressions.condition(node)
        forbid(expressions.take_found(), "LOGICAL_HAVING", "window")
        missing = self._missing([condition]) if self.grouped or self.keys else []
        if missing and (self.select.group is not None or self.keys):
            raise DorisError(f"{missing[0]} should be grouped by.")
        if missing:
            raise DorisError(f"{', '.join(missing)} not in aggregate's output")
        return condition

    def _distinct(self) -> None:
        """SELECT DISTINCT is a grouping by its items: HAVING may aggregate over it."""
        select = self.select
        if not select.distinct or self.grouped or select.having is None:
            return
        self.keys = [item.value for item in self.items]
        if _has_aggregate(select.having):
            if any(item.found.window for item in self.items) or select.qualify is not None:
                raise Refused("an aggregate in HAVING over DISTINCT and a window function", "Write GROUP BY.")
            self.grouped = True

    def _after_windows(self, having: Typed, own_windows: bool) -> bool:
        """Whether Doris filters by HAVING only after the window functions.

        It does so without grouping; and with grouping where HAVING refers to an item of the SELECT list that is more
        than a grouping key or an aggregate function.
        """
        windowed = any(item.found.window for item in self.items)
        if not self.grouped:
            return windowed or own_windows
        keys = [key.node for key in self.keys]
        computed = [item.value.node for item in self.items if not item.direct and item.value.node not in keys]
        if not windowed or not any(part in computed for part in outside_aggregates(having.node)):
            return False
        if own_windows:
            raise Refused("window functions in the SELECT list and in QUALIFY around this HAVING", "Nest the query.")
        return True

    def _qualify(self) -> tuple[Typed | None, bool]:
        """The condition, and whether it has window functions of its own."""
        node = self.select.qualify
        if node is None:
            return None, False
        if self.grouped:
            candidates = naming.over_groups(self.scope, self._group_columns(), self._item_columns())
        else:
            candidates = naming.in_qualify(self.scope, self._item_columns())
        expressions = self._expressions("QUALIFY", candidates)
        condition = expressions.condition(node)
        if not any(isinstance(part, exp.Window) for part in condition.node.walk()):
            raise DorisError("qualify only used for window expression")
        missing = self._missing([condition]) if self.grouped else []
        if missing:
            raise DorisError(f"{missing[0]} should be grouped by.")
        return condition, expressions.found.window is not None

    def _sort(self, order: Sequence[tree.SortItem]) -> list[tuple[int | exp.Expression, str]]:
        places: dict[bool, ExpressionBinder] = {}
        return [key for item in order if (key := self._sort_key(item, places))]

    def _sort_key(
        self, item: tree.SortItem, places: dict[bool, ExpressionBinder]
    ) -> tuple[int | exp.Expression, str] | None:
        """One ORDER BY key: an ordinal where it is an item of the SELECT list, None where it is a constant.

        `places` keeps what binds keys with aggregates and those without.
        """
        node = item.expression
        suffix = direction(item)
        if ordinal_of(node) is not None:
            ordinal = self._ordinal(node)
            if ordinal:
                comparison.check_sortable(self.items[ordinal - 1].value)
            return (ordinal, suffix) if ordinal else None
        aggregated = _has_aggregate(node)
        if aggregated not in places:
            if aggregated:
                aliases = self._plain_items() if self.select.group is not None else []
                candidates = naming.in_aggregate_order(self.scope, aliases)
            else:
                candidates = naming.in_order_by(self.scope, self._item_columns())
            places[aggregated] = self._expressions("SORT", candidates)
        expressions = places[aggregated]
        if isinstance(node, tree.Name):
            column = expressions.named(node)
            # An item by its name is only compared with the items: no copy of it is written.
            value = column.typed() if column.value is None else column.value
        else:
            value = expressions.bind(node)
        comparison.check_sortable(value)
        found = expressions.take_found()
        for position, bound in enumerate(self.items, 1):
            if same(bound.value.node, value.node):
                return position, suffix
        if found.alias:
            twice(value, "another use")
        if is_constant(value) and not found.window and not found.aggregate:
            return None
        if self.select.distinct:
            named = tree.describe(node)
            if found.aggregate and not self.grouped:
                raise Refused("an aggregate in the ORDER BY of SELECT DISTINCT", "Write GROUP BY.")
            if self.grouped:
                raise DorisError(f"{named} of ORDER BY clause is not in SELECT list")
            raise DorisError(f"{named} should be grouped by.")
        forbid(found, "LOGICAL_SORT", "window")
        if found.aggregate and not self.grouped:
            raise DorisError(f"LOGICAL_SORT can not contains AggregateFunction expression: {found.aggregate}")
        if self.grouped:
            missing = self._missing([value])
            if missing:
                raise DorisError(f"{missing[0]} should be grouped by.")
        return value.node, suffix

    # what may stand beside an aggregation

    def _missing(self, values: Sequence[Typed]) -> list[str]:
        return ungrouped(values, [key.node for key in self.keys], self.scope.columns)

    def _check(self) -> None:
        if not self.grouped:
            return
        missing = self._missing([item.value for item in self.items])
        if missing:
            raise DorisError(f"{', '.join(missing)} not in aggregate's output")


def _sorting(keys: Sequence[tuple[int | exp.Expression, str]], context: Context) -> str:
    texts = (f"{key if isinstance(key, int) else context.render(key)}{suffix}" for key, suffix in keys)
    return f" ORDER BY {', '.join(texts)}" if keys else ""


def _has_aggregate(node: exp.Expression) -> bool:
    """Whether an unbound expression calls an aggregate function outside windows and subqueries."""
    return not isinstance(node, tree.Name) and any(
        isinstance(found, tree.Call) and found.this in registry.AGGREGATES and found.args.get("over") is None
        for found in node.walk(prune=lambda child: isinstance(child, tree.QueryExpression))
    )
