"""Materialised views as queries are compared with them: what their columns hold, found out once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from nereus.warehouse.embedded.sql.parts import Joined, Parts, terms
from nereus.warehouse.embedded.sql.registry import is_aggregate_call
from nereus.warehouse.embedded.sql.render import Renderer
from nereus.warehouse.embedded.types import BIGINT, DorisType

#: Aggregate functions that a row more of the same value does not change.
INDIFFERENT = frozenset({"min", "max"})
FLOATS = ("float", "double")

_RENDERER = Renderer()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A materialised view that is fresh enough.

    Attributes:
        name: (database, view).
        from_sql: DuckDB text of its rows.
        columns: name and type of each column, in the order of the query's items.
        rows: about how many it has; of several views the smallest is taken.
        learned: what was found out about it, once.
    """

    name: tuple[str, str]
    from_sql: str
    parts: Parts
    columns: tuple[tuple[str, DorisType], ...]
    rows: int = 0
    learned: list[Learned] = field(default_factory=list, compare=False)


@dataclass(frozen=True, slots=True)
class Learned:
    """What a view's columns hold: columns by the text of what they are, and its conditions by theirs."""

    plain: dict[str, str]
    totals: dict[str, tuple[exp.Expression, DorisType, str]]
    floats: frozenset[str]
    terms: dict[str, exp.Expression]


def learned_of(view: Candidate, joined: Joined) -> Learned:
    """Found once for each view."""
    if not view.learned:
        view.learned.append(_learn(view, joined))
    return view.learned[0]


def _learn(view: Candidate, joined: Joined) -> Learned:
    plain: dict[str, str] = {}
    totals: dict[str, tuple[exp.Expression, DorisType, str]] = {}
    keys = {text_of(joined.expand(key)) for key in view.parts.keys}
    for item, (name, kind) in zip(view.parts.items, view.columns, strict=True):
        if item.type.duckdb != kind.duckdb:
            continue
        node = joined.expand(item.node)
        text = text_of(node)
        if not view.parts.grouped or text in keys:
            plain.setdefault(text, name)
        else:
            totals.setdefault(text, (node, kind, name))
    filters = [term for node in view.parts.filters for term in terms(joined.expand(node))]
    conditions = [*joined.conditions, *filters]
    _add_equal_columns(plain, conditions, joined)
    floats = frozenset(name for name, kind in view.columns if kind.name in FLOATS)
    return Learned(plain, totals, floats, {term_of(node): node for node in conditions})


def _add_equal_columns(plain: dict[str, str], conditions: Sequence[exp.Expression], joined: Joined) -> None:
    """``a.k = b.k`` in the view lets its column a.k stand for b.k, where both have one type."""
    types = {(s.alias, name): kind for s in joined.inner for name, kind in s.types.items()}
    for term in conditions:
        if isinstance(term, exp.EQ) and isinstance(term.this, exp.Column) and isinstance(term.expression, exp.Column):
            one, other = term.this, term.expression
            kinds = [types.get((side.table, side.name)) for side in (one, other)]
            if kinds[0] is None or kinds[0] != kinds[1] or kinds[0].name in FLOATS:
                continue
            for known, new in ((text_of(one), text_of(other)), (text_of(other), text_of(one))):
                if known in plain and new not in plain:
                    plain[new] = plain[known]


def rolled_up(node: exp.Expression, kind: DorisType, column: exp.Expression) -> exp.Expression | None:
    """What makes one total of the view's totals; None where no exact way is known."""
    call = node
    while isinstance(call, exp.Cast):
        call = call.this
    if not is_aggregate_call(call) or not isinstance(call, exp.Anonymous):
        return None
    name = str(call.this).lower()
    distinct = any(isinstance(argument, exp.Distinct) for argument in call.expressions)
    if distinct and name not in INDIFFERENT:
        return None
    if name in INDIFFERENT:
        return _cast(_call(name, column), kind)
    if name == "count":
        total = exp.Cast(this=_call("sum", column), to=exp.DataType.build(BIGINT.duckdb, dialect="duckdb"))
        return exp.Anonymous(this="coalesce", expressions=[total, exp.Literal.number(0)])
    if name == "sum" and (kind.is_integer or kind.name == "decimal"):
        return _cast(_call("sum", column), kind)
    return None


def _call(name: str, column: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this=name, expressions=[column.copy()])


def _cast(node: exp.Expression, kind: DorisType) -> exp.Expression:
    return exp.Cast(this=node, to=exp.DataType.build(kind.duckdb, dialect="duckdb"))


def text_of(node: exp.Expression) -> str:
    return _RENDERER.text(node)


def term_of(node: exp.Expression) -> str:
    """The text of a condition, the same for a = b and b = a."""
    if isinstance(node, exp.EQ):
        return " = ".join(sorted(_RENDERER.operand(side) for side in (node.this, node.expression)))
    return text_of(node)
