"""The operators + - * / % DIV & | ^ ~ and unary minus, with the precision and scale Doris gives their results."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
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

#: Marks a CAST that only widens, so that sum() may look through it.
WIDENING = "widening"


@operator(exp.Add, exp.Sub, exp.Mul, exp.Mod)
def arithmetic(node: exp.Expression, operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``int + int`` -> bigint; ``decimal(10,2) * decimal(4,1)`` -> decimal(14,3); anything with a double -> double"""
    kind = type(node)
    left, right = _numbers(*operands)
    one, other = numeric(left.type), numeric(right.type)
    if kind is exp.Mod and one.name == other.name == "float":
        raise Refused("float % float", "Cast to double.")
    if "double" in (one.name, other.name) or "float" in (one.name, other.name):
        return _floating(kind, as_double(left), as_double(right), operands)
    if "decimal" in (one.name, other.name):
        return _decimal(kind, left, right, operands)
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
    return kind(this=closed(left.node), expression=closed(right.node))


def _floating(kind: type[exp.Expression], left: Typed, right: Typed, operands: list[Typed]) -> Typed:
    """``a % b`` of doubles -> NULL for b = 0"""
    if kind is exp.Mod:
        return typed(sql("a % nullif(b, 0)", a=left, b=right), DOUBLE, *operands)
    return typed(_binary(kind, left, right), DOUBLE, *operands)


def _decimal(kind: type[exp.Expression], left: Typed, right: Typed, operands: list[Typed]) -> Typed:
    one, other = as_decimal(left.type), as_decimal(right.type)
    if is_null(left) or is_null(right):
        result = product_type(one, other) if kind is exp.Mul else _sum_type(one, other, 0 if kind is exp.Mod else 1)
        return typed(literals.null_of(result).node, result, *operands)
    left, right = casts.cast_to(left, one), casts.cast_to(right, other)
    if kind is exp.Mul:
        return _product(left, right, operands)
    result = _sum_type(one, other, carry=0 if kind is exp.Mod else 1)
    if kind is exp.Mod:
        same = _binary(kind, casts.cast_to(left, result), casts.cast_to(right, result))
        return typed(same, result, *operands)
    scale = max(one.scale or 0, other.scale or 0)
    natural = _natural(max(_integral(one), _integral(other)) + 1 + scale, one, other)
    if natural == result.precision and scale == result.scale:
        return typed(_binary(kind, left, right), result, *operands)
    wide = cast(_binary(kind, casts.cast_to(left, result), casts.cast_to(right, result)), result)
    return typed(wide, result, *operands)


def _natural(precision: int, *operands: DorisType) -> int:
    """The precision DuckDB gives a result: it stays within 64 bits as long as all its operands do."""
    if precision > 18 and all((operand.precision or 0) <= 18 for operand in operands):
        return 18
    return min(precision, MAX_PRECISION)


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


def _product(left: Typed, right: Typed, operands: list[Typed]) -> Typed:
    """Products of more than 18 digits are computed in 128 bits: DuckDB alone would stay within 64 and fail."""
    one, other = left.type, right.type
    result = product_type(one, other)
    precision, scale = (one.precision or 0) + (other.precision or 0), (one.scale or 0) + (other.scale or 0)
    if scale > MAX_PRECISION:
        raise Refused(f"the product of {one} and {other}", "Cast to smaller scales first.")
    if _natural(precision, one, other) == precision and result == decimal(precision, scale):
        return typed(_binary(exp.Mul, left, right), result, *operands)
    if max(one.precision or 0, other.precision or 0) <= 18:
        left = Typed(cast(left, decimal(19, one.scale or 0)), decimal(19, one.scale or 0))
    node = cast(_binary(exp.Mul, left, right), result)
    node.meta[WIDENING] = result.scale == scale
    return typed(node, result, *operands)


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
