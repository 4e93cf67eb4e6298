"""Functions that take a part out of a date, and the calendar."""

from __future__ import annotations

from collections.abc import Callable

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.registry import FunctionRule, function
from nereus.warehouse.embedded.sql.rules import casts
from nereus.warehouse.embedded.sql.rules.build import cast, count_check, sql, text, twice, typed
from nereus.warehouse.embedded.sql.rules.date_arguments import as_date, as_moment
from nereus.warehouse.embedded.sql.rules.text_arguments import refusal_text
from nereus.warehouse.embedded.sql.typed import SessionFacts, Typed
from nereus.warehouse.embedded.types import DATE, INT, SMALLINT, TINYINT, VARCHAR, DorisType, datetime

_PARTS: dict[tuple[str, ...], tuple[str, DorisType]] = {
    ("year",): ("year(d)", SMALLINT),
    ("quarter",): ("quarter(d)", TINYINT),
    ("month",): ("month(d)", TINYINT),
    ("day", "dayofmonth"): ("day(d)", TINYINT),
    ("dayofweek", "dow"): ("dayofweek(d) + 1", TINYINT),  # Sunday is 1
    ("weekday",): ("isodow(d) - 1", TINYINT),  # Monday is 0
    ("dayofyear", "doy"): ("dayofyear(d)", SMALLINT),
    ("hour",): ("hour(d)", TINYINT),
    ("minute",): ("minute(d)", TINYINT),
    ("second",): ("second(d)", TINYINT),
    ("weekofyear",): ("weekofyear(d)", TINYINT),  # ISO
    ("year_of_week", "yow"): ("isoyear(d)", SMALLINT),
    ("to_days",): ("datediff('day', DATE '1970-01-01', d) + 719528", INT),  # days since the year 0
}


def _part(name: str, template: str, type_: DorisType) -> FunctionRule:
    def rule(args: list[Typed], _facts: SessionFacts) -> Typed:
        count_check(name, args, 1)
        value = as_moment(args[0])
        return typed(cast(sql(template, d=value), type_), type_, value)

    rule.__doc__ = f"``{name}(d)`` -> ``CAST({template} AS {type_.duckdb})``"
    return rule


for _names, (_template, _type) in _PARTS.items():
    function(*_names)(_part(_names[0], _template, _type))


