"""The parts of a bound SELECT: what may be compared with the query of a materialised view and written anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace

from sqlglot import exp

from nereus.warehouse.embedded.sql.records import record
from nereus.warehouse.embedded.sql.registry import is_aggregate_call
from nereus.warehouse.embedded.sql.render import Renderer, Text, quoted
from nereus.warehouse.embedded.sql.rules.build import unwidened
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.types import DorisType

#: A column of FROM: its DuckDB table alias and name.
Place = tuple[str, str]


@record(frozen=True, slots=True)
class Source:
    """A stored table in FROM, all rows of it: DuckDB's alias, (database, name), its columns and which are NOT NULL."""

    alias: str
    table: tuple[str, str]
    types: Mapping[str, DorisType]
    required: frozenset[str] = frozenset()


@record(frozen=True, slots=True)
class LeftJoin:
    """A table whose columns are NULL where no row of it meets the conditions."""

    source: Source
    conditions: tuple[exp.Expression, ...]


@record(frozen=True, slots=True)
class Joined:
    """FROM as a join of stored tables: all rows of `inner` beside each other that meet the conditions, then `left`.

    `stands_for` says what the columns of derived tables and views within are, in columns of stored tables.
    """

    inner: tuple[Source, ...]
    left: tuple[LeftJoin, ...] = ()
    conditions: tuple[exp.Expression, ...] = ()
    stands_for: Mapping[Place, exp.Expression] = field(default_factory=dict)

    @property
    def sources(self) -> tuple[Source, ...]:
        return (*self.inner, *(join.source for join in self.left))

    def expand(self, node: exp.Expression) -> exp.Expression:
        """An expression in columns of stored tables alone."""
        if not self.stands_for:
            return node
        return node.transform(self._stored).transform(_narrow_sum, copy=False)

    def _stored(self, node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Column):
            found = self.stands_for.get((node.table, node.name))
            return node if found is None else found.copy()
        return node

    def inner_join(self, other: Joined, conditions: Sequence[exp.Expression]) -> Joined | None:
        """Both beside each other; None where a condition needs a table that is joined from the left."""
        late = {join.source.alias for join in (*self.left, *other.left)}
        stands_for = {**self.stands_for, **other.stands_for}
        both = Joined((*self.inner, *other.inner), (*self.left, *other.left), (), stands_for)
        expanded = tuple(both.expand(condition) for condition in conditions)
        if late and any(aliases(condition) & late for condition in expanded):
            return None
        return replace(both, conditions=(*self.conditions, *other.conditions, *expanded))

    def left_join(self, other: Joined, conditions: Sequence[exp.Expression]) -> Joined | None:
        """This with at most every row of a single table beside it; None where the other side is more than a table."""
        if len(other.inner) != 1 or other.left or other.conditions:
            return None
        if any(not isinstance(node, exp.Column) for node in other.stands_for.values()):
            # A computed column would have to be NULL where no row is found.
            return None
        both = replace(self, stands_for={**self.stands_for, **other.stands_for})
        join = LeftJoin(other.inner[0], tuple(both.expand(condition) for condition in conditions))
        return replace(both, left=(*self.left, join))


@record(frozen=True, slots=True)
class Parts:
    """One SELECT, bound. Sort keys are ordinals of the SELECT list or expressions.

    `plain` says that it has no window functions, QUALIFY, common tables of its own nor outer columns.
    """

    joined: Joined | None
    from_text: str
    items: tuple[Typed, ...]
    filters: tuple[exp.Expression, ...]
    keys: tuple[exp.Expression, ...]
    sets: tuple[tuple[exp.Expression, ...], ...] | None
    grouped: bool
    distinct: bool
    having: exp.Expression | None
    order: tuple[tuple[int | exp.Expression, str], ...]
    limited: bool
    plain: bool

    @property
    def is_join(self) -> bool:
        """Whether it is nothing but rows of joined tables, which a query around it may take over."""
        changed = self.grouped or self.distinct or self.having is not None or self.order or self.limited
        return self.joined is not None and self.plain and not changed


#: Gives what is to be run in place of a SELECT, or None.
Rewriter = Callable[[Parts, Callable[[], str]], Parts | None]


def taken_over(parts: Parts | None, alias: str) -> Joined | None:
    """A derived table or view as a part of the FROM around it, in which it has this alias."""
    if parts is None or not parts.is_join or parts.joined is None:
        return None
    joined = parts.joined
    filters = tuple(joined.expand(term) for node in parts.filters for term in terms(node))
    if any(isinstance(part, Text) for node in filters for part in node.walk()):
        return None
    items = {(alias, f"c{i}"): joined.expand(item.node) for i, item in enumerate(parts.items)}
    return Joined(joined.inner, joined.left, (*joined.conditions, *filters), items)


def terms(node: exp.Expression) -> Iterable[exp.Expression]:
    """The terms of a chain of ANDs."""
    if isinstance(node, exp.And):
        operands = node.expressions or [node.this, node.expression]
        for operand in operands:
            yield from terms(operand)
    elif isinstance(node, exp.Paren):
        yield from terms(node.this)
    else:
        yield node


def _narrow_sum(node: exp.Expression) -> exp.Expression:
    """``sum(CAST(x AS wider decimal))`` -> ``sum(x)``, as the rule of sum() has it where x stands in the sum itself."""
    if is_aggregate_call(node) and str(node.this).lower() == "sum" and len(node.expressions) == 1:
        inner = unwidened(node.expressions[0])
        if inner is not node.expressions[0]:
            node.set("expressions", [inner])
    return node


def aliases(node: exp.Expression) -> set[str]:
    """The tables whose columns an expression refers to."""
    return {column.table for column in node.find_all(exp.Column)}


def select_text(parts: Parts, renderer: Renderer, *, suffix: str = "", prefix: str = "") -> str:
    """The DuckDB text of a SELECT; `suffix` is its LIMIT."""
    listed = ", ".join(f"{_item(item, renderer)} AS {quoted(f'c{i}')}" for i, item in enumerate(parts.items))
    text = f"{prefix}SELECT {'DISTINCT ' if parts.distinct else ''}{listed} FROM {parts.from_text}"
    if parts.filters:
        text += " WHERE " + " AND ".join(f"({renderer.text(node)})" for node in parts.filters)
    if parts.sets is not None:
        sets = (", ".join(dict.fromkeys(map(renderer.text, keys))) for keys in parts.sets)
        text += f" GROUP BY GROUPING SETS ({', '.join(f'({keys})' for keys in sets)})"
    elif parts.keys:
        text += f" GROUP BY {', '.join(dict.fromkeys(map(renderer.text, parts.keys)))}"
    if parts.having is not None:
        text += f" HAVING {renderer.text(parts.having)}"
    if parts.order:
        keys = (f"{key if isinstance(key, int) else renderer.text(key)}{direction}" for key, direction in parts.order)
        text += f" ORDER BY {', '.join(keys)}"
    return text + suffix


def _item(value: Typed, renderer: Renderer) -> str:
    text = renderer.text(value.node)
    return f"CAST({text} AS {value.type.duckdb})" if value.type.name == "null" else text
