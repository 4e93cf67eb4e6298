"""The operators + - * / % DIV & | ^ ~ and unary minus, with the precision and scale Doris gives their results."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.nodes import make
from nereus.warehouse.embedded.sql.registry import function, operator
from nereus.warehouse.embedded.sql.rules import casts, literals
from nereus.warehouse.embedded.sql.rules.build import (
    MAX_PRECISION,
    call,
    cast,
    closed,
    count_check,
    is_null,
    scaled,
    sql,
    typed,
    unscaled,
    unwidened,
    widened,
)
from nereus.warehouse.embedded.sql.rules.coercion import (
    DIVISION_SCALE,
    OVERFLOW_SCALE,
    as_decimal,
    numeric,
    promoted,
    wider_integer,
)
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, BOOLEAN, DOUBLE, INT, DorisType, decimal

#: Session fact (not a variable of Doris) under which decimals of up to 18 digits are computed in 128 bits.
WIDE_DECIMALS = "wide_decimals"


@operator(exp.Add, exp.Sub, exp.Mul, exp.Mod)
def arithmetic(node: exp.Expression, operands: list[Typed], facts: SessionFacts) -> Typed:
    """``int + int`` -> bigint; ``decimal(10,2) * decimal(4,1)`` -> decimal(14,3); anything with a double -> double"""
    kind = type(node)
    left, right = _numbers(*operands)
    one, other = numeric(left.type), numeric(right.type)
    if kind is exp.Mod and one.name == other.name == "float":
        raise Refused("float % float", "Cast to double.")
    if "double" in (one.name, other.name) or "float" in (one.name, other.name):
        return _floating(kind, as_double(left), as_double(right), operands)
    if "decimal" in (one.name, other.name):
        return _decimal(kind, left, right, operands, wide=WIDE_DECIMALS in facts.variables)
    result = promoted(wider_integer(one, other))
    return typed(_binary(kind, casts.cast_to(left, result), casts.cast_to(right, result)), result, *operands)


def _numbers(left: Typed, right: Typed) -> tuple[Typed, Typed]:
    """Both operands as numbers; a string literal takes the other operand's type where it reads so."""
    left, right = literals.beside(left, right.type), literals.beside(right, left.type)
    for value in (left, right):
        if isinstance(value.literal, str):
            _check_number(value.literal)
    return _number(left), _number(right)


def _check_number(written: str) -> None:
    try:
        finite = Decimal(written).is_finite() and "_" not in written and written.strip() == written
    except InvalidOperation:
        finite = False
    if not finite:
        raise DorisError(f"string literal '{written}' cannot be cast to double")


def _number(value: Typed) -> Typed:
    return value if value.type.is_numeric else casts.cast_to(value, numeric(value.type))


def as_double(value: Typed) -> Typed:
    """``CAST(x AS DOUBLE)``"""
    return casts.cast_to(value, DOUBLE)


def _binary(kind: type[exp.Expression], left: Typed, right: Typed) -> exp.Expression:
    return make(kind, this=closed(left.node), expression=closed(right.node))


def _floating(kind: type[exp.Expression], left: Typed, right: Typed, operands: list[Typed]) -> Typed:
    """``a % b`` of doubles -> NULL for b = 0"""
    if kind is exp.Mod:
        return typed(sql("a % nullif(b, 0)", a=left, b=right), DOUBLE, *operands)
    return typed(_binary(kind, left, right), DOUBLE, *operands)


def _decimal(kind: type[exp.Expression], left: Typed, right: Typed, operands: list[Typed], *, wide: bool) -> Typed:
    """Sums and products of up to 18 digits each stay in 64 bits, ten times as fast as 128 bits.

    A result that does not fit them then is an error ("Overflow in ... of DECIMAL(18)"); bound again with the session
    fact WIDE_DECIMALS the same text computes it exactly.
    """
    one, other = as_decimal(left.type), as_decimal(right.type)
    carry = 0 if kind is exp.Mod else 1
    result = product_type(one, other) if kind is exp.Mul else _sum_type(one, other, carry)
    if is_null(left) or is_null(right):
        return typed(literals.null_of(result).node, result, *operands)
    left, right = casts.cast_to(left, one), casts.cast_to(right, other)
    if kind is exp.Mod:
        same = _binary(kind, casts.cast_to(left, result), casts.cast_to(right, result))
        return typed(same, result, *operands)
    scale = max(one.scale or 0, other.scale or 0)
    precision = max(_integral(one), _integral(other)) + carry + scale
    if kind is exp.Mul:
        precision, scale = (one.precision or 0) + (other.precision or 0), (one.scale or 0) + (other.scale or 0)
        if scale > MAX_PRECISION:
            raise Refused(f"the product of {one} and {other}", "Cast to smaller scales first.")
    if precision > 18 and wide:
        left = replace(left, node=cast(left, decimal(MAX_PRECISION, one.scale or 0)))
    elif precision > 18:
        left, right = (replace(value, node=unwidened(value.node)) for value in (left, right))
    node = _binary(kind, left, right)
    if result.precision == precision <= 18:
        return typed(node, result, *operands)
    return typed(widened(node, result) if scale == result.scale else cast(node, result), result, *operands)


