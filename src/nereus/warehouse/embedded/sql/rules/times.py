"""Values of type TIME: the distance between two moments and seconds as hours, minutes and seconds.

In DuckDB they are intervals of microseconds. Doris cuts them off at 838:59:59.
"""

from __future__ import annotations

import re

from sqlglot import exp

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.registry import function
from nereus.warehouse.embedded.sql.rules import casts, literals
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, number, sql, typed
from nereus.warehouse.embedded.sql.rules.date_arguments import exact_moment
from nereus.warehouse.embedded.sql.rules.text_arguments import refusal_text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import DATE, DOUBLE, INT, DorisType

_SECOND = 1_000_000
_MAX = (838 * 3600 + 59 * 60 + 59) * _SECOND
_TIME = re.compile(r"(-?)(\d{1,3}):([0-5]\d):([0-5]\d)(?:\.(\d{1,6}))?")


def _time(scale: int) -> DorisType:
    return DorisType("time", scale=scale)


def _limited(micros: exp.Expression) -> exp.Expression:
    """Microseconds as a TIME that is not beyond what Doris holds."""
    bounded = sql("greatest(least(n, m), -m)", n=micros.copy(), m=number(_MAX))
    return sql("CASE WHEN n IS NOT NULL THEN t END", n=micros, t=call("to_microseconds", bounded))


@function("timediff")
def timediff(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``timediff(a, b)`` -> ``to_microseconds(epoch_us(a) - epoch_us(b))``, at most 838:59:59"""
    count_check("timediff", args, 2)
    left, right = (exact_moment("timediff", arg) for arg in args)
    distance = sql("epoch_us(a) - epoch_us(b)", a=cast(left, "TIMESTAMP"), b=cast(right, "TIMESTAMP"))
    if left.type == right.type == DATE:  # Doris counts the seconds between two dates in 32 bits.
        distance = sql(
            "CASE WHEN abs(d) >= w THEN CAST(error(m) AS BIGINT) ELSE d END",
            d=distance,
            w=number((1 << 31) * _SECOND),
            m=refusal_text("timediff over more than 68 years"),
        )
    return typed(_limited(distance), _time(max(left.type.scale or 0, right.type.scale or 0)), left, right)


@function("sec_to_time")
def sec_to_time(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``sec_to_time(n)`` -> ``to_microseconds(n * 1000000)``, at most 838:59:59; of a fraction with 6 digits"""
    count_check("sec_to_time", args, 1)
    if args[0].type.name == "null":
        return literals.null_of(_time(0))
    if args[0].type.name in ("decimal", "double"):
        value = casts.cast_to(args[0], DOUBLE)
        micros = sql(f"CAST(trunc(least(greatest(x, -m), m) * {_SECOND}) AS BIGINT)", x=value, m=number(3020400))
        return typed(_limited(micros), _time(6), value)
    if not args[0].type.is_integer or args[0].type.name in ("bigint", "largeint"):
        raise Refused(f"sec_to_time of {args[0].type}", "Cast it to int.")
    seconds = casts.cast_to(args[0], INT)
    return typed(_limited(sql(f"CAST(n AS BIGINT) * {_SECOND}", n=seconds)), _time(0), seconds)


@function("time_to_sec")
def time_to_sec(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``time_to_sec(timediff(a, b))`` -> the whole seconds of it; a text is read as hours, minutes and seconds"""
    count_check("time_to_sec", args, 1)
    value = args[0]
    if value.type.name == "null":
        return literals.null_of(INT)
    if isinstance(value.literal, str):
        return _seconds_of(value.literal)
    if value.type.name != "time":
        raise Refused(f"time_to_sec of {value.type}", "Give it a time, such as timediff(a, b).")
    return typed(cast(sql("trunc(epoch(i))", i=value), INT), INT, value)


def _seconds_of(written: str) -> Typed:
    found = _TIME.fullmatch(written)
    if found is None:
        if re.fullmatch(r"-?\d+:\d+:\d+(\.\d+)?|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", written):
            return literals.null_of(INT)
        raise Refused(f"time_to_sec of {written!r}", "Write hours:minutes:seconds.")
    sign, hours, minutes, seconds, _ = found.groups()
    if int(hours) > 838:
        return literals.null_of(INT)
    total = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return literals.integer_as(-total if sign else total, INT)
