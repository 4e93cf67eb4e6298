"""Numbers in other bases, in buckets and as text with thousands or units."""

from __future__ import annotations

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.registry import FunctionRule, function
from nereus.warehouse.embedded.sql.rules import casts, literals
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, is_null, number, sql, twice, typed
from nereus.warehouse.embedded.sql.rules.text_arguments import constant
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, DOUBLE, LARGEINT, STRING, TINYINT, VARCHAR

#: Beyond so many digits behind the point Doris' own arithmetic overflows.
_MAX_DECIMAL_PLACES = 8
_TINYINT_MAX = 127


def _whole(value: Typed) -> bool:
    return (value.type.is_integer and value.type != LARGEINT) or value.type.name == "null"


@function("conv")
def conv(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``conv(15, 10, 2)`` -> ``doris_conv_number(15, 10, 2)``, ``conv('ff', 16, 10)`` -> ``doris_conv_text(...)``"""
    count_check("conv", args, 3)
    value, *bases = args
    if not all(map(_whole, bases)) or not (value.type.is_text or _whole(value)):
        raise Refused(f"conv of {', '.join(str(arg.type) for arg in args)}", "Cast to bigint or string.")
    target, given = ("doris_conv_text", value) if value.type.is_text else ("doris_conv_number", _bigint(value))
    return typed(call(target, given, *(casts.cast_to(base, TINYINT) for base in bases)), VARCHAR, *args)


def _bigint(value: Typed) -> Typed:
    return casts.cast_to(value, BIGINT)


def _shift(name: str, shifted: str) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, 2)
        if any(map(is_null, args)):
            return literals.null_of(BIGINT)
        if not all(map(_whole, args)):
            raise Refused(f"{name} of {args[0].type} and {args[1].type}", "Cast to bigint.")
        value, steps = twice(_bigint(args[0]), name), twice(casts.cast_to(args[1], TINYINT), name)
        unsigned = sql("CASE WHEN a < 0 THEN CAST(a AS HUGEINT) + 18446744073709551616 ELSE a END", a=value)
        bits = sql(shifted, u=cast(unsigned, LARGEINT), p=sql("CAST(1 AS HUGEINT) << CAST(b AS INTEGER)", b=steps))
        node = sql(
            "CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN b < 0 OR b >= 64 THEN 0"
            " WHEN w >= 9223372036854775808 THEN w - 18446744073709551616 ELSE w END",
            a=value.node.copy(),
            b=steps.node.copy(),
            w=bits,
        )
        return typed(cast(node, BIGINT), BIGINT, *args)

    rule.__doc__ = f"``{name}(a, b)`` -> ``{shifted}`` on the 64 bits u of a, with p = 2^b; 0 for b outside 0 to 63"
    return rule


function("bit_shift_left")(_shift("bit_shift_left", "(u % (CAST(18446744073709551616 AS HUGEINT) // p)) * p"))
function("bit_shift_right")(_shift("bit_shift_right", "u // p"))


@function("width_bucket")
def width_bucket(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``width_bucket(x, lo, hi, 4)`` -> 0 below lo, 5 from hi on, else ``trunc(1 + (x - lo) / ((hi - lo) / 4))``

    Of integers all values between are in bucket 0 where the buckets are narrower than 1.
    """
    count_check("width_bucket", args, 4)
    buckets = constant(args[3])
    if buckets is None:
        raise Refused("a computed number of buckets", "Write an integer literal.")
    if buckets <= 0:
        raise DorisError(f"The desired number({buckets}) of buckets must be a positive integer value.")
    whole = all(map(_whole, args[:3]))
    if not whole and (buckets > _TINYINT_MAX or not all(_whole(arg) or arg.type == DOUBLE for arg in args[:3])):
        raise Refused(f"width_bucket of {', '.join(str(arg.type) for arg in args)}", "Cast to double.")
    type_ = BIGINT if whole else DOUBLE
    value, low, high = (twice(casts.cast_to(arg, type_), "width_bucket") for arg in args[:3])
    narrow = "(h - l) // n = 0" if whole else "(h - l) / n = 0"
    node = sql(
        "CASE WHEN x IS NULL OR l IS NULL OR h IS NULL THEN NULL WHEN x < l THEN 0 WHEN x >= h THEN n + 1"
        f" WHEN {narrow} THEN 0 ELSE trunc(1 + CAST(x - l AS DOUBLE) / (CAST(h - l AS DOUBLE) / n)) END",
        x=value,
        l=low,
        h=high,
        n=number(buckets),
    )
    return typed(cast(node, BIGINT), BIGINT, *args)


@function("format_number")
def format_number(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``format_number(1239.9)`` -> ``doris_format_unit(1239.9)``, '1.24K'"""
    count_check("format_number", args, 1)
    if not (args[0].type.is_numeric or args[0].type.name == "null"):
        raise Refused(f"format_number of {args[0].type}", "Cast it to double.")
    return typed(call("doris_format_unit", casts.cast_to(args[0], DOUBLE)), STRING, *args)


@function("format_round")
def format_round(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``format_round(1234.567, 2)`` -> ``doris_format_decimal('1234.567', 2)``, '1,234.57'"""
    count_check("format_round", args, 2)
    value, places = args[0], constant(args[1])
    if places is None:
        raise Refused("a computed number of places of format_round", "Write an integer literal.")
    if not 0 <= places <= 1024:
        raise DorisError(f"The second argument is {places}, it should be in range [0, 1024].")
    if value.type.name == "decimal":
        if places > _MAX_DECIMAL_PLACES:
            raise Refused(f"format_round of a decimal to {places} places", f"At most {_MAX_DECIMAL_PLACES}.")
        return typed(call("doris_format_decimal", cast(value, "VARCHAR"), number(places)), STRING, *args)
    if _whole(value):
        return typed(call("doris_format_integer", _bigint(value), number(places)), STRING, *args)
    if value.type == DOUBLE:
        return typed(call("doris_format_double", value, number(places)), STRING, *args)
    raise Refused(f"format_round of {value.type}", "Cast it to bigint, decimal or double.")
