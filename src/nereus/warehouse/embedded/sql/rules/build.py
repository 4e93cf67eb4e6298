"""Building DuckDB syntax trees from templates, so that a rule reads like the SQL it produces."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.nodes import make
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.types import DorisType, decimal


class _Template(DuckDB):  # type: ignore[misc,unused-ignore]
    """DuckDB's grammar with every function call kept as it is written."""

    class Parser(DuckDB.Parser):  # type: ignore[misc,valid-type]
        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
            k: v for k, v in DuckDB.Parser.FUNCTION_PARSERS.items() if k in ("CAST", "TRY_CAST")
        }
        NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {"CASE": DuckDB.Parser.NO_PAREN_FUNCTION_PARSERS["CASE"]}


#: Widest decimal without enable_decimal256.
MAX_PRECISION = 38

_WIDENED = "widened"

_Builder = Callable[[dict[str, exp.Expression]], exp.Expression]

#: Nodes that need no parentheses around them wherever they are put.
_CLOSED = (exp.Anonymous, exp.Cast, exp.Case, exp.Column, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Array)


def sql(template: str, **operands: exp.Expression | Typed) -> exp.Expression:
    """DuckDB text with names for operands -> syntax tree.

    ``sql("CASE WHEN b <> 0 THEN a / b END", a=x, b=y)``; every bare name of the template must be given.
    """
    nodes = {name: value.node if isinstance(value, Typed) else value for name, value in operands.items()}
    return _compiled(template)(dict(nodes))


def cast(value: exp.Expression | Typed, to: DorisType | str) -> exp.Expression:
    """``x`` -> ``CAST(x AS type)``; fails at run time where the value does not fit."""
    return _cast(exp.Cast, value, to)


def try_cast(value: exp.Expression | Typed, to: DorisType | str) -> exp.Expression:
    """``x`` -> ``TRY_CAST(x AS type)``; NULL where the value does not fit."""
    return _cast(exp.TryCast, value, to)


def widened(node: exp.Expression, to: DorisType) -> exp.Expression:
    """``x`` -> ``CAST(x AS decimal(p,s))`` for an x of the same scale, marked so that sum() may skip the cast."""
    found = cast(node, to)
    found.meta[_WIDENED] = True
    return found


def unwidened(node: exp.Expression) -> exp.Expression:
    """The operand of `widened`; any other node itself."""
    return node.this if isinstance(node, exp.Cast) and node.meta_get(_WIDENED) else node


def _cast(kind: type[exp.Cast], value: exp.Expression | Typed, to: DorisType | str) -> exp.Expression:
    operand = value.node if isinstance(value, Typed) else value
    return make(kind, this=operand, to=_data_type(to if isinstance(to, str) else to.duckdb))


@lru_cache(maxsize=4096)
def _data_type(text: str) -> exp.DataType:
    """The node of a type. All casts to it share one: nothing asks for the parent of a type or changes it."""
    return exp.DataType.build(text, dialect="duckdb")


def call(name: str, *operands: exp.Expression | Typed) -> exp.Expression:
    """A call of DuckDB's function `name`."""
    nodes = [value.node if isinstance(value, Typed) else value for value in operands]
    return make(exp.Anonymous, this=name, expressions=nodes)


def text(value: str) -> exp.Expression:
    """A DuckDB string constant."""
    return make(exp.Literal, this=value, is_string=True)


def number(value: int) -> exp.Expression:
    """A DuckDB integer constant."""
    literal = make(exp.Literal, this=str(abs(value)), is_string=False)
    return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal


def typed(node: exp.Expression, type_: DorisType, *operands: Typed) -> Typed:
    """A result that inherits volatility and aggregation from its operands."""
    volatile = aggregate = False
    for operand in operands:
        volatile |= operand.volatile
        aggregate |= operand.aggregate
    return Typed(node, type_, None, volatile, aggregate)


