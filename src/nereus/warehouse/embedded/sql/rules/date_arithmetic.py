"""Adding to dates, and the distance between two."""

from __future__ import annotations

import calendar
from dataclasses import replace
from datetime import date as _date
from datetime import datetime as _datetime
from datetime import timedelta

from sqlglot import exp

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.registry import FunctionRule, function, operator
from nereus.warehouse.embedded.sql.rules import casts, literals
from nereus.warehouse.embedded.sql.rules.build import call, cast, count_check, sql, text, twice, typed
from nereus.warehouse.embedded.sql.rules.date_arguments import (
    amount,
    as_date,
    as_moment,
    exact_moment,
    unit,
)
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import BIGINT, DATE, INT, DorisType, datetime

#: Unit -> (DuckDB's function that makes an interval, multiples of it).
SHIFTS = {
    "YEAR": ("to_months", 12),
    "QUARTER": ("to_months", 3),
    "MONTH": ("to_months", 1),
    "WEEK": ("to_days", 7),
    "DAY": ("to_days", 1),
    "HOUR": ("to_hours", 1),
    "MINUTE": ("to_minutes", 1),
    "SECOND": ("to_seconds", 1),
    "MILLISECOND": ("to_microseconds", 1000),
    "MICROSECOND": ("to_microseconds", 1),
}
_CALENDAR = ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY")
_SECONDS = {"WEEK": 604800, "DAY": 86400, "HOUR": 3600, "MINUTE": 60, "SECOND": 1}
_MONTHS = {"YEAR": 12, "QUARTER": 3, "MONTH": 1}


def shift(value: Typed, count: Typed, unit_: str, *, back: bool = False) -> Typed:
    """``d + INTERVAL n UNIT``: a date stays a date for units from DAY up, and becomes a datetime below.

    Constants are computed here, so that a filter on them can skip data. A result after the year 9999 or before
    the year 0 is an error, as in Doris.
    """
    if unit_ not in SHIFTS:
        raise Refused(f"INTERVAL ... {unit_}", "Write YEAR, MONTH, WEEK, DAY, HOUR, MINUTE or SECOND.")
    moment = exact_moment(f"date arithmetic in {unit_}", value)
    wide = unit_ in ("MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")
    number = casts.cast_to(literals.beside(count, INT), BIGINT if wide else INT)
    result = _shifted_type(moment.type, unit_)
    steps = number.literal
    if isinstance(moment.literal, _date) and isinstance(steps, int) and not isinstance(steps, bool):
        found = _constant(moment.literal, -steps if back else steps, unit_, result)
        return replace(found, volatile=moment.volatile)
    maker, times = SHIFTS[unit_]
    amount_ = sql(f"CAST(n AS BIGINT) * {times}" if times > 1 else "n", n=number)
    node = sql("d - i" if back else "d + i", d=moment, i=call(maker, amount_))
    if result == DATE:
        node = cast(node, DATE)
    checked = sql(
        "CASE WHEN year(r) > 9999 OR year(r) < 0 THEN error(m) ELSE r END",
        r=node,
        m=text(f"Operation {unit_.lower()}s_{'sub' if back else 'add'} out of range"),
    )
    return typed(checked, result, moment, number)


def _shifted_type(source: DorisType, unit_: str) -> DorisType:
    if unit_ in ("MILLISECOND", "MICROSECOND"):
        return datetime(6)
    return source if source != DATE or unit_ in _CALENDAR else datetime(0)


def _constant(start: _date, steps: int, unit_: str, result: DorisType) -> Typed:
    moment = start if isinstance(start, _datetime) else _datetime(start.year, start.month, start.day)
    try:
        if unit_ in _MONTHS:
            moved = _months_later(moment, steps * _MONTHS[unit_])
        elif unit_ in _SECONDS:
            moved = moment + timedelta(seconds=steps * _SECONDS[unit_])
        else:
            moved = moment + timedelta(microseconds=steps * SHIFTS[unit_][1])
    except (OverflowError, ValueError) as error:
        raise DorisError(f"Operation {unit_.lower()}s_add of {start}, {steps} out of range") from error
    return literals.day(moved) if result == DATE else literals.moment(moved, result.scale or 0)


def _months_later(moment: _datetime, months: int) -> _datetime:
    """The same day months later, or the last day of a shorter month."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


@operator(exp.DateAdd)
def plus_interval(node: exp.Expression, operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``d + INTERVAL 1 MONTH`` -> ``CAST(d + to_months(1) AS DATE)``"""
    return shift(operands[0], amount(operands[1]), node.text("unit").upper())


@operator(exp.DateSub)
def minus_interval(node: exp.Expression, operands: list[Typed], _facts: SessionFacts) -> Typed:
    """``d - INTERVAL 1 MONTH`` -> ``CAST(d - to_months(1) AS DATE)``"""
    return shift(operands[0], amount(operands[1]), node.text("unit").upper(), back=True)


