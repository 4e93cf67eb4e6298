"""Numeric functions."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.registry import FunctionRule, function
from nereus.warehouse.embedded.sql.rules import casts, literals
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, sql, twice, typed
from nereus.warehouse.embedded.sql.rules.coercion import wider_integer
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INT,
    LARGEINT,
    SMALLINT,
    TINYINT,
    VARCHAR,
    DorisType,
)

_ABSOLUTE = {"tinyint": SMALLINT, "smallint": INT, "int": BIGINT, "bigint": LARGEINT, "largeint": LARGEINT}


def _double(value: Typed) -> Typed:
    """An argument as double; NULL and texts included."""
    if value.type.is_date or value.type.args:
        raise Refused(f"arithmetic on {value.type}", "Cast it to a number.")
    return casts.cast_to(value, DOUBLE)


@function("abs")
def abs_(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``abs(int)`` -> bigint, one size up; a decimal stays, the rest is double"""
    count_check("abs", args, 1)
    value = args[0]
    if value.type.name == "boolean" or value.type.is_date:
        raise Refused(f"abs of {value.type}", "Cast it to a number.")
    if value.type.name in ("decimal", "float"):
        return typed(cast(call("abs", value), value.type), value.type, *args)
    type_ = _ABSOLUTE.get(value.type.name, DOUBLE)
    return typed(call("abs", casts.cast_to(value, type_)), type_, *args)


_UNARY: dict[tuple[str, ...], str] = {
    ("exp", "dexp"): "exp(x)",
    ("sqrt", "dsqrt"): "CASE WHEN x < 0 THEN NULL ELSE sqrt(x) END",
    ("ln", "dlog1"): "CASE WHEN x > 0 THEN ln(x) END",
    ("log2",): "CASE WHEN x > 0 THEN log2(x) END",
    ("log10", "dlog10"): "CASE WHEN x > 0 THEN log10(x) END",
    ("sin",): "sin(x)",
    ("cos",): "cos(x)",
    ("tan",): "tan(x)",
    ("asin",): "CASE WHEN abs(x) <= 1 OR isnan(x) THEN asin(x) END",
    ("acos",): "CASE WHEN abs(x) <= 1 OR isnan(x) THEN acos(x) END",
    ("atan",): "atan(x)",
    ("sinh",): "sinh(x)",
    ("cosh",): "cosh(x)",
    ("tanh",): "tanh(x)",
    ("radians",): "radians(x)",
    ("degrees",): "degrees(x)",
}


def _unary(name: str, template: str) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, 1)
        value = _double(args[0])
        if name in ("sin", "cos", "tan") and value.node.find(exp.Column) is None:
            raise Refused(
                f"{name} of a constant: Doris' frontend rounds its last digit another way", "Compute it from a column."
            )
        if template.count("x") > 2:
            twice(value, name)
        return typed(sql(template, x=value), DOUBLE, *args)

    rule.__doc__ = f"``{name}(x)`` -> ``{template}`` on doubles"
    return rule


for _names, _template in _UNARY.items():
    function(*_names)(_unary(_names[0], _template))

_BINARY: dict[tuple[str, ...], str] = {
    ("atan2",): "atan2(x, y)",
    ("pow", "power", "dpow", "fpow"): "pow(x, y)",
    ("fmod",): "x % nullif(y, 0)",
    ("log",): "CASE WHEN x > 0 AND x <> 1 AND y > 0 THEN ln(y) / ln(x) END",
}


def _binary(name: str, template: str) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, 2)
        if name == "fmod" and args[0].type.name == args[1].type.name == "float":
            raise Refused("fmod of floats", "Cast them to double.")
        left, right = (twice(_double(arg), name) for arg in args)
        return typed(sql(template, x=left, y=right), DOUBLE, *args)

    rule.__doc__ = f"``{name}(x, y)`` -> ``{template}`` on doubles"
    return rule


for _names, _template in _BINARY.items():
    function(*_names)(_binary(_names[0], _template))


