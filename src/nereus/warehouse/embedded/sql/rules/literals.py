"""Literals: the type Doris gives them, and what a string literal becomes beside a value of another type."""

from __future__ import annotations

import re
from datetime import datetime as _datetime
from decimal import ROUND_HALF_UP, Context, Decimal

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.registry import operator
from nereus.warehouse.embedded.sql.rules import build, dateparse
from nereus.warehouse.embedded.sql.rules.build import MAX_PRECISION
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    INTEGERS,
    LARGEINT,
    NULL,
    SMALLINT,
    STRING,
    TINYINT,
    VARCHAR_MAX,
    DorisType,
    datetime,
    decimal,
    varchar,
)

#: One more than the greatest value of each integer type.
_ENDS = {TINYINT: 1 << 7, SMALLINT: 1 << 15, INT: 1 << 31, BIGINT: 1 << 63, LARGEINT: 1 << 127}
#: Digits enough for any literal.
_WIDE = Context(prec=200)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_CJK = re.compile("[\u4e00-\u9fa5]")


@operator(exp.Null)
def null(_node: exp.Expression, _operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``NULL`` -> ``NULL``"""
    return Typed(exp.Null(), NULL)


@operator(exp.Boolean)
def boolean(node: exp.Expression, _operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``TRUE`` -> ``TRUE``"""
    return Typed(exp.Boolean(this=bool(node.this)), BOOLEAN, literal=bool(node.this))


@operator(exp.Literal)
def literal(node: exp.Expression, _operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``1`` -> ``CAST(1 AS TINYINT)``; ``1.50`` -> ``CAST(1.50 AS DECIMAL(3, 2))``; ``'a'`` -> ``'a'``, varchar(1)"""
    written: str = node.args["this"]
    if node.args["is_string"]:
        return text(written)
    return integer(int(written)) if _INTEGER.fullmatch(written) else fraction(written)


@operator(exp.HexString)
def binary(node: exp.Expression, _operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``X'41'`` is refused: varbinary has no counterpart."""
    raise Refused(f"the literal {node.sql()}", "Write a string or a number.")


@operator(exp.Introducer)
def dated(node: exp.Expression, _operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``DATE '2024-01-01'`` -> ``CAST('2024-01-01' AS DATE)``; ``TIMESTAMP '...'`` has the scale that is written."""
    written = str(node.expression.this)
    parsed = dateparse.parse(written)
    if str(node.this).upper() == "TIMESTAMP":
        if parsed is None:
            return Typed(build.cast(exp.Null(), datetime(6)), datetime(6))
        return moment(parsed.value, parsed.scale)
    if parsed is None:
        return Typed(build.cast(exp.Null(), DATE), DATE)
    if parsed.timed and parsed.value.time() != parsed.value.min.time():
        raise Refused(f"DATE '{written}' with a time of day", "Write TIMESTAMP '...'.")
    return day(parsed.value)


def integer(value: int) -> Typed:
    """``300`` -> ``CAST(300 AS SMALLINT)``: the narrowest type that holds the value."""
    for type_, end in _ENDS.items():
        if -end <= value < end:
            return integer_as(value, type_)
    raise DorisError(f"integer literal {value} is out of range")


def holds(type_: DorisType, value: int) -> bool:
    """Whether an integer type has a value."""
    return -_ENDS[type_] <= value < _ENDS[type_]


def integer_as(value: int, type_: DorisType) -> Typed:
    """An integer constant of a given integer type."""
    return Typed(build.cast(build.number(value), type_), type_, literal=value)


def fraction(written: str) -> Typed:
    """``0.3`` -> ``CAST(0.3 AS DECIMAL(1, 1))``; ``1e2`` -> decimal(3,0); too wide -> double"""
    value = Decimal(written)
    _, digits, exponent = value.as_tuple()
    exponent = int(exponent)
    scale = max(0, -exponent)
    precision = len(digits) + exponent if exponent > 0 else max(len(digits), scale)
    if precision > MAX_PRECISION:
        return double(float(written))
    return decimal_as(value, decimal(precision, scale))


def decimal_as(value: Decimal, type_: DorisType) -> Typed:
    """A decimal constant of a given type, rounded half up."""
    fixed = value.quantize(Decimal(1).scaleb(-(type_.scale or 0)), ROUND_HALF_UP, _WIDE)
    return Typed(build.cast(exp.Literal.string(f"{fixed:f}"), type_), type_, literal=value)


def double(value: float) -> Typed:
    """A double constant; read from text so that no digit is lost."""
    return Typed(build.cast(exp.Literal.string(repr(value)), DOUBLE), DOUBLE, literal=value)


def text(value: str) -> Typed:
    """A string constant; Doris counts four bytes a character as soon as one is Chinese."""
    length = len(value) if value.isascii() else _length(value)
    type_ = varchar(length) if length <= VARCHAR_MAX else STRING
    return Typed(build.text(value), type_, literal=value)


def _length(value: str) -> int:
    units = len(value.encode("utf-16-le")) // 2
    return units * 4 if _CJK.search(value) else units


def day(value: _datetime) -> Typed:
    """A date constant."""
    return Typed(build.cast(build.text(value.date().isoformat()), DATE), DATE, literal=value.date())


def moment(value: _datetime, scale: int) -> Typed:
    """A datetime constant, rounded half up to `scale` fractional digits."""
    kept = dateparse.rounded(value, scale)
    type_ = datetime(scale)
    if kept is None:
        return Typed(build.cast(exp.Null(), type_), type_)
    return Typed(build.cast(build.text(kept.isoformat(sep=" ")), type_), type_, literal=kept)


def boolean_of(value: bool) -> Typed:
    """A boolean constant."""
    return Typed(exp.Boolean(this=value), BOOLEAN, literal=value)


def null_of(type_: DorisType) -> Typed:
    """NULL of a given type."""
    return Typed(build.cast(exp.Null(), type_), type_)


def beside(value: Typed, other: DorisType) -> Typed:
    """The string literal `value` as Doris reads it beside an operand of type `other`.

    ``'4'`` beside a tinyint is a tinyint, beside a decimal(10,3) a decimal(10,3), ``'2024-01-01'`` beside a date a
    date. What does not read so, and everything that is no string literal, comes back unchanged.
    """
    if not isinstance(value.literal, str) or other.is_text:
        return value
    return _read(value.literal, other) or value


def _read(written: str, other: DorisType) -> Typed | None:
    if other.name == "boolean":
        return {"true": Typed(exp.true(), BOOLEAN), "false": Typed(exp.false(), BOOLEAN)}.get(written.lower())
    if other.name in INTEGERS:
        if not _INTEGER.fullmatch(written):
            return None
        found = integer(int(written))
        return integer_as(int(written), other) if _narrower(found.type, other) else found
    if other in (FLOAT, DOUBLE):
        return (
            Typed(build.cast(build.text(written.strip()), other), other) if _FLOAT.fullmatch(written.strip()) else None
        )
    if other.name == "decimal":
        return _read_decimal(written, other)
    if other.is_date:
        parsed = dateparse.parse(written)
        if parsed is None:
            return None
        if other == DATE and parsed.value.time() == parsed.value.min.time():
            return day(parsed.value)
        return moment(parsed.value, parsed.scale)
    return None


def _narrower(found: DorisType, other: DorisType) -> bool:
    return INTEGERS.index(found.name) <= INTEGERS.index(other.name)


def _read_decimal(written: str, other: DorisType) -> Typed | None:
    """A text that fits the other operand's decimal without rounding."""
    if not _FLOAT.fullmatch(written.strip()):
        return None
    value = Decimal(written.strip())
    _, digits, exponent = value.as_tuple()
    scale = -int(exponent)
    precision, room = len(digits), (other.precision or 0) - (other.scale or 0)
    if value != 0 and (precision > (other.precision or 0) or scale > (other.scale or 0) or precision - scale > room):
        return None
    return decimal_as(value, other)