def twice(operand: Typed, construct: str) -> Typed:
    """`operand`, refused where evaluating it two times could give two values."""
    if operand.volatile and any(
        str(node.this).lower() in ("random", "uuid") for node in operand.node.find_all(exp.Anonymous)
    ):
        raise Refused(f"{construct} of a random value", "Compute it in a subquery.")
    return operand


def closed(operand: exp.Expression) -> exp.Expression:
    """`operand` in parentheses where an operator beside it could take a part of it."""
    kind = type(operand)
    return operand if _is_closed(kind) else make(exp.Paren, this=operand)  # type: ignore[arg-type]  # as in render


@cache
def _is_closed(kind: type[exp.Expression]) -> bool:
    return issubclass(kind, _CLOSED)


def is_null(value: Typed) -> bool:
    """Whether a value is NULL whatever its row: DuckDB forgets the type of some calls on such a constant."""
    node = value.node
    while isinstance(node, (exp.Cast, exp.Paren)):
        node = node.this
    return isinstance(node, exp.Null)


def unscaled(node: exp.Expression, scale: int) -> exp.Expression:
    """The digits of a decimal as HUGEINT: 1.50 -> 150."""
    if not scale:
        return cast(node, "HUGEINT")
    wide = cast(node, decimal(MAX_PRECISION, scale))  # DuckDB multiplies narrow decimals in 64 bits
    return sql("CAST(d * f AS HUGEINT)", d=wide, f=cast(text("1" + "0" * scale), decimal(scale + 1, 0)))


def scaled(digits: exp.Expression, type_: DorisType) -> exp.Expression:
    """A HUGEINT as the digits of a decimal: 150 -> 1.50."""
    scale = type_.scale or 0
    whole = cast(digits, decimal(MAX_PRECISION, 0))
    if not scale:
        return cast(whole, type_)
    unit = cast(text("0." + "0" * (scale - 1) + "1"), decimal(scale, scale))
    return cast(sql("d * u", d=whole, u=unit), type_)


def count_check(name: str, args: list[Typed], *counts: int) -> None:
    """Raise Doris' own error where `name` is called with a wrong number of arguments."""
    if len(args) not in counts:
        raise DorisError(f"Can not found function '{name}' which has {len(args)} arity.")


def signature_error(name: str, types: Iterable[DorisType]) -> DorisError:
    """Doris' own error for argument types that no signature takes."""
    listed = ", ".join(str(type_).upper() for type_ in types)
    return DorisError(f"Can not find the compatibility function signature: {name}({listed})")


@lru_cache(maxsize=2048)
def _compiled(template: str) -> _Builder:
    tree = sqlglot.parse_one(template, dialect=_Template)
    seen: set[str] = set()
    builder: _Builder = _compile(tree, None, seen)
    return builder


def _compile(node: Any, parent: exp.Expression | None, seen: set[str]) -> Any:  # noqa: ANN401 - any argument of a node
    if isinstance(node, list):
        parts = [_compile(item, parent, seen) for item in node]
        return lambda operands: [part(operands) for part in parts]
    if not isinstance(node, exp.Expression):
        return lambda _operands: node
    if isinstance(node, exp.Column) and not node.table:
        return _placeholder(node.name, isinstance(parent, (exp.Anonymous, exp.Paren, exp.Cast, exp.Array)), seen)
    if isinstance(node, (exp.DataType, exp.Literal, exp.Null, exp.Boolean)):
        return lambda _operands: node
    kind = type(node)
    fields = [(name, _compile(value, node, seen)) for name, value in node.args.items() if value is not None]
    return lambda operands: kind(**{name: build(operands) for name, build in fields})


def _placeholder(name: str, enclosed: bool, seen: set[str]) -> _Builder:
    """The first use of an operand takes the node itself, later ones a copy: a node has one parent."""
    again = name in seen
    seen.add(name)

    def build(operands: dict[str, exp.Expression]) -> exp.Expression:
        found = operands[name]
        node = found.copy() if again else found
        return node if enclosed else closed(node)

    return build
