"""Dates to text and back."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from nereus.warehouse.embedded.errors import Refused


@pytest.mark.parametrize(
    ("specifier", "answer"),
    [
        ("%Y", "2024"),
        ("%y", "24"),
        ("%m", "01"),
        ("%c", "1"),
        ("%d", "07"),
        ("%e", "7"),
        ("%D", "7th"),
        ("%H", "15"),
        ("%k", "15"),
        ("%h", "03"),
        ("%I", "03"),
        ("%l", "3"),
        ("%i", "06"),
        ("%s", "09"),
        ("%S", "09"),
        ("%f", "000000"),
        ("%p", "PM"),
        ("%r", "03:06:09 PM"),
        ("%T", "15:06:09"),
        ("%j", "007"),
        ("%a", "Sun"),
        ("%W", "Sunday"),
        ("%b", "Jan"),
        ("%M", "January"),
        ("%w", "0"),
        ("%U", "01"),
        ("%u", "01"),
        ("%V", "01"),
        ("%v", "01"),
        ("%X", "2024"),
        ("%x", "2024"),
        ("%%", "%"),
        ("%n", "n"),
        ("%Y-%m", "2024-01"),
        ("100%", "100%"),
        ("yyyyMMdd", "20240107"),
        ("yyyy-MM-dd", "2024-01-07"),
        ("yyyy-MM-dd HH:mm:ss", "2024-01-07 15:06:09"),
        ("yyyy", "yyyy"),
        ("", ""),
    ],
)
def test_every_specifier(rules: Any, specifier: str, answer: str) -> None:
    assert rules.answer(f"date_format('2024-01-07 15:06:09', '{specifier}')") == (answer, "varchar(65533)")
    found, _ = rules.answers(f"date_format(t, '{specifier}')", {"t": "datetime"}, [("2024-01-07 15:06:09",), (None,)])
    assert found == [answer, None]


def test_ordinal_days(rules: Any) -> None:
    days = [(f"2024-01-{day:02}",) for day in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 31)]
    found, _ = rules.answers("date_format(d, '%D')", {"d": "date"}, days)
    assert found == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "31st"]


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("str_to_date('07/01/2024', '%d/%m/%Y')", "2024-01-07", "date"),
        ("str_to_date('20240107', '%Y%m%d')", "2024-01-07", "date"),
        ("str_to_date('2024-01-02 03:04:05', '%Y-%m-%d %H:%i:%s')", "2024-01-02 03:04:05", "datetime"),
        ("str_to_date('2024-01-02 03:04:05.25', '%Y-%m-%d %T.%f')", "2024-01-02 03:04:05.250000", "datetime(6)"),
        ("str_to_date('2024-13-02', '%Y-%m-%d')", None, "date"),
        ("from_unixtime(0)", "1970-01-01 00:00:00", "varchar(65533)"),
        ("from_unixtime(1704067200, '%Y-%m')", "2024-01", "varchar(65533)"),
        ("from_unixtime(-1)", None, "varchar(65533)"),
        ("unix_timestamp('2024-01-01')", "1704067200", "decimal(12,0)"),
        ("unix_timestamp(cast('2024-01-01' as date))", "1704067200", "bigint"),
        ("unix_timestamp('2024-01-01 00:00:00.25')", "1704067200.25", "decimal(14,2)"),
        ("unix_timestamp('1960-01-01 00:00:00')", "0", "decimal(12,0)"),
        ("convert_tz('2024-07-01 00:00:00', 'America/New_York', 'UTC')", "2024-07-01 04:00:00", "datetime"),
        ("convert_tz('2024-01-01 00:00:00', '+08:00', '+00:00')", "2023-12-31 16:00:00", "datetime"),
    ],
)
def test_answers(rules: Any, text: str, answer: str | None, type_: str) -> None:
    assert rules.answer(text) == (answer, type_)


def test_columns_convert_between_fixed_offsets(rules: Any) -> None:
    found, type_ = rules.answers("convert_tz(t, '+00:00', '-03:30')", {"t": "datetime"}, [("2024-01-01 00:00:00",)])
    assert (found, type_) == (["2023-12-31 20:30:00"], "datetime")


def test_a_text_of_another_shape_than_its_format_is_an_error(rules: Any) -> None:
    with pytest.raises(duckdb.Error, match="shape of its date format: 2024-01-02 \\(GMT\\)"):
        rules.answer("str_to_date('2024-01-02 (GMT)', '%Y-%m-%d')")


@pytest.mark.parametrize(
    "text",
    [
        "date_format('2024-01-01', concat('%', 'Y'))",
        f"date_format('2024-01-01', '{'%M' * 11}')",
        "str_to_date('1', '%j')",
        "str_to_date('10:11', '%H:%i')",
        "convert_tz('2024-03-31 02:30:00', 'Europe/Paris', 'UTC')",
        "convert_tz('2024-01-01 00:00:00', 'Nowhere/Land', 'UTC')",
    ],
)
def test_doubtful_formats_are_refused(rules: Any, text: str) -> None:
    with pytest.raises(Refused, match="refuses"):
        rules.answer(text)


def test_seconds_since_1970_need_utc(rules: Any) -> None:
    assert rules.answer("from_unixtime(0)", time_zone="Etc/UTC")[0] == "1970-01-01 00:00:00"
    for text in ("from_unixtime(0)", "unix_timestamp('2024-01-01')", "utc_timestamp()"):
        with pytest.raises(Refused, match="time zone Asia/Shanghai"):
            rules.answer(text, time_zone="Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("unix_timestamp('07/01/2024', '%d/%m/%Y')", "1704585600.000000"),
        ("unix_timestamp('2007-11-30 10:30:19', '%Y-%m-%d %H:%i:%s')", "1196418619.000000"),
        ("unix_timestamp('1969-01-01', '%Y-%m-%d')", "0.000000"),
        ("unix_timestamp(concat('2024-01-', '01'), '%Y-%m-%d')", "1704067200.000000"),
        ("unix_timestamp(cast(null as string), '%Y-%m-%d')", None),
    ],
)
def test_timestamps_of_written_moments(rules: Any, text: str, answer: str | None) -> None:
    """A moment by its format, in seconds with six digits."""
    assert rules.answer(text)[0] == answer