def _sum_type(one: DorisType, other: DorisType, carry: int) -> DorisType:
    scale = max(one.scale or 0, other.scale or 0)
    integral = max(_integral(one), _integral(other))
    if integral + carry + scale > MAX_PRECISION:
        return decimal(MAX_PRECISION, MAX_PRECISION - integral)
    return decimal(integral + carry + scale, scale)


def _integral(type_: DorisType) -> int:
    return (type_.precision or 0) - (type_.scale or 0)


def product_type(one: DorisType, other: DorisType) -> DorisType:
    """decimal(a,b) * decimal(c,d) -> decimal(a+c, b+d), kept within 38 digits."""
    return _limited((one.precision or 0) + (other.precision or 0), (one.scale or 0) + (other.scale or 0))


def _limited(precision: int, scale: int) -> DorisType:
    if precision <= MAX_PRECISION:
        return decimal(precision, scale)
    integral = precision - scale
    if integral < MAX_PRECISION - OVERFLOW_SCALE:
        return decimal(MAX_PRECISION, MAX_PRECISION - integral)
    if integral > MAX_PRECISION - OVERFLOW_SCALE and scale < OVERFLOW_SCALE:
        return decimal(MAX_PRECISION, scale)
    return decimal(MAX_PRECISION, OVERFLOW_SCALE)


@operator(exp.Div)
def divide(_node: exp.Expression, operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``7 / 2`` -> 3.5 double; ``decimal(10,2) / decimal(10,2)`` -> decimal(16,6), cut; ``x / 0`` -> NULL"""
    left, right = (_number(operand) for operand in operands)
    one, other = numeric(left.type), numeric(right.type)
    if "decimal" not in (one.name, other.name) or {"float", "double"} & {one.name, other.name}:
        left, right = as_double(left), as_double(right)
        return typed(sql("a / nullif(b, 0)", a=left, b=right), DOUBLE, *operands)
    return _quotient(casts.cast_to(left, as_decimal(one)), casts.cast_to(right, as_decimal(other)), operands)


def _quotient(left: Typed, right: Typed, operands: list[Typed]) -> Typed:
    """Divide the digits as integers, as Doris does; its result is cut, not rounded."""
    one, other = left.type, right.type
    scale, taken = one.scale or 0, other.scale or 0
    limited = _limited((one.precision or 0) + taken + DIVISION_SCALE, scale)
    precision = limited.precision or 0
    shifted = min(precision, (limited.scale or 0) + taken + DIVISION_SCALE)
    result = decimal(precision, shifted - taken)
    above = unscaled(left.node, scale)
    if shifted < scale:
        raise Refused(f"the quotient of {one} and {other}", "Cast to smaller precisions first.")
    node = sql(
        "a * f // b",
        a=above,
        f=cast(exp.Literal.string("1" + "0" * (shifted - scale)), "HUGEINT"),
        b=unscaled(right.node, taken),
    )
    return typed(scaled(node, result), result, *operands)


@operator(exp.IntDiv)
def integer_divide(_node: exp.Expression, operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``7 DIV 2`` -> ``7 // 2``, cut; everything but integers is cut to bigint first; ``x DIV 0`` -> NULL"""
    left, right = (_number(operand) for operand in operands)
    one, other = numeric(left.type), numeric(right.type)
    result = wider_integer(one, other) if one.is_integer and other.is_integer else BIGINT
    left, right = casts.cast_to(left, result), casts.cast_to(right, result)
    return typed(_binary(exp.IntDiv, left, right), result, *operands)


@operator(exp.Neg)
def negate(_node: exp.Expression, operands: list[Typed], facts: SessionFacts) -> Typed:
    """``-x`` -> ``0 - x`` with an INT zero, so that -int is bigint"""
    return arithmetic(exp.Sub(), [literals.integer_as(0, INT), operands[0]], facts)


@operator(exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor)
def bits(node: exp.Expression, operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``5 & 3`` -> ``5 & 3``, ``a ^ b`` -> ``xor(a, b)``; fractions are cut to bigint first"""
    left, right = _numbers(*operands)
    one, other = numeric(left.type), numeric(right.type)
    result = wider_integer(one, other) if one.is_integer and other.is_integer else BIGINT
    left, right = casts.cast_to(left, result), casts.cast_to(right, result)
    if isinstance(node, exp.BitwiseXor):
        return typed(call("xor", left, right), result, *operands)
    return typed(_binary(type(node), left, right), result, *operands)


@operator(exp.BitwiseNot)
def bit_not(_node: exp.Expression, operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``~1`` -> ``~1``"""
    value = operands[0]
    if value.type == BOOLEAN:
        raise Refused("~ of a boolean", "Cast to tinyint.")
    if not value.type.is_integer:
        value = casts.cast_to(value, BIGINT)
    return typed(sql("~a", a=value), value.type, *operands)


@function("mod")
def mod(args: list[Typed], facts: SessionFacts) -> Typed:
    """``mod(a, b)`` -> ``a % b``"""
    count_check("mod", args, 2)
    return arithmetic(exp.Mod(), args, facts)
