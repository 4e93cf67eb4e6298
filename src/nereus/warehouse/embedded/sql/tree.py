"""The syntax tree of Doris queries. Clauses are these classes; expressions are sqlglot nodes (see registry.py).

Three kinds of expression are added to sqlglot's: `Name`, `Star` and `QueryExpression`; function calls are `Call`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from sqlglot import exp

from nereus.warehouse.embedded.sql.records import record


class Name(exp.Expression):
    """A column reference. `parts` is a tuple of 1 to 5 names, `at` the offset that messages name.

    `place` is its own offset where that is another: Doris places the right side of an operator at the left one.
    """

    arg_types = {"parts": True, "at": True, "place": False}  # noqa: RUF012 - as sqlglot declares nodes
    is_primitive = True


class Star(exp.Expression):
    """``*`` or ``t.*``: `parts` the qualifier, `excepted` names, `replaced` items."""

    arg_types = {"parts": True, "excepted": False, "replaced": False}  # noqa: RUF012


class QueryExpression(exp.Expression):
    """A query inside an expression: `kind` is "scalar" or "exists"; "in" has the value in `this`."""

    arg_types = {"query": True, "kind": True, "this": False}  # noqa: RUF012


class Call(exp.Expression):
    """A function call: `this` lower-case name, `expressions`, `distinct`, `order` sort items, `over` a Window."""

    arg_types = {  # noqa: RUF012
        "this": True,
        "expressions": False,
        "distinct": False,
        "order": False,
        "over": False,
        "at": False,
    }


class Lambda(exp.Expression):
    """``(x, y) -> body``: `parameters` names, `body` expression."""

    arg_types = {"parameters": True, "body": True}  # noqa: RUF012


@record(frozen=True, slots=True)
class SortItem:
    expression: exp.Expression
    descending: bool = False
    nulls_first: bool = True


@record(frozen=True, slots=True)
class Bound:
    """One end of a window frame: `value` PRECEDING or FOLLOWING; None is UNBOUNDED, CURRENT ROW has kind "CURRENT"."""

    kind: str  # "PRECEDING", "FOLLOWING" or "CURRENT"
    value: exp.Expression | None = None


@record(frozen=True, slots=True)
class Window:
    partition: tuple[exp.Expression, ...] = ()
    order: tuple[SortItem, ...] = ()
    unit: str | None = None  # "ROWS" or "RANGE"
    start: Bound | None = None
    end: Bound | None = None


@record(frozen=True, slots=True)
class Item:
    """One SELECT item. `name` is the alias, or the text Doris names the column by; `named` tells which."""

    expression: exp.Expression
    name: str
    named: bool


@record(frozen=True, slots=True)
class TableName:
    """`partitions` are temporary ones where `temporary` says so."""

    parts: tuple[str, ...]
    alias: str | None = None
    partitions: tuple[str, ...] = ()
    views: tuple[LateralView, ...] = ()
    at: int = 0
    temporary: bool = False


@record(frozen=True, slots=True)
class Derived:
    query: Query
    alias: str
    views: tuple[LateralView, ...] = ()


@record(frozen=True, slots=True)
class TableFunction:
    name: str
    properties: Mapping[str, str]
    alias: str | None = None


@record(frozen=True, slots=True)
class LateralView:
    function: str
    arguments: tuple[exp.Expression, ...]
    table: str
    columns: tuple[str, ...]


@record(frozen=True, slots=True)
class Join:
    """`kind`: INNER, CROSS, LEFT, RIGHT, FULL, LEFT SEMI, RIGHT SEMI, LEFT ANTI, RIGHT ANTI; a comma is CROSS."""

    left: Relation
    right: Relation
    kind: str
    on: exp.Expression | None = None
    using: tuple[str, ...] = ()


Relation = TableName | Derived | TableFunction | Join


@record(frozen=True, slots=True)
class GroupBy:
    """`sets` is empty for a plain GROUP BY of `keys`."""

    keys: tuple[exp.Expression, ...]
    sets: tuple[tuple[exp.Expression, ...], ...] | None = None
    order: tuple[SortItem, ...] = ()


@record(frozen=True, slots=True)
class Select:
    items: tuple[Item, ...]
    distinct: bool = False
    relation: Relation | None = None
    where: exp.Expression | None = None
    group: GroupBy | None = None
    having: exp.Expression | None = None
    qualify: exp.Expression | None = None


@record(frozen=True, slots=True)
class SetOperation:
    kind: str  # "UNION", "EXCEPT" or "INTERSECT"
    all: bool
    left: Body
    right: Body


@record(frozen=True, slots=True)
class Values:
    rows: tuple[tuple[Item, ...], ...]


@record(frozen=True, slots=True)
class CommonTable:
    name: str
    columns: tuple[str, ...]
    query: Query


@record(frozen=True, slots=True)
class Query:
    """`text` is the statement that offsets refer to; `set_var` what its SET_VAR hints ask for."""

    body: Body
    order: tuple[SortItem, ...] = ()
    limit: int | None = None
    offset: int = 0
    tables: tuple[CommonTable, ...] = ()
    text: str = ""
    set_var: Mapping[str, str] = field(default_factory=dict)


Body = Select | SetOperation | Values | Query


def describe(node: exp.Expression) -> str:
    """An expression roughly as Doris writes it in errors: calls and names in full, the rest shortened."""
    if isinstance(node, Name):
        return str(node.args["parts"][-1])
    if isinstance(node, Star):
        return "*"
    if isinstance(node, Call):
        distinct = "DISTINCT " if node.args.get("distinct") else ""
        return f"{node.this}({distinct}{', '.join(describe(item) for item in node.expressions)})"
    if isinstance(node, exp.Literal):
        return f"'{node.this}'" if node.is_string else str(node.this)
    if isinstance(node, exp.Binary):
        marks = {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/", "Mod": "%", "EQ": "=", "GT": ">", "LT": "<"}
        mark = marks.get(type(node).__name__, type(node).__name__)
        return f"({describe(node.this)} {mark} {describe(node.expression)})"
    return type(node).__name__.lower()
