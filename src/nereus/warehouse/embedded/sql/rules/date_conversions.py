"""Dates to numbers of seconds and back, ISO 8601, months between two dates and the next day of the week."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.registry import FunctionRule, function
from nereus.warehouse.embedded.sql.rules import casts
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, number, sql, text, typed
from nereus.warehouse.embedded.sql.rules.date_arguments import as_date, as_datetime, as_moment, check_utc
from nereus.warehouse.embedded.sql.rules.lambdas import let
from nereus.warehouse.embedded.sql.rules.text_arguments import constant_text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, BOOLEAN, DATE, DOUBLE, STRING, DorisType, datetime

#: Microseconds after which Doris' from_second() and its like give NULL: 9999-12-30 23:59:59.999999.
_LAST = 253402271999999999
_WEEKDAYS = {
    name: number_
    for number_, names in enumerate(
        (
            "MO MON MONDAY",
            "TU TUE TUESDAY",
            "WE WED WEDNESDAY",
            "TH THU THURSDAY",
            "FR FRI FRIDAY",
            "SA SAT SATURDAY",
            "SU SUN SUNDAY",
        ),
        1,
    )
    for name in names.split()
}


def _to_number(name: str, divisor: int) -> FunctionRule:
    def rule(args: list[Typed], facts: SessionFacts) -> Typed:
        count_check(name, args, 1)
        check_utc(name, facts.variables.get("time_zone"))
        value = as_datetime(args[0])
        node = call("epoch_us", value)
        if divisor > 1:
            node = let("n", node, f"n // {divisor} - CASE WHEN n % {divisor} < 0 THEN 1 ELSE 0 END")
        return typed(node, BIGINT, value)

    rule.__doc__ = f"``{name}(d)`` -> ``epoch_us(d) // {divisor}``, rounded down"
    return rule


def _from_number(name: str, factor: int, type_: DorisType) -> FunctionRule:
    def rule(args: list[Typed], facts: SessionFacts) -> Typed:
        count_check(name, args, 1)
        check_utc(name, facts.variables.get("time_zone"))
        value = casts.cast_to(args[0], BIGINT)
        node = sql(
            f"CASE WHEN n BETWEEN 0 AND {_LAST // factor} THEN make_timestamp(n * {factor}) END",
            n=value,
        )
        return typed(node, type_, value)

    rule.__doc__ = f"``{name}(n)`` -> ``make_timestamp(n * {factor})``; NULL below 0"
    return rule


for _unit, _factor, _scale in (("second", 1_000_000, 0), ("millisecond", 1000, 3), ("microsecond", 1, 6)):
    function(f"{_unit}_timestamp")(_to_number(f"{_unit}_timestamp", _factor))
    function(f"from_{_unit}")(_from_number(f"from_{_unit}", _factor, datetime(_scale)))


@function("to_iso8601")
def to_iso8601(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``to_iso8601(t)`` -> ``strftime(t, '%Y-%m-%dT%H:%M:%S.%f')``; a date without its time"""
    count_check("to_iso8601", args, 1)
    value = as_moment(args[0])
    written = "%Y-%m-%d" if value.type == DATE else "%Y-%m-%dT%H:%M:%S.%f"
    return typed(call("strftime", value, text(written)), STRING, value)


@function("months_between")
def months_between(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``months_between(a, b)`` -> months and days / 31, 8 digits; no days where both end a month"""
    count_check("months_between", args, 2, 3)
    rounded = True
    if len(args) == 3:
        if args[2].type != BOOLEAN or not isinstance(args[2].literal, bool):
            raise Refused("a computed third argument of months_between", "Write true or false.")
        rounded = args[2].literal
    first, second = as_date(args[0]), as_date(args[1])
    months = sql(
        "CAST((year(a) - year(b)) * 12 + month(a) - month(b) AS DOUBLE) "
        "+ CASE WHEN a = last_day(a) AND b = last_day(b) THEN CAST(0 AS DOUBLE) ELSE (day(a) - day(b)) / k END",
        a=first,
        b=second,
        k=cast(text("31"), DOUBLE),
    )
    found = sql("round(m * s) / s", m=months, s=cast(text("100000000"), DOUBLE)) if rounded else months
    return typed(found, DOUBLE, first, second)


@function("next_day")
def next_day(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``next_day(d, 'MON')`` -> the first Monday after d"""
    count_check("next_day", args, 2)
    word = constant_text("next_day", "weekday", args[1])
    wanted = _WEEKDAYS.get(word.upper())
    if wanted is None:
        raise DorisError(f"Function next_day failed to parse weekday: {word}")
    value = as_date(args[0])
    node = sql(
        "CAST(least(d + CAST((w - isodow(d) + 6) % 7 + 1 AS INTEGER), e) AS DATE)", d=value, w=number(wanted), e=_end()
    )
    return typed(sql("CASE WHEN d IS NOT NULL THEN n END", d=value.node.copy(), n=node), DATE, value)


def _end() -> exp.Expression:
    return cast(text("9999-12-31"), DATE)
