"""Table-generating functions of LATERAL VIEW: each gives rows beside every row of the table before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.context import Context
from nereus.warehouse.embedded.sql.rules import builtins, casts
from nereus.warehouse.embedded.sql.tree import LateralView
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.types import INT, VARCHAR, DorisType


@dataclass(frozen=True, slots=True)
class Generated:
    """A DuckDB query that gives the rows as c0, c1 ...; `outer` keeps a row that generates nothing, with NULLs."""

    text: str
    types: tuple[DorisType, ...]
    outer: bool = False


#: Lists of one length (DuckDB fills the shorter ones with NULLs) and the type of their elements.
_Lists = list[tuple[exp.Expression, DorisType]]


def generate(view: LateralView, arguments: list[Typed], context: Context) -> Generated:
    """Bind the function of a LATERAL VIEW. Raises DorisError for a wrong call and Refused for one without a rule."""
    name = view.function.removesuffix("_outer")
    rule = _RULES.get(name)
    if rule is None:
        if not builtins.is_known(view.function):
            raise DorisError(f"Can not found function '{view.function}'")
        raise Refused(f"LATERAL VIEW {view.function}")
    lists = rule(view.function, arguments)
    if len(lists) != len(view.columns):
        raise DorisError(f"{view.function} gives {len(lists)} columns, but {len(view.columns)} are named")
    shown = (
        f'CAST(unnest({context.render(node)}) AS {type_.duckdb}) AS "c{i}"' for i, (node, type_) in enumerate(lists)
    )
    types = tuple(type_ for _, type_ in lists)
    return Generated("SELECT " + ", ".join(shown), types, outer=view.function.endswith("_outer"))


def _explode(name: str, arguments: list[Typed]) -> _Lists:
    """``explode([1, 2])`` -> 1, 2; of several arrays the elements side by side"""
    if not arguments:
        raise DorisError(f"Can not found function '{name}' which has 0 arity")
    return [(array.node, _element(name, array)) for array in arguments]


def _posexplode(name: str, arguments: list[Typed]) -> _Lists:
    """``posexplode(['a', 'b'])`` -> (0, a), (1, b)"""
    if len(arguments) != 1:
        raise DorisError(f"Can not found function '{name}' which has {len(arguments)} arity")
    array = arguments[0]
    length = exp.Anonymous(this="len", expressions=[array.node.copy()])
    return [(exp.Anonymous(this="range", expressions=[length]), INT), (array.node, _element(name, array))]


def _split(name: str, arguments: list[Typed]) -> _Lists:
    """``explode_split('a,b', ',')`` -> a, b"""
    if len(arguments) != 2:
        raise DorisError(f"Can not found function '{name}' which has {len(arguments)} arity")
    parts = [casts.implicit(argument, VARCHAR).node for argument in arguments]
    separator = exp.Is(this=parts[1].copy(), expression=exp.Null())
    guarded = exp.Case(ifs=[exp.If(this=separator, true=exp.Null())])
    guarded.set("default", exp.Anonymous(this="string_split", expressions=parts))
    return [(guarded, VARCHAR)]


def _numbers(name: str, arguments: list[Typed]) -> _Lists:
    """``explode_numbers(3)`` -> 0, 1, 2"""
    if len(arguments) != 1:
        raise DorisError(f"Can not found function '{name}' which has {len(arguments)} arity")
    return [(exp.Anonymous(this="range", expressions=[casts.implicit(arguments[0], INT).node]), INT)]


def _element(name: str, array: Typed) -> DorisType:
    if array.type.name != "array":
        raise Refused(f"{name} of {array.type}")
    return array.type.args[0]


_RULES: dict[str, Callable[[str, list[Typed]], _Lists]] = {
    "explode": _explode,
    "posexplode": _posexplode,
    "explode_split": _split,
    "explode_numbers": _numbers,
}
