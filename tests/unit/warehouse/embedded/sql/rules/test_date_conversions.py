"""Rounding since an origin, seconds and dates, ISO 8601: answers recorded from a Doris cluster."""

from __future__ import annotations

from typing import Any

import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("day_ceil('2022-05-25 02:00:00', 3, '2022-05-20 00:00:00')", "2022-05-26 00:00:00", "datetime"),
        ("day_floor('2022-05-25 02:00:00', 3, '2022-05-20 00:00:00')", "2022-05-23 00:00:00", "datetime"),
        ("hour_floor('2022-05-15 12:30:45', 3, '2022-05-15 06:15:00')", "2022-05-15 12:15:00", "datetime"),
        ("year_floor(date '2023-04-28', 2, date '2020-06-01')", "2022-06-01", "date"),
        ("month_floor(date '2023-04-28', date '2023-01-31')", "2023-03-31", "date"),
        ("hour_ceil(date '2023-04-28')", "2023-04-28 00:00:00", "datetime"),
        ("second_timestamp('2023-07-13 22:28:18.456789')", "1689287298", "bigint"),
        ("second_timestamp('1964-10-31 23:59:59')", "-163036801", "bigint"),
        ("millisecond_timestamp('2025-01-23 12:34:56.123')", "1737635696123", "bigint"),
        ("microsecond_timestamp('2025-01-23 12:34:56.123456')", "1737635696123456", "bigint"),
        ("from_second(1700000000)", "2023-11-14 22:13:20", "datetime"),
        ("from_millisecond(1700000000123)", "2023-11-14 22:13:20.123", "datetime(3)"),
        ("from_microsecond(1700000000123456)", "2023-11-14 22:13:20.123456", "datetime(6)"),
        ("from_second(-1)", None, "datetime"),
        ("to_iso8601(date '2023-10-05')", "2023-10-05", "text"),
        ("to_iso8601(cast('2020-01-01 12:30:45' as datetime))", "2020-01-01T12:30:45.000000", "text"),
        ("months_between('2020-12-26', '2020-10-25')", "2.03225806", "double"),
        ("months_between('2020-10-25', '2020-12-26', false)", "-2.032258064516129", "double"),
        ("months_between('2024-02-29', '2024-01-31')", "1", "double"),
        ("next_day('2020-01-31 02:02:02', 'MON')", "2020-02-03", "date"),
        ("next_day('2023-07-17', 'monday')", "2023-07-24", "date"),
        ("next_day('9999-12-31', 'SU')", "9999-12-31", "date"),
        ("next_day(null, 'SU')", None, "date"),
    ],
)
def test_answers(rules: Any, text: str, answer: str | None, type_: str) -> None:
    assert rules.answer(text) == (answer, type_)


def test_a_computed_period_and_origin(rules: Any) -> None:
    columns = {"t": "datetime", "n": "int", "o": "datetime"}
    rows: list[tuple[object, ...]] = [
        ("2022-05-25 02:00:00", 3, "2022-05-20 00:00:00"),
        ("2022-05-25 02:00:00", 0, "2022-05-20 00:00:00"),
        (None, 1, None),
    ]
    assert rules.answers("day_floor(t, n, o)", columns, rows)[0] == ["2022-05-23 00:00:00", None, None]
    assert rules.answers("hour_ceil(t, n)", columns, rows)[0] == ["2022-05-25 03:00:00", None, None]


def test_a_quarter_counts_months_from_the_origin_as_doris_does(rules: Any) -> None:
    """Two months after February are no quarter for Doris, and the day of April is smaller in its quarter."""
    assert rules.answer("quarter_floor('2023-04-10', 1, '2023-02-01')")[0] == "2022-11-01 00:00:00"


def test_a_weekday_that_is_none(rules: Any) -> None:
    with pytest.raises(DorisError, match="failed to parse weekday: someday"):
        rules.answer("next_day('2020-01-31', 'someday')")


def test_other_time_zones_are_refused(rules: Any) -> None:
    with pytest.raises(Refused, match="from_second in the time zone"):
        rules.answer("from_second(1)", time_zone="Asia/Tokyo")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("month_ceil('2023-07-14 10:51:11')", "2023-08-01 00:00:00"),
        ("month_ceil('2023-07-14 10:51:11', 5)", "2023-12-01 00:00:00"),
        ("quarter_ceil('2023-07-14 10:51:11')", "2023-10-01 00:00:00"),
        ("second_ceil('2023-07-13 22:28:18', 5)", "2023-07-13 22:28:20"),
        ("second_floor('2023-07-13 22:28:18', 5)", "2023-07-13 22:28:15"),
        ("week_ceil('2023-07-13 22:28:18')", "2023-07-17 00:00:00"),
        ("week_ceil('2023-07-17')", "2023-07-17 00:00:00"),
    ],
)
def test_rounding_up(rules: Any, text: str, answer: str | None) -> None:
    """The next multiple of units since 0001-01-01, a Monday."""
    assert rules.answer(text)[0] == answer