@function("sign")
def sign(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``sign(x)`` -> ``CAST(sign(x) AS TINYINT)``"""
    count_check("sign", args, 1)
    value = args[0] if args[0].type.is_numeric and args[0].type != BOOLEAN else _double(args[0])
    return typed(cast(call("sign", value), TINYINT), TINYINT, *args)


@function("pi")
def pi(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``pi()`` -> ``pi()``"""
    count_check("pi", args, 0)
    return typed(call("pi"), DOUBLE)


@function("e")
def e(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``e()`` -> 2.718281828459045"""
    count_check("e", args, 0)
    return literals.double(2.718281828459045)


@function("bin")
def bin_(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``bin(5)`` -> '101'; a negative number has 64 digits"""
    count_check("bin", args, 1)
    return typed(call("bin", casts.cast_to(args[0], BIGINT)), VARCHAR, *args)


@function("positive")
def positive(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``positive(x)`` -> x as bigint, decimal or double"""
    count_check("positive", args, 1)
    return _signed("positive", args[0], "x")


@function("negative")
def negative(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``negative(x)`` -> ``-x`` as bigint, decimal or double"""
    count_check("negative", args, 1)
    return _signed("negative", args[0], "-x")


def _signed(name: str, value: Typed, template: str) -> Typed:
    if value.type.name == "decimal":
        return typed(sql(template, x=value), value.type, value)
    if value.type.is_integer and value.type != LARGEINT:
        return typed(sql(template, x=casts.cast_to(value, BIGINT)), BIGINT, value)
    if value.type == DOUBLE:
        return typed(sql(template, x=value), DOUBLE, value)
    raise Refused(f"{name} of {value.type}", "Cast it to bigint or double.")


@function("pmod")
def pmod(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``pmod(-7, 3)`` -> ``((-7 % 3) + 3) % 3``; NULL for a zero divisor"""
    count_check("pmod", args, 2)
    if not all(arg.type.is_integer and arg.type != LARGEINT for arg in args):
        raise Refused("pmod of anything but integers", "Cast to bigint.")
    left, right = (twice(casts.cast_to(arg, BIGINT), "pmod") for arg in args)
    return typed(sql("((x % y) + y) % y", x=left, y=right), BIGINT, *args)


@function("gcd")
def gcd(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``gcd(a, b)`` -> the same in the wider type"""
    type_ = _whole("gcd", args)
    return typed(cast(call("gcd", *(casts.cast_to(arg, BIGINT) for arg in args)), type_), type_, *args)


@function("lcm")
def lcm(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``lcm(a, b)`` -> the same, one size above the wider type"""
    type_ = _ABSOLUTE[_whole("lcm", args).name]
    return typed(cast(call("lcm", *(casts.cast_to(arg, LARGEINT) for arg in args)), type_), type_, *args)


def _whole(name: str, args: list[Typed]) -> DorisType:
    count_check(name, args, 2)
    types = [TINYINT if arg.type.name == "null" else arg.type for arg in args]
    if not all(type_.is_integer and type_ != LARGEINT for type_ in types):
        raise Refused(f"{name} of anything but integers", "Cast to bigint.")
    return wider_integer(*types)


@function("bit_count")
def bit_count(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``bit_count(n)`` -> the same, in the bits of its type"""
    count_check("bit_count", args, 1)
    if not args[0].type.is_integer or args[0].type == LARGEINT:
        raise Refused(f"bit_count of {args[0].type}", "Cast to bigint.")
    return typed(cast(call("bit_count", args[0]), TINYINT), TINYINT, *args)


@function("isnan")
def isnan(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``isnan(x)`` -> the same"""
    count_check("isnan", args, 1)
    return typed(call("isnan", _double(args[0])), BOOLEAN, *args)


@function("isinf")
def isinf(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``isinf(x)`` -> the same"""
    count_check("isinf", args, 1)
    return typed(call("isinf", _double(args[0])), BOOLEAN, *args)


@function("rand", "random")
def rand(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``rand()`` -> ``random()``: from 0 up to 1; a seed is refused"""
    if args:
        raise Refused("rand with arguments", "Write rand().")
    return Typed(call("random"), DOUBLE, volatile=True)


@function("uuid")
def uuid(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``uuid()`` -> ``CAST(uuid() AS VARCHAR)``"""
    count_check("uuid", args, 0)
    return Typed(cast(call("uuid"), "VARCHAR"), VARCHAR, volatile=True)
