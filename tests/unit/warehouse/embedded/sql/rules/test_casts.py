"""CAST over rows, where only the run time knows the values."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.rules import casts
from nereus.warehouse.embedded.types import parse_type


def cast(rules: Any, type_: str, source: str, values: list[object]) -> list[str | None]:
    found, result = rules.answers(f"cast(x as {type_})", {"x": source}, [(value,) for value in values])
    assert result == str(parse_type(type_))
    return found


def test_text_to_integer_cuts_and_gives_null_for_what_is_no_number(rules: Any) -> None:
    values = [
        "12",
        " 12 ",
        "\t7\n",
        "1.9",
        "-1.9",
        "+5",
        ".5",
        "5.",
        "-0",
        "12abc",
        "1e3",
        "",
        "-",
        "1_000",
        "300",
        None,
    ]
    wanted = ["12", "12", "7", "1", "-1", "5", "0", "5", "0", None, None, None, None, None, "300", None]
    assert cast(rules, "int", "varchar(20)", values) == wanted
    assert cast(rules, "tinyint", "varchar(20)", ["127", "128"]) == ["127", None]


def test_text_to_floating_point(rules: Any) -> None:
    values = ["1e3", " 1.5 ", ".5", "5.", "abc", "", "nan", "-inf", "1_0", "0x10"]
    wanted = ["1000", "1.5", "0.5", "5", None, None, "NaN", "-Infinity", None, None]
    assert cast(rules, "double", "varchar(20)", values) == wanted


def test_text_to_decimal_rounds_half_up(rules: Any) -> None:
    values = ["1.235", "1.245", "-1.235", "1e3", "15e-1", "99999", "x", ""]
    wanted = ["1.24", "1.25", "-1.24", None, "1.50", None, None, None]
    assert cast(rules, "decimal(5,2)", "varchar(20)", values) == wanted


def test_text_to_boolean(rules: Any) -> None:
    values = ["1", "t", "YES", "on", "True", "0", "f", "no", "off", "false", "2", "", "maybe"]
    wanted = ["1"] * 5 + ["0"] * 5 + [None] * 3
    assert cast(rules, "boolean", "varchar(20)", values) == wanted


def test_text_to_date(rules: Any) -> None:
    values = ["2024-02-29", "2024-2-9", "2024-02-29 10:11:12", "2024-02-29T10:11:12.5", "20240229", "2023-02-29"]
    wanted = ["2024-02-29", "2024-02-09", "2024-02-29", "2024-02-29", "2024-02-29", None]
    assert cast(rules, "date", "varchar(30)", values) == wanted
    assert cast(rules, "date", "varchar(30)", ["", "x", "1", None]) == [None] * 4


def test_text_to_datetime_rounds_half_up_to_its_scale(rules: Any) -> None:
    values = ["2024-02-29 10:11:12.987654", "2024-02-29", "1969-12-31 23:59:59.5"]
    assert cast(rules, "datetime", "varchar(30)", values) == [
        "2024-02-29 10:11:13",
        "2024-02-29 00:00:00",
        "1970-01-01 00:00:00",
    ]
    assert cast(rules, "datetime(3)", "varchar(30)", values[:1]) == ["2024-02-29 10:11:12.988"]


@pytest.mark.parametrize("value", ["2024/02/29", "24-02-29", "2024-02-29 10", "0000-01-01", "2024-01-01Z"])
def test_a_doubtful_date_text_is_an_error_and_not_a_guess(rules: Any, value: str) -> None:
    with pytest.raises(duckdb.Error, match="embedded warehouse refuses this text as a date"):
        cast(rules, "date", "varchar(30)", [value])


def test_numbers_to_integers(rules: Any) -> None:
    assert cast(rules, "int", "double", [1.9, -1.9, 2.5, 1e20, float("nan")]) == ["1", "-1", "2", None, None]
    assert cast(rules, "tinyint", "int", [127, 128, -129, None]) == ["127", None, None, None]
    assert cast(rules, "int", "decimal(5,2)", ["1.99", "-1.99"]) == ["1", "-1"]


def test_numbers_to_decimal(rules: Any) -> None:
    assert cast(rules, "decimal(5,2)", "int", [999, 99999]) == ["999.00", None]
    assert cast(rules, "decimal(5,2)", "decimal(6,3)", ["1.235", "-1.235"]) == ["1.24", "-1.24"]
    assert cast(rules, "decimal(5,2)", "double", [1.235, float("nan")]) == ["1.24", None]


def test_a_wide_decimal_becomes_the_double_nearest_to_its_divided_digits(rules: Any) -> None:
    found = cast(rules, "double", "decimal(18,4)", ["12345678901234.5678", "-0.0001"])
    assert found == ["12345678901234.57", "-0.0001"]


def test_numbers_to_text(rules: Any) -> None:
    assert cast(rules, "string", "double", [1.0, 1e20, 1 / 3, float("nan"), float("inf")]) == [
        "1",
        "1e+20",
        "0.3333333333333333",
        "NaN",
        "Infinity",
    ]
    assert cast(rules, "string", "float", [0.1]) == ["0.1"]
    assert cast(rules, "string", "boolean", [True, False]) == ["1", "0"]
    assert cast(rules, "string", "decimal(5,2)", ["1.50"]) == ["1.50"]


def test_dates_to_numbers_and_text(rules: Any) -> None:
    day, moment = ["2024-02-29"], ["2024-02-29 10:11:12.5"]
    assert cast(rules, "int", "date", day) == ["20240229"]
    assert cast(rules, "bigint", "datetime", ["2024-02-29 10:11:12"]) == ["20240229101112"]
    assert cast(rules, "string", "datetime(3)", moment) == ["2024-02-29 10:11:12.500"]
    assert cast(rules, "date", "datetime", ["2024-02-29 23:59:59"]) == ["2024-02-29"]


def test_fewer_digits_of_a_moment(rules: Any) -> None:
    """The frontend rounds what it knows; the backend keeps the digits of stored values and prints fewer."""
    inner = "cast('2020-12-12 00:00:00.99666' as datetime(6))"
    assert rules.answer(f"cast({inner} as datetime(2))") == ("2020-12-12 00:00:01.00", "datetime(2)")
    assert cast(rules, "datetime(2)", "datetime(6)", ["2020-12-12 00:00:00.99"]) == ["2020-12-12 00:00:00.99"]
    with pytest.raises(duckdb.Error, match="refuses to cut digits in a cast to datetime"):
        cast(rules, "datetime", "datetime(3)", ["2024-02-29 10:11:12.5"])
    assert rules.answer("cast('9999-12-31 23:59:59.999999' as datetime(5))")[0] is None
    assert cast(rules, "datetime(5)", "varchar(40)", ["9999-12-31 23:59:59.999999"]) == [None]
    with pytest.raises(Refused, match="rounding 9999-12-31"):
        rules.bind("cast(cast('9999-12-31 23:59:59.999999' as datetime(6)) as datetime(5))")


@pytest.mark.parametrize("text", ["120102030405", "120102T030405", "120102030405.999"])
def test_twelve_digits_are_a_moment_for_the_frontend_alone(rules: Any, text: str) -> None:
    with pytest.raises(Refused, match="the date text"):
        rules.bind(f"cast('{text}' as datetime)")


def test_integers_to_dates(rules: Any) -> None:
    values = [20240229, 240229, 128, 700101, 1, 0, -1, 20240230, 20240229101112, 99999]
    wanted = ["2024-02-29", "2024-02-29", "2000-01-28", "1970-01-01", None, None, None, None, "2024-02-29", None]
    assert cast(rules, "date", "bigint", values) == wanted


def test_text_is_cut_by_cast_and_kept_for_storage(rules: Any) -> None:
    assert rules.answer("cast('日本語' as varchar(2))") == ("日本", "varchar(2)")
    value = rules.bind("'日本語'")
    assert casts.cast_to(value, parse_type("varchar(2)"), strict=True).node == value.node


def test_strict_casts_fail_instead_of_storing_null(rules: Any) -> None:
    value = casts.cast_to(rules.bind("x", {"x": "varchar(9)"}), parse_type("int"), strict=True)
    rules.table({"x": "varchar(9)"}, [("12",), (None,)])
    assert rules.rows_of(value) == [12, None]
    rules.table({"x": "varchar(9)"}, [("12x",)])
    with pytest.raises(duckdb.Error, match="12x"):
        rules.rows_of(value)


@pytest.mark.parametrize(
    "text",
    ["cast(true as date)", "cast(cast('2024-01-01' as date) as tinyint)", "cast(curdate() as boolean)"],
)
def test_casts_that_doris_does_not_know(rules: Any, text: str) -> None:
    with pytest.raises(DorisError, match="cannot cast"):
        rules.answer(text)


@pytest.mark.parametrize("text", ["cast(1e10 as string)", "cast(cast(0.1 as float) as int)"])
def test_doubtful_casts_are_refused(rules: Any, text: str) -> None:
    with pytest.raises(Refused, match="refuses"):
        rules.answer(text)