@function("date_add", "adddate", "days_add")
def date_add(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``date_add(d, INTERVAL 1 MONTH)`` -> ``d + INTERVAL 1 MONTH``; a bare number counts days"""
    count_check("date_add", args, 2)
    return shift(args[0], amount(args[1]), _unit_or_day(args[1]))


@function("date_sub", "subdate", "days_sub")
def date_sub(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``date_sub(d, INTERVAL 1 MONTH)`` -> ``d - INTERVAL 1 MONTH``; a bare number counts days"""
    count_check("date_sub", args, 2)
    return shift(args[0], amount(args[1]), _unit_or_day(args[1]), back=True)


def _unit_or_day(value: Typed) -> str:
    return unit(value) if isinstance(value.node, exp.Interval) else "DAY"


@function("timestampadd")
def timestampadd(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``timestampadd(DAY, 1, d)`` -> ``d + INTERVAL 1 DAY``"""
    count_check("timestampadd", args, 3)
    return shift(args[2], args[1], unit(args[0]))


def _adder(name: str, unit_: str, *, back: bool) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, 2)
        if isinstance(args[1].node, exp.Interval):
            raise Refused(f"{name} with INTERVAL", f"Write date_add(d, INTERVAL n {unit_}).")
        return shift(args[0], args[1], unit_, back=back)

    rule.__doc__ = f"``{name}(d, n)`` -> ``d {'-' if back else '+'} INTERVAL n {unit_}``"
    return rule


for _unit in SHIFTS:
    for _way in ("add", "sub"):
        _name = f"{_unit.lower()}s_{_way}"
        if _unit != "DAY":
            _names = (_name, "add_months") if _name == "months_add" else (_name,)
            function(*_names)(_adder(_name, _unit, back=_way == "sub"))


def distance(later: Typed, earlier: Typed, unit_: str) -> Typed:
    """Whole units from `earlier` to `later`, cut toward zero, as bigint."""
    one, other = as_moment(later), as_moment(earlier)
    for value in (one, other):
        twice(value, f"a difference in {unit_}")
    if unit_ in _MONTHS:
        return typed(cast(_months_between(one, other, _MONTHS[unit_]), BIGINT), BIGINT, one, other)
    if unit_ == "DAY" and one.type == other.type == DATE:
        return typed(cast(sql("a - b", a=one, b=other), BIGINT), BIGINT, one, other)
    micros = {"MILLISECOND": 1000, "MICROSECOND": 1}.get(unit_) or _SECONDS[unit_] * 1_000_000
    node = sql("epoch_us(CAST(a AS TIMESTAMP)) - epoch_us(CAST(b AS TIMESTAMP))", a=one, b=other)
    return typed(sql(f"(n) // {micros}", n=node) if micros > 1 else node, BIGINT, one, other)


def _months_between(later: Typed, earlier: Typed, months: int) -> exp.Expression:
    """Months apart, one less where the day and time of the last one are not reached."""
    template = (
        "CASE WHEN m > 0 AND x < y THEN m - 1 WHEN m < 0 AND x > y THEN m + 1 ELSE m END"
        if months == 1
        else f"CASE WHEN m > 0 AND x < y THEN m - 1 WHEN m < 0 AND x > y THEN m + 1 ELSE m END // {months}"
    )
    apart = sql("(year(a) - year(b)) * 12 + month(a) - month(b)", a=later.node.copy(), b=earlier.node.copy())
    return sql(template, m=apart, x=_within_month(later), y=_within_month(earlier))


def _within_month(value: Typed) -> exp.Expression:
    if value.type == DATE:
        return sql("day(d) * 86400000000", d=value.node.copy())
    return sql("day(d) * 86400000000 + epoch_us(d) - epoch_us(date_trunc('day', d))", d=value.node.copy())


@function("timestampdiff")
def timestampdiff(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``timestampdiff(MONTH, a, b)`` -> whole months from a to b"""
    count_check("timestampdiff", args, 3)
    word = unit(args[0])
    if word not in SHIFTS or word in ("MILLISECOND", "MICROSECOND"):
        raise Refused(f"timestampdiff in {word}", "Write YEAR, MONTH, WEEK, DAY, HOUR, MINUTE or SECOND.")
    return distance(args[2], args[1], word)


@function("datediff")
def datediff(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``datediff(a, b)`` -> ``CAST(a AS DATE) - CAST(b AS DATE)``"""
    count_check("datediff", args, 2)
    later, earlier = as_date(args[0]), as_date(args[1])
    return typed(cast(sql("a - b", a=later, b=earlier), INT), INT, later, earlier)


def _difference(name: str, unit_: str) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, 2)
        return distance(args[0], args[1], unit_)

    rule.__doc__ = f"``{name}(a, b)`` -> whole units from b to a"
    return rule


for _unit in SHIFTS:
    function(f"{_unit.lower()}s_diff")(_difference(f"{_unit.lower()}s_diff", _unit))


@function("date_trunc")
def date_trunc(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``date_trunc(d, 'month')`` or ``date_trunc('month', d)`` -> ``date_trunc('month', d)`` in the type of d

    A computed text is read as datetime; of a literal Doris' frontend prints six digits that its type does not have.
    """
    count_check("date_trunc", args, 2)
    value, word = args
    if isinstance(value.literal, str) and value.literal.lower() in _TRUNCATIONS:
        value, word = word, value
    if not isinstance(word.literal, str) or word.literal.lower() not in _TRUNCATIONS:
        raise DorisError(
            "date_trunc function time unit param only support argument is "
            "year|quarter|month|week|day|hour|minute|second"
        )
    if value.type.is_text and not isinstance(value.literal, str):
        value = casts.cast_to(value, datetime(0))
    if not value.type.is_date:
        raise Refused(f"date_trunc of a {'text literal' if value.type.is_text else value.type}", _CAST_DATE)
    node = sql("date_trunc(u, d)", u=text(word.literal.lower()), d=value)
    return typed(cast(node, value.type), value.type, value)


_CAST_DATE = "Cast it to date or datetime."
_TRUNCATIONS = frozenset({"year", "quarter", "month", "week", "day", "hour", "minute", "second"})
