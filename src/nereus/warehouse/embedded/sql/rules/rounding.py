"""round, ceil, floor and truncate: the result keeps the precision of a decimal and as much scale as is asked for."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.registry import function
from nereus.warehouse.embedded.sql.rules import casts, literals
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, scaled, sql, text, twice, typed, unscaled
from nereus.warehouse.embedded.sql.rules.coercion import as_decimal
from nereus.warehouse.embedded.sql.rules.text_arguments import constant
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import DOUBLE, DorisType, decimal

#: name -> DuckDB's function for whole numbers; how q = digits // k becomes the wanted multiple (r the remainder).
_WAYS = {
    "round": ("round", "CASE WHEN abs(r) * 2 >= k THEN q + sign(r) ELSE q END"),
    "ceil": ("ceil", "CASE WHEN r > 0 THEN q + 1 ELSE q END"),
    "floor": ("floor", "CASE WHEN r < 0 THEN q - 1 ELSE q END"),
    "truncate": ("trunc", "q"),
}


@function("round", "dround")
def round_(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``round(1.235, 2)`` -> 1.24 as decimal(4,2): half away from zero"""
    count_check("round", args, 1, 2)
    return _rounded("round", args)


@function("ceil", "ceiling", "dceil")
def ceil(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``ceil(1.2)`` -> 2 as decimal(2,0); ``ceil(123.456, 1)`` -> 123.5"""
    count_check("ceil", args, 1, 2)
    return _rounded("ceil", args)


@function("floor", "dfloor")
def floor(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``floor(1.8)`` -> 1 as decimal(2,0); ``floor(123.456, 1)`` -> 123.4"""
    count_check("floor", args, 1, 2)
    return _rounded("floor", args)


@function("truncate")
def truncate(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``truncate(1.239, 2)`` -> 1.23 as decimal(4,2)"""
    count_check("truncate", args, 1, 2)
    if len(args) == 1:
        raise Refused("truncate with one argument", "Write truncate(x, 0).")
    return _rounded("truncate", args)


def _rounded(name: str, args: list[Typed]) -> Typed:
    value, places = args[0], 0
    if len(args) == 2:
        found = constant(args[1])
        if found is None:
            raise Refused(f"{name} to a computed number of digits", "Write a number.")
        places = found
    if value.type.name in ("float", "double"):
        return _rounded_double(name, casts.cast_to(value, DOUBLE), places)
    if value.type.is_date or value.type.args or value.type.name in ("time", "json"):
        raise Refused(f"{name} of {value.type}", "Cast it to a number.")
    source = as_decimal(value.type)
    if value.type.name == "null":
        return typed(literals.null_of(decimal(1, 0)).node, decimal(1, 0), *args)
    return _rounded_decimal(name, casts.cast_to(value, source), places, source)


def _rounded_double(name: str, value: Typed, places: int) -> Typed:
    target = _WAYS[name][0]
    if places == 0:
        return typed(call(target, value), DOUBLE, value)
    if value.node.find(exp.Column) is None:
        raise Refused(f"{name} of a constant double to {places} digits", "Cast it to a decimal.")
    scale = cast(text("1" + "0" * abs(places)), DOUBLE)
    template = f"{target}(x * s) / s" if places > 0 else f"{target}(x / s) * s"
    return typed(sql(template, x=value, s=scale), DOUBLE, value)


def _rounded_decimal(name: str, value: Typed, places: int, source: DorisType) -> Typed:
    scale = source.scale or 0
    kept = min(max(places, 0), scale)
    result = decimal(source.precision or 0, kept)
    if places >= scale:
        return typed(value.node, result, value)
    target, choose = _WAYS[name]
    if places == 0:
        return typed(cast(call(target, value), result), result, value)
    if name == "round" and places > 0:
        return typed(cast(sql(f"round(d, {places})", d=value), result), result, value)
    twice(value, name)
    step = cast(text("1" + "0" * (scale - places)), "HUGEINT")
    digits = unscaled(value.node, scale)
    whole = (
        sql(choose, q=sql("u // k", u=digits, k=step), r=sql("u % k", u=digits.copy(), k=step.copy()), k=step.copy())
        if name != "truncate"
        else sql("u // k", u=digits, k=step)
    )
    if places < 0:
        whole = sql("w * k", w=whole, k=cast(text("1" + "0" * -places), "HUGEINT"))
    return typed(scaled(whole, result), result, value)
