"""Parts of dates, the calendar, and arithmetic on dates."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused

MOMENT = {"t": "datetime"}
WEDNESDAY = [("2024-05-08 10:20:30",)]

#: What Superset's MySQL dialect writes for its time grains, and Doris' answer for a Wednesday.
GRAINS = [
    ("DATE_ADD(DATE(t), INTERVAL (HOUR(t)*60*60 + MINUTE(t)*60 + SECOND(t)) SECOND)", "2024-05-08 10:20:30"),
    ("DATE_ADD(DATE(t), INTERVAL (HOUR(t)*60 + MINUTE(t)) MINUTE)", "2024-05-08 10:20:00"),
    ("DATE_ADD(DATE(t), INTERVAL HOUR(t) HOUR)", "2024-05-08 10:00:00"),
    ("DATE(t)", "2024-05-08"),
    ("DATE(DATE_SUB(t, INTERVAL DAYOFWEEK(t) - 1 DAY))", "2024-05-05"),
    ("DATE(DATE_SUB(t, INTERVAL DAYOFMONTH(t) - 1 DAY))", "2024-05-01"),
    ("MAKEDATE(YEAR(t), 1) + INTERVAL QUARTER(t) QUARTER - INTERVAL 1 QUARTER", "2024-04-01"),
    ("DATE(DATE_SUB(t, INTERVAL DAYOFYEAR(t) - 1 DAY))", "2024-01-01"),
    ("DATE(DATE_SUB(t, INTERVAL DAYOFWEEK(DATE_SUB(t, INTERVAL 1 DAY)) - 1 DAY))", "2024-05-06"),
]


@pytest.mark.parametrize(("text", "answer"), GRAINS)
def test_the_time_grains_of_superset(rules: Any, text: str, answer: str) -> None:
    found, type_ = rules.answers(text, MOMENT, WEDNESDAY)
    assert found == [answer]
    assert type_ == ("datetime" if " " in answer else "date")


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("year(t)", "2024", "smallint"),
        ("quarter(t)", "2", "tinyint"),
        ("month(t)", "5", "tinyint"),
        ("dayofmonth(t)", "8", "tinyint"),
        ("dayofweek(t)", "4", "tinyint"),
        ("weekday(t)", "2", "tinyint"),
        ("dayofyear(t)", "129", "smallint"),
        ("week(t)", "18", "tinyint"),
        ("weekofyear(t)", "19", "tinyint"),
        ("yearweek(t)", "202418", "int"),
        ("hour(t)", "10", "tinyint"),
        ("extract(minute from t)", "20", "tinyint"),
        ("microsecond(t)", "0", "int"),
        ("to_days(t)", "739379", "int"),
        ("dayname(t)", "Wednesday", "varchar(65533)"),
        ("monthname(t)", "May", "varchar(65533)"),
        ("last_day(t)", "2024-05-31", "date"),
        ("to_monday(t)", "2024-05-06", "date"),
        ("date_trunc(t, 'month')", "2024-05-01 00:00:00", "datetime"),
        ("date_trunc('week', t)", "2024-05-06 00:00:00", "datetime"),
        ("date_trunc(date(t), 'year')", "2024-01-01", "date"),
        ("hour_floor(t)", "2024-05-08 10:00:00", "datetime"),
        ("minute_ceil(t, 15)", "2024-05-08 10:30:00", "datetime"),
        ("date_floor(t, interval 5 minute)", "2024-05-08 10:20:00", "datetime"),
        ("week_floor(t)", "2024-05-06 00:00:00", "datetime"),
    ],
)
def test_parts_of_a_column(rules: Any, text: str, answer: str, type_: str) -> None:
    assert rules.answers(text, MOMENT, WEDNESDAY) == ([answer], type_)


@pytest.mark.parametrize("mode", range(8))
def test_weeks_follow_the_definition_of_their_mode(rules: Any, mode: int) -> None:
    days = [date(year, 12, 25) + timedelta(days=i) for year in (2015, 2016, 2019, 2020, 2022, 2023) for i in range(14)]
    found, _ = rules.answers(f"week(d, {mode})", {"d": "date"}, [(day,) for day in days])
    assert found == [str(_week(day, mode)) for day in days]


def _week(day: date, mode: int) -> int:
    """Week 1 starts at the first Sunday or Monday, or has at least four days; 0 or the last week of the year before."""
    monday_first, full_year = bool(mode & 1), bool(mode & 2)
    four_days = bool(mode & 4) != monday_first
    offset = day.weekday() if monday_first else (day.weekday() + 1) % 7
    start = day - timedelta(days=offset)

    def first(year: int) -> date:
        january = date(year, 1, 1)
        skip = january.weekday() if monday_first else (january.weekday() + 1) % 7
        week = january - timedelta(days=skip)
        complete = 7 - skip >= 4 if four_days else skip == 0
        return week if complete else week + timedelta(days=7)

    year = day.year
    if full_year and start >= first(year + 1):
        return 1
    if start < first(year):
        if not full_year:
            return 0
        year -= 1
    return (start - first(year)).days // 7 + 1


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("date_add('2024-01-31', interval 1 month)", "2024-02-29", "date"),
        ("date_add('2024-01-31', interval '1' month)", "2024-02-29", "date"),
        ("date_sub('2024-01-31 10:20:30', interval 1 year)", "2023-01-31 10:20:30", "datetime"),
        ("'2024-01-01' + interval 1 day", "2024-01-02", "date"),
        ("date '1998-12-01' - interval '90' day", "1998-09-02", "date"),
        ("hours_add('2024-01-01', 2)", "2024-01-01 02:00:00", "datetime"),
        ("months_add('2024-02-29', -12)", "2023-02-28", "date"),
        ("milliseconds_add('2024-01-01', 5)", "2024-01-01 00:00:00.005000", "datetime(6)"),
        ("timestampadd(quarter, 1, '2024-01-31')", "2024-04-30", "date"),
        ("datediff('2024-01-05 10:00:00', '2024-01-01 23:00:00')", "4", "int"),
        ("timestampdiff(month, '2024-01-31', '2024-02-29')", "0", "bigint"),
        ("timestampdiff(day, '2024-01-02 23:00:00', '2024-01-04 01:00:00')", "1", "bigint"),
        ("years_diff('2024-02-28', '2023-02-28')", "1", "bigint"),
        ("months_diff('2024-01-05', '2024-01-10')", "0", "bigint"),
        ("hours_diff('2024-01-01', '2024-01-02')", "-24", "bigint"),
        ("makedate(2023, 366)", "2024-01-01", "date"),
        ("makedate(2024, 0)", None, "date"),
        ("from_days(739251)", "2024-01-01", "date"),
        ("dayofweek('x')", None, "tinyint"),
    ],
)
def test_constants(rules: Any, text: str, answer: str | None, type_: str) -> None:
    assert rules.answer(text) == (answer, type_)


def test_months_are_added_to_columns_as_to_constants(rules: Any) -> None:
    days = [date(2023, month, calendar.monthrange(2023, month)[1]) for month in range(1, 13)]
    found, type_ = rules.answers("months_add(d, 1)", {"d": "date"}, [(day,) for day in days])
    assert type_ == "date"
    assert found == [rules.answer(f"months_add('{day}', 1)")[0] for day in days]


def test_a_filter_on_a_computed_constant_is_a_constant(rules: Any) -> None:
    assert (
        rules.sql("date_add(date_sub('1995-01-01', interval 1 year), interval 1 month)") == "CAST('1994-02-01' AS DATE)"
    )


def test_the_end_of_the_calendar_is_an_error(rules: Any) -> None:
    with pytest.raises(DorisError, match="out of range"):
        rules.answer("days_add('9999-12-31', 1)")
    with pytest.raises(duckdb.Error, match="out of range"):
        rules.answers("days_add(d, 1)", {"d": "date"}, [("9999-12-31",)])


@pytest.mark.parametrize(
    "text", ["date_trunc('2024-01-01', 'month')", "days_add(s, 1)", "week('2024-01-01', 9)", "minute_floor(s, 0)"]
)
def test_doubtful_date_functions_are_refused(rules: Any, text: str) -> None:
    with pytest.raises(Refused, match="refuses"):
        rules.bind(text, {"s": "varchar(20)"})


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("microseconds_diff('2020-12-25 22:00:00.123456', '2020-12-25 22:00:00')", "123456"),
        ("microseconds_sub('2020-12-25 22:00:00.123456', 56)", "2020-12-25 22:00:00.123400"),
        ("milliseconds_diff('2020-12-25 22:00:01', '2020-12-25 22:00:00')", "1000"),
        ("milliseconds_sub('2020-12-25 22:00:01.5', 500)", "2020-12-25 22:00:01.000000"),
        ("quarters_sub('2020-01-31 02:02:02', 1)", "2019-10-31 02:02:02"),
        ("week('2024-02-29', cast('1' as int))", "9"),
        ("yearweek('2023-01-01', cast('3' as int))", "202252"),
        ("week('2024-02-29', cast(null as int))", None),
    ],
)
def test_small_steps(rules: Any, text: str, answer: str | None) -> None:
    """Fractions of seconds give a datetime with six digits."""
    assert rules.answer(text)[0] == answer


def test_date_trunc_of_a_computed_text(rules: Any) -> None:
    columns = {"x": "varchar(40)"}
    found, type_ = rules.answers(
        "date_trunc(x, 'month')", columns, [("2024-02-29",), ("2024-08-17 13:14:15",), (None,)]
    )
    assert (found, type_) == (["2024-02-01 00:00:00", "2024-08-01 00:00:00", None], "datetime")
    with pytest.raises(Refused, match="date_trunc of a text literal"):
        rules.bind("date_trunc('2024-02-29', 'month')")


def test_week_with_modes_of_rows(rules: Any) -> None:
    columns = {"d": "date", "m": "int"}
    rows = [("2024-12-30", mode) for mode in range(8)]
    found = rules.answers("week(d, m)", columns, rows)[0]
    assert found == [rules.answer(f"week('2024-12-30', {mode})")[0] for mode in range(8)]
    with pytest.raises(duckdb.Error, match="refuses week with a mode below 0 or above 7"):
        rules.answers("week(d, m)", columns, [("2024-12-30", 8)])
