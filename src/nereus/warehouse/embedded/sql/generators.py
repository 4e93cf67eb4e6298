"""Table-generating functions of LATERAL VIEW: each gives rows beside every row of the table before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.context import Context
from nereus.warehouse.embedded.sql.rules import bitmaps, builtins, casts, json_values
from nereus.warehouse.embedded.sql.rules.build import call, text
from nereus.warehouse.embedded.sql.rules.lambdas import lambda_
from nereus.warehouse.embedded.sql.tree import LateralView
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.types import BIGINT, DOUBLE, INT, JSON, VARCHAR, DorisType, array


@dataclass(frozen=True, slots=True)
class Generated:
    """A DuckDB query that gives the rows as c0, c1 ...; `outer` keeps a row that generates nothing, with NULLs."""

    text: str
    types: tuple[DorisType, ...]
    outer: bool = False


#: Lists of one length (DuckDB fills the shorter ones with NULLs) and the type of their elements.
_Lists = list[tuple[exp.Expression, DorisType]]
_Rule = Callable[[str, list[Typed]], _Lists]


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
    return [(value.node, _element(name, value)) for value in arguments]


def _bitmap(name: str, arguments: list[Typed]) -> _Lists:
    """``explode_bitmap(b)`` -> its members in rising order"""
    members = bitmaps.bitmap(name, _one(name, arguments))
    return [(members.node, BIGINT)]


def _map(name: str, arguments: list[Typed]) -> _Lists:
    """``explode_map({'a': 1})`` -> (a, 1)"""
    value = _one(name, arguments)
    if value.type.name != "map":
        raise DorisError(f"only support map type for {name} function but got {value.type}")
    lists = (exp.Anonymous(this=part, expressions=[value.node.copy()]) for part in ("map_keys", "map_values"))
    return list(zip(lists, value.type.args, strict=True))


def _json_array(element: DorisType) -> _Rule:
    def rule(name: str, arguments: list[Typed]) -> _Lists:
        """``explode_json_array_int('[1, 2]')`` -> 1, 2: the elements of the document, cast"""
        document = json_values.document(name, _one(name, arguments))
        found = casts.cast_to(document, array(element)).node
        if element == JSON:
            found = call("list_transform", found, lambda_("CASE WHEN x <> n THEN x END", "x", n=text("null")))
        return [(found, element)]

    return rule


def _posexplode(name: str, arguments: list[Typed]) -> _Lists:
    """``posexplode(['a', 'b'])`` -> (0, a), (1, b)"""
    value = _one(name, arguments)
    length = exp.Anonymous(this="len", expressions=[value.node.copy()])
    return [(exp.Anonymous(this="range", expressions=[length]), INT), (value.node, _element(name, value))]


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
    return [(exp.Anonymous(this="range", expressions=[casts.implicit(_one(name, arguments), INT).node]), INT)]


def _one(name: str, arguments: list[Typed]) -> Typed:
    if len(arguments) != 1:
        raise DorisError(f"Can not found function '{name}' which has {len(arguments)} arity")
    return arguments[0]


def _element(name: str, value: Typed) -> DorisType:
    if value.type.name != "array":
        raise Refused(f"{name} of {value.type}")
    return value.type.args[0]


_RULES: dict[str, _Rule] = {
    "explode": _explode,
    "posexplode": _posexplode,
    "explode_split": _split,
    "explode_numbers": _numbers,
    "explode_bitmap": _bitmap,
    "explode_map": _map,
    "explode_json_array_int": _json_array(BIGINT),
    "explode_json_array_double": _json_array(DOUBLE),
    "explode_json_array_string": _json_array(VARCHAR),
    "explode_json_array_json": _json_array(JSON),
}
