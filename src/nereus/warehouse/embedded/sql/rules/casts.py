"""CAST: every pair of types, in Doris' non-strict mode (what does not fit becomes NULL)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.rules import date_casts, json_texts, literals, nested_casts
from nereus.warehouse.embedded.sql.rules.build import cast, sql, text, try_cast, twice, typed, unscaled, widened
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    FLOAT,
    INTEGERS,
    LARGEINT,
    STRING,
    DorisType,
    varchar,
)

_SPACE = r"[ \t-\r]*"
_DIGITS = rf"{_SPACE}[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+){_SPACE}"
_NUMBER = rf"(?i){_SPACE}([+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|[+-]?inf|[+-]?infinity|nan){_SPACE}"
#: Doris reads a decimal text to 76 digits; longer exponents are not compared.
_DECIMAL = rf"{_SPACE}[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{{1,2}})?{_SPACE}"


def cast_to(value: Typed, to: DorisType, *, strict: bool = False) -> Typed:
    """``x`` -> ``CAST(x AS type)`` with Doris' results.

    Args:
        value: a bound expression of any type.
        to: the wanted type; text longer than varchar(n) is cut at n characters, as CAST does.
        strict: for a value that is stored: an error instead of NULL where a value does not fit, and no text is cut.

    Raises DorisError where Doris knows no such cast and Refused where the result would not be certain.
    """
    if value.type == to:
        return value
    if value.type.name == "null":
        return typed(literals.null_of(to).node, to, value)
    if value.type.is_text and to.is_text:
        return _text_to_text(value, to, strict)
    if value.type.args and to.args:
        return nested_casts.convert(value, to, partial(cast_to, strict=strict))
    result = _constant(value, to) or _convert(value, to)
    if to.name in ("char", "varchar"):
        result = _text_to_text(replace(result, type=STRING), to, strict)
    return _certain(value, result) if strict else result


def implicit(value: Typed, to: DorisType) -> Typed:
    """A cast that Doris adds by itself: texts of different lengths stay as they are."""
    if value.type == to:
        return value
    if value.type.is_text and to.is_text:
        return Typed(value.node, to, value.literal, value.volatile, value.aggregate)
    if to.name in ("char", "varchar"):
        return replace(cast_to(value, STRING), type=to)
    return cast_to(value, to)


def _constant(value: Typed, to: DorisType) -> Typed | None:
    """A number literal as a constant of a wider type: ``1`` as decimal(16,2) -> ``CAST('1.00' AS DECIMAL(16, 2))``"""
    written = value.literal
    if isinstance(written, bool) or not isinstance(written, (int, Decimal)) or not value.type.is_numeric:
        return None
    if to.is_integer and isinstance(written, int):
        return literals.integer_as(written, to) if literals.holds(to, written) else None
    if to.name == "decimal" and _fits(value.type, to):
        return literals.decimal_as(Decimal(written), to)
    return literals.double(float(written)) if to == DOUBLE else None


def _convert(value: Typed, to: DorisType) -> Typed:
    source, target = value.type, to
    if (source.name == "boolean" and (to.is_date or to.name == "time")) or not _known(source, to):
        raise DorisError(f"cannot cast {str(source).upper()} to {str(to).upper()}")
    if source == FLOAT and to.is_numeric and to not in (FLOAT, BOOLEAN) and value.node.find(exp.Column) is None:
        raise Refused("a cast of a constant float: Doris' frontend reads its shortest text", "Cast to double first.")
    if "json" in (source.name, to.name) and "variant" not in (source.name, to.name):
        return json_texts.convert(value, to, cast_to)
    if source.args and to.is_text:
        return typed(nested_casts.to_text(value, cast_to), to, value)
    if target.is_date:
        return date_casts.to_date(value, to)
    if source.is_date:
        return date_casts.from_date(value, to)
    rule: Callable[[Typed, DorisType], Typed] | None = None
    if to.name == "boolean":
        rule = _to_boolean
    elif to.is_integer:
        rule = _to_integer
    elif to.name in ("float", "double"):
        rule = _to_float
    elif to.name == "decimal":
        rule = _to_decimal
    elif to.is_text:
        rule = to_text
    if rule is None or not (source.is_text or source.is_numeric):
        raise Refused(f"a cast from {source} to {to}", "Take a value out of it and cast that.")
    return rule(value, to)


def _known(source: DorisType, to: DorisType) -> bool:
    """Whether Doris takes the cast at all, for the pairs that it refuses."""
    if source.name == "date":
        return to.is_date or to.is_text or to.name in ("int", "bigint", "largeint", "float", "double", "variant")
    if source.name == "datetime":
        return to.is_date or to.is_text or to.name in ("bigint", "largeint", "float", "double", "time", "variant")
    if source.name in ("bitmap", "hll", "quantile_state"):
        return False
    if source.name == "json":
        return to.is_numeric or to.is_text or to.name in ("array", "struct", "variant")
    if source.name == "map":
        return to.is_text or to.name in ("map", "variant")
    if source.args:
        return to.is_text or to.name in (source.name, "json", "variant")
    if to.args and not source.is_text:
        return source.name == "variant"
    return to.name not in ("bitmap", "hll", "quantile_state")


def _to_boolean(value: Typed, to: DorisType) -> Typed:
    """``n`` -> ``n <> 0``; ``'yes'`` -> TRUE, ``'off'`` -> FALSE, ``'abc'`` -> NULL"""
    if value.type.is_numeric:
        return typed(sql("n <> 0", n=value), to, value)
    node = sql(
        "CASE lower(trim(s, ' ')) WHEN '1' THEN TRUE WHEN 't' THEN TRUE WHEN 'yes' THEN TRUE WHEN 'on' THEN TRUE"
        " WHEN 'true' THEN TRUE WHEN '0' THEN FALSE WHEN 'f' THEN FALSE WHEN 'no' THEN FALSE WHEN 'off' THEN FALSE"
        " WHEN 'false' THEN FALSE END",
        s=value,
    )
    return typed(node, to, value)


def _to_integer(value: Typed, to: DorisType) -> Typed:
    """``1.9`` -> 1, ``'1.9'`` -> 1, ``300`` as tinyint -> NULL, ``'12abc'`` -> NULL"""
    source = value.type
    if source.name == "boolean":
        return typed(cast(value, to), to, value)
    if source.is_integer:
        widens = INTEGERS.index(source.name) <= INTEGERS.index(to.name)
        return typed((cast if widens else try_cast)(value, to), to, value)
    if source.is_numeric:
        return typed(try_cast(_cut(value, to), to), to, value)
    twice(value, "a cast to an integer")
    digits = sql("regexp_extract(s, '[+-]?[0-9]*')", s=sql("ltrim(s, c)", s=value, c=text(" \t\n\v\f\r")))
    node = sql(
        "CASE WHEN regexp_full_match(s, p) THEN n END",
        s=value.node.copy(),
        p=text(_DIGITS),
        n=try_cast(sql("CASE WHEN d IN ('', '+', '-') THEN '0' ELSE d END", d=digits), to),
    )
    return typed(node, to, value)


def _cut(value: Typed, to: DorisType) -> exp.Expression:
    """The whole part of a number; doubles that frontend and backend may read differently are an error."""
    whole = sql("trunc(n)", n=value)
    if value.type.name == "decimal":
        return whole
    constant = value.node.find(exp.Column) is None
    if to != LARGEINT and not (to == BIGINT and constant):
        return whole
    twice(value, "a cast to an integer")
    return sql(
        f"CASE WHEN abs(n) >= {'1e15' if constant else '1.7e38'} AND abs(n) < {'1e19' if to == BIGINT else '1e300'}"
        " THEN error(m) ELSE n END",
        n=whole,
        m=text("the embedded warehouse refuses a cast of a double this large to an integer"),
    )


def _to_float(value: Typed, to: DorisType) -> Typed:
    """``'1e3'`` -> 1000, ``'abc'`` -> NULL; a wide decimal divides its digits as double, as Doris does"""
    source = value.type
    if source.name == "decimal" and (source.precision or 0) > 15:
        if (source.precision or 0) + (source.scale or 0) > 38:
            raise Refused(f"a cast from {source} to {to}", "Cast to a decimal of 18 digits first.")
        scale = exp.Literal.string(f"1e{source.scale or 0}")
        node = sql("CAST(d AS DOUBLE) / f", d=unscaled(value.node, source.scale or 0), f=cast(scale, DOUBLE))
        return typed(cast(node, to), to, value)
    if source.is_numeric:
        return typed(cast(value, to), to, value)
    twice(value, "a cast to a floating-point number")
    node = sql(
        "CASE WHEN regexp_full_match(s, p) THEN n END",
        s=value,
        p=text(_NUMBER),
        n=try_cast(sql("trim(s, c)", s=value.node.copy(), c=text(" \t\n\v\f\r")), to),
    )
    return typed(node, to, value)


def _to_decimal(value: Typed, to: DorisType) -> Typed:
    """``'1.235'`` as decimal(5,2) -> 1.24 (half up), ``99999`` as decimal(5,2) -> NULL"""
    source = value.type
    if source.name == "boolean":
        return typed(try_cast(cast(value, "TINYINT"), to), to, value)
    if source.is_integer or source.name == "decimal":
        if not _fits(source, to):
            return typed(try_cast(value, to), to, value)
        same = source.name == "decimal" and source.scale == to.scale
        return typed(widened(value.node, to) if same else cast(value, to), to, value)
    if source.is_numeric:
        return typed(try_cast(value, to), to, value)
    twice(value, "a cast to a decimal")
    node = sql(
        "CASE WHEN regexp_full_match(s, p) THEN n END",
        s=value,
        p=text(_DECIMAL),
        n=try_cast(sql("trim(s, c)", s=value.node.copy(), c=text(" \t\n\v\f\r")), to),
    )
    return typed(node, to, value)


def _fits(source: DorisType, to: DorisType) -> bool:
    """Whether every value of an integer or decimal type fits a decimal type."""
    room = (to.precision or 0) - (to.scale or 0)
    if source.name == "decimal":
        integral, scale = (source.precision or 0) - (source.scale or 0), source.scale or 0
        return integral < room or (integral == room and scale <= (to.scale or 0))
    return {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}.get(source.name, 39) <= room


def to_text(value: Typed, to: DorisType = STRING) -> Typed:
    """``TRUE`` -> '1', ``1.50`` -> '1.50', double 1e20 -> '1e+20' (16 digits, float: 7)"""
    source = value.type
    if source.name == "boolean":
        node = sql("CAST(CAST(b AS TINYINT) AS VARCHAR)", b=value)
    elif source.name in ("float", "double"):
        node = float_text(value)
    elif source.name == "decimal" and value.literal is not None and _exponent(value):
        raise Refused("the text of a number written with an exponent", "Write the digits.")
    elif source.is_date:
        return date_casts.from_date(value, to)
    else:
        node = cast(value, "VARCHAR")
    return typed(node, to, value)


def float_text(value: Typed) -> exp.Expression:
    """The text of a double with 16 significant digits, of a float with 7."""
    twice(value, "the text of a number")
    return sql(
        "CASE WHEN isfinite(d) THEN format(f, d) WHEN isnan(d) THEN 'NaN' WHEN d > 0 THEN 'Infinity'"
        " WHEN d < 0 THEN '-Infinity' END",
        d=value,
        f=text("{:.16g}" if value.type.name == "double" else "{:.7g}"),
    )


def _exponent(value: Typed) -> bool:
    return "E" in str(value.literal)


def _text_to_text(value: Typed, to: DorisType, strict: bool) -> Typed:
    """``'abcd'`` as varchar(3) -> 'abc'; char(n) becomes varchar(n)"""
    if strict or to == STRING or to.length is None:
        return replace(value, type=to)
    kept = varchar(to.length)
    if value.type.length is not None and value.type.length <= to.length:
        return replace(value, type=kept)
    return typed(sql(f"left(s, {to.length})", s=value), kept, value)


def _certain(value: Typed, result: Typed) -> Typed:
    """An error where a value that is not NULL became NULL."""
    read = result.type.name == "json" and value.type.is_text
    if not read and result.node.find(*date_casts.FALLIBLE) is None:
        return result
    twice(value, "storing")
    node = sql(
        "CASE WHEN r IS NULL AND v IS NOT NULL THEN error(m || CAST(v AS VARCHAR)) ELSE r END",
        r=result,
        v=value.node.copy(),
        m=text(f"parse number fail, a value does not fit {result.type}: "),
    )
    return typed(node, result.type, value)