@function("microsecond")
def microsecond(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``microsecond(d)`` -> ``CAST(microsecond(d) % 1000000 AS INTEGER)``: DuckDB counts the seconds in"""
    count_check("microsecond", args, 1)
    value = as_moment(args[0])
    return typed(cast(sql("microsecond(CAST(d AS TIMESTAMP)) % 1000000", d=value), INT), INT, value)


@function("dayname")
def dayname(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``dayname(d)`` -> the same, English"""
    count_check("dayname", args, 1)
    value = as_moment(args[0])
    return typed(sql("dayname(d)", d=value), VARCHAR, value)


@function("monthname")
def monthname(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``monthname(d)`` -> the same, English"""
    count_check("monthname", args, 1)
    value = as_moment(args[0])
    return typed(sql("monthname(d)", d=value), VARCHAR, value)


@function("week")
def week(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``week(d)`` is ``week(d, 0)``; the modes 0 to 7 are MySQL's"""
    return _in_mode("week", args, week_template, TINYINT)


@function("yearweek")
def yearweek(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``yearweek(d, mode)`` -> year * 100 + week, in the modes that count a week to one year only"""
    return _in_mode("yearweek", args, yearweek_template, INT)


def _in_mode(name: str, args: list[Typed], template: Callable[[int], str], type_: DorisType) -> Typed:
    """The answer in the mode of the second argument: one CASE over all eight where it is computed."""
    count_check(name, args, 1, 2)
    value = twice(as_moment(args[0]), name)
    if len(args) == 1:
        return typed(cast(sql(template(0), d=value), type_), type_, value)
    mode = args[1]
    if mode.literal is not None:
        if not isinstance(mode.literal, int) or not 0 <= mode.literal <= 7:
            raise Refused(f"{name} with the mode {mode.literal}", "Write a number from 0 to 7.")
        return typed(cast(sql(template(mode.literal), d=value), type_), type_, value)
    if not mode.type.is_integer:
        raise Refused(f"{name} with a mode of type {mode.type}", "Cast it to int.")
    cases = " ".join(f"WHEN {number} THEN {template(number)}" for number in range(8))
    node = sql(
        f"CASE m {cases} ELSE CASE WHEN m IS NOT NULL THEN error(e) END END",
        d=value,
        m=twice(mode, name),
        e=refusal_text(f"{name} with a mode below 0 or above 7"),
    )
    return typed(cast(node, type_), type_, *args)


def _first_day(mode: int) -> str:
    """Days since the first day of the week of d."""
    return "(isodow(d) - 1)" if mode in (1, 3, 5, 7) else "dayofweek(d)"


def _fourth_day(mode: int) -> str:
    """The day that decides to which year the week of d belongs, in the modes that ask for four days."""
    return f"(CAST(d AS DATE) - CAST({_first_day(mode)} AS INTEGER) + 3)"


def week_template(mode: int) -> str:
    """The week of ``d``. Modes 0, 2, 5, 7: week 1 starts at the first Sunday (Monday); 1, 3, 4, 6: it has four days."""
    if mode in (0, 5):
        return f"(dayofyear(d) + 6 - {_first_day(mode)}) // 7"
    if mode in (2, 7):
        start = f"(CAST(d AS DATE) - CAST({_first_day(mode)} AS INTEGER))"
        return f"(dayofyear({start}) + 6) // 7"
    fourth = _fourth_day(mode)
    if mode in (3, 6):
        return f"(dayofyear({fourth}) + 6) // 7"
    return (
        f"CASE WHEN year({fourth}) < year(d) THEN 0 WHEN year({fourth}) > year(d) THEN 53"
        f" ELSE (dayofyear({fourth}) + 6) // 7 END"
    )


def yearweek_template(mode: int) -> str:
    """Year and week of ``d`` in the mode that counts the same weeks to one year only."""
    full = {0: 2, 1: 3, 4: 6, 5: 7}.get(mode, mode)
    start = f"(CAST(d AS DATE) - CAST({_first_day(full)} AS INTEGER))" if full in (2, 7) else _fourth_day(full)
    return f"year({start}) * 100 + {week_template(full)}"


@function("last_day")
def last_day(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``last_day(d)`` -> the same"""
    count_check("last_day", args, 1)
    value = as_moment(args[0])
    return typed(sql("last_day(d)", d=value), DATE, value)


@function("to_monday")
def to_monday(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``to_monday(d)`` -> the Monday before; the first four days of 1970 stay at 1970-01-01"""
    count_check("to_monday", args, 1)
    value = twice(as_date(args[0]), "to_monday")
    node = sql(
        "CASE WHEN d BETWEEN DATE '1970-01-01' AND DATE '1970-01-04' THEN DATE '1970-01-01'"
        " ELSE d - CAST(isodow(d) - 1 AS INTEGER) END",
        d=value,
    )
    return typed(node, DATE, value)


@function("to_date", "date", "to_datev2", "datev2")
def to_date(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``date(d)`` -> ``CAST(d AS DATE)``"""
    count_check("to_date", args, 1)
    value = as_date(args[0])
    return typed(value.node, DATE, value)


@function("timestamp")
def timestamp(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``timestamp('2024-01-01')`` -> the datetime at midnight"""
    count_check("timestamp", args, 1)
    value = as_moment(args[0])
    if value.type != DATE and args[0].type.is_text and not isinstance(args[0].literal, str):
        raise Refused("timestamp() of a computed text", "Cast it to datetime.")
    return casts.cast_to(value, datetime(0)) if value.type == DATE else value


@function("makedate")
def makedate(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``makedate(2024, 60)`` -> ``make_date(2024, 1, 1) + 59``; NULL for a day below 1"""
    count_check("makedate", args, 2)
    year, day = (casts.cast_to(arg, INT) for arg in args)
    twice(year, "makedate")
    twice(day, "makedate")
    node = sql(
        "CASE WHEN n < 1 THEN NULL WHEN y BETWEEN 1 AND 9998 AND n < 366000 AND y + n // 365 < 9999"
        " THEN make_date(CAST(y AS BIGINT), 1, 1) + (n - 1) WHEN y IS NULL OR n IS NULL THEN NULL ELSE error(m) END",
        y=year,
        n=day,
        m=text("the embedded warehouse refuses makedate near the ends of the calendar"),
    )
    return typed(node, DATE, *args)


@function("from_days")
def from_days(args: list[Typed], _facts: SessionFacts) -> Typed:
    """``from_days(739251)`` -> ``DATE '1970-01-01' + (739251 - 719528)``; NULL past the year 9999"""
    count_check("from_days", args, 1)
    value = twice(casts.cast_to(args[0], INT), "from_days")
    node = sql(
        "CASE WHEN n BETWEEN 366 AND 3652424 THEN DATE '1970-01-01' + (n - 719528) WHEN n < 366 THEN error(m) END",
        n=value,
        m=text("the embedded warehouse refuses days of the year 0"),
    )
    return typed(node, DATE, value)
