"""The type Doris finds for two or more operands (its new type coercion behaviour, the default of 4.0)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.rules.build import MAX_PRECISION
from nereus.warehouse.embedded.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    INTEGERS,
    NULL,
    STRING,
    TINYINT,
    DorisType,
    array,
    datetime,
    decimal,
)

#: The scale kept when a result would be wider than 38 digits.
OVERFLOW_SCALE = 6
#: What division adds to the scale.
DIVISION_SCALE = 4

_AS_DECIMAL = {
    "null": (1, 0),
    "boolean": (1, 0),
    "tinyint": (3, 0),
    "smallint": (5, 0),
    "int": (10, 0),
    "bigint": (20, 0),
    "largeint": (38, 0),
    "float": (14, 7),
    "double": (30, 15),
}

_PROMOTION = {"boolean": "smallint", "tinyint": "smallint", "smallint": "int", "int": "bigint", "bigint": "bigint"}


def as_decimal(type_: DorisType) -> DorisType:
    """The decimal that holds any value of a type: tinyint -> decimal(3,0), bigint -> decimal(20,0)."""
    if type_.name == "decimal":
        return type_
    if type_.name == "datetime":
        return decimal(14 + (type_.scale or 0), type_.scale or 0)
    return decimal(*_AS_DECIMAL.get(type_.name, (38, 9)))


def promoted(type_: DorisType) -> DorisType:
    """The next wider integer type; bigint and largeint stay."""
    return DorisType(_PROMOTION.get(type_.name, type_.name))


def numeric(type_: DorisType) -> DorisType:
    """The type an operand of arithmetic is read as: text and time as double, dates as bigint."""
    if type_.name in ("null", "boolean"):
        return TINYINT
    if type_.is_numeric:
        return type_
    if type_.is_date:
        return BIGINT
    if type_.is_text or type_.name in ("time", "json"):
        return DOUBLE
    raise Refused(f"arithmetic on {type_}", "Cast it to a number.")


def wider_integer(left: DorisType, right: DorisType) -> DorisType:
    """The wider of two integer types."""
    return left if INTEGERS.index(left.name) >= INTEGERS.index(right.name) else right


def wider_decimal(left: DorisType, right: DorisType) -> DorisType:
    """The decimal that holds the integral part and the scale of both."""
    scale = max(_scale(left), _scale(right))
    integral = max(_integral(left), _integral(right))
    if integral + scale > MAX_PRECISION:
        return decimal(MAX_PRECISION, max(min(scale, OVERFLOW_SCALE), MAX_PRECISION - integral))
    return decimal(integral + scale, scale)


def common_type(types: Iterable[DorisType]) -> DorisType | None:
    """The type all of `types` are cast to, from left to right; None where Doris finds none."""
    start: DorisType | None = NULL
    return reduce(lambda found, other: wider(found, other) if found is not None else None, types, start)


def wider(left: DorisType, right: DorisType) -> DorisType | None:
    """The type two operands of a comparison, CASE, IF, IN ... are both cast to; None where there is none."""
    if left == right or right.name == "null":
        return left
    if left.name == "null":
        return right
    if left.args or right.args:
        return _wider_nested(left, right)
    if right.is_date and not left.is_date:
        left, right = right, left
    if left.name == "date":
        return _wider_date(right)
    if left.name == "datetime":
        return _wider_datetime(left, right)
    if "time" in (left.name, right.name):
        return _wider_time(left, right)
    for one, other in ((left, right), (right, left)):
        if one.name in ("float", "double"):
            return _wider_float(one, other)
    for one, other in ((left, right), (right, left)):
        if one.is_integer or one.name == "decimal":
            return _wider_fixed(one, other)
    for one, other in ((left, right), (right, left)):
        if one.name in ("boolean", "json") and (other.is_text or other.name == "json"):
            return one
        if one.name in ("ipv6", "ipv4") and (other.is_text or {one.name, other.name} == {"ipv4", "ipv6"}):
            return DorisType("ipv6") if "ipv6" in (one.name, other.name) else one
    return STRING if left.is_text and right.is_text else None


def _wider_date(other: DorisType) -> DorisType | None:
    if other.name in ("tinyint", "smallint"):
        return DATE
    if other.is_integer:
        return datetime(0)
    if other.name == "decimal":
        return datetime(min(6, _scale(other)))
    if other.is_date:
        return other
    if other.name == "time":
        return datetime(min(6, _scale(other)))
    return datetime(6) if other.is_text or (other.is_numeric and other != BOOLEAN) else None


def _wider_datetime(left: DorisType, other: DorisType) -> DorisType | None:
    if other.is_integer or other.name == "date":
        return left
    if other.name in ("decimal", "datetime", "time"):
        return datetime(min(6, max(_scale(left), _scale(other))))
    return datetime(6) if other.is_text or (other.is_numeric and other != BOOLEAN) else None


def _wider_time(left: DorisType, right: DorisType) -> DorisType | None:
    time, other = (left, right) if left.name == "time" else (right, left)
    if other.is_integer:
        return time
    if other.name in ("decimal", "time"):
        return DorisType("time", scale=min(6, max(_scale(time), _scale(other))))
    if other.is_text:
        return datetime(6)
    return DorisType("time", scale=6) if other.is_numeric and other != BOOLEAN else None


def _wider_float(left: DorisType, other: DorisType) -> DorisType | None:
    if other.name in ("boolean", "tinyint", "smallint"):
        return left
    if left == FLOAT == other:
        return FLOAT
    return DOUBLE if other.is_numeric or other.is_text or other.name == "json" else None


def _wider_fixed(left: DorisType, other: DorisType) -> DorisType | None:
    if other == BOOLEAN:
        return left if left.is_integer else wider_decimal(left, as_decimal(other))
    if other.is_text or other.name == "json":
        return decimal(MAX_PRECISION, OVERFLOW_SCALE)
    if left.is_integer and other.is_integer:
        return wider_integer(left, other)
    if other.is_integer or other.name == "decimal":
        return wider_decimal(as_decimal(left), as_decimal(other))
    return None


def _wider_nested(left: DorisType, right: DorisType) -> DorisType | None:
    if right.is_text:
        return left
    if left.is_text:
        return right
    if left.name == right.name == "array":
        element = wider(left.args[0], right.args[0])
        return array(element) if element else None
    if left.name == right.name and len(left.args) == len(right.args):
        args = [wider(one, other) for one, other in zip(left.args, right.args, strict=True)]
        found = tuple(arg for arg in args if arg is not None)
        return DorisType(left.name, args=found, fields=left.fields) if len(found) == len(args) else None
    return None


def _scale(type_: DorisType) -> int:
    return type_.scale or 0


def _integral(type_: DorisType) -> int:
    return (type_.precision or 0) - _scale(type_)
