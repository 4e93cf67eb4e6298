"""The operators, over constants and over rows."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.rules.arithmetic import WIDE_DECIMALS


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("1 + 1", "2", "smallint"),
        ("2147483647 + 1", "2147483648", "bigint"),
        ("-7 * 2", "-14", "smallint"),
        ("7 / 2", "3.5", "double"),
        ("1 / 0", None, "double"),
        ("0 / -3", "-0", "double"),
        ("7 % 3", "1", "smallint"),
        ("-7 % 3", "-1", "smallint"),
        ("7 % 0", None, "smallint"),
        ("mod(-7, 3)", "-1", "smallint"),
        ("7 div 2", "3", "tinyint"),
        ("-7 div 2", "-3", "tinyint"),
        ("7 div 0", None, "tinyint"),
        ("7.9 div 2", "3", "bigint"),
        ("0.1 + 0.2", "0.3", "decimal(2,1)"),
        ("10.25 * 2.5", "25.625", "decimal(6,3)"),
        ("1 - 0.3", "0.7", "decimal(5,1)"),
        ("1.0 / 3", "0.33333", "decimal(6,5)"),
        ("2 / 3.0", "0.6666", "decimal(8,4)"),
        ("-2 / 3.0", "-0.6666", "decimal(8,4)"),
        ("10.2 / 0", None, "decimal(7,5)"),
        ("10.2 % 0", None, "decimal(4,1)"),
        ("10.5 % 3", "1.5", "decimal(4,1)"),
        ("cast(10 as decimal(10,2)) / cast(3 as decimal(10,2))", "3.333333", "decimal(16,6)"),
        ("1 + cast(0.5 as double)", "1.5", "double"),
        ("1 + null", None, "smallint"),
        ("null * 0.3", None, "decimal(4,1)"),
        ("5 & 3", "1", "tinyint"),
        ("5 | 3", "7", "tinyint"),
        ("1 ^ 3", "2", "tinyint"),
        ("~1", "-2", "tinyint"),
        ("- 2.50", "-2.50", "decimal(3,2)"),
        ("true + 1", "2", "smallint"),
        ("cast('2024-01-01' as date) + 1", "20240102", "bigint"),
    ],
)
def test_constants(rules: Any, text: str, answer: str | None, type_: str) -> None:
    assert rules.answer(text) == (answer, type_)


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("-i", "bigint"),
        ("i + i", "bigint"),
        ("i * 2", "bigint"),
        ("p * p", "decimal(30,4)"),
        ("p * (1 - p)", "decimal(31,4)"),
        ("p * (1 - p) * (1 + p)", "decimal(38,6)"),
        ("p + 1", "decimal(16,2)"),
        ("w + w", "decimal(38,20)"),
        ("w * p", "decimal(38,7)"),
        ("i / p", "decimal(16,4)"),
        ("i + f", "double"),
        ("i & 1", "int"),
    ],
)
def test_types_over_columns(rules: Any, text: str, type_: str) -> None:
    columns = {"i": "int", "p": "decimal(15,2)", "w": "decimal(38,20)", "f": "double"}
    found, result = rules.answers(text, columns, [(2, "1.50", "2.5", 0.5)])
    assert result == type_
    assert found[0] is not None


def test_integers_widen_before_they_can_overflow(rules: Any) -> None:
    assert rules.answers("x * x", {"x": "int"}, [(2147483647,)]) == (["4611686014132420609"], "bigint")
    assert rules.answers("x + x", {"x": "tinyint"}, [(127,)]) == (["254"], "smallint")


def test_bigint_overflow_is_an_error_where_doris_wraps(rules: Any) -> None:
    with pytest.raises(duckdb.Error, match="Overflow"):
        rules.answers("x + 1", {"x": "bigint"}, [(9223372036854775807,)])


def test_decimals_of_up_to_18_digits_are_computed_in_64_bits_and_exactly_on_demand(rules: Any) -> None:
    product, sum_ = {"a": "decimal(15,2)", "b": "decimal(16,2)"}, {"a": "decimal(18,2)", "b": "decimal(18,2)"}
    large = [("9999999999999.99", "99999999999999.99")]
    with pytest.raises(duckdb.OutOfRangeException, match=r"Overflow in multiplication of DECIMAL\(18\)"):
        rules.answers("a * b", product, large)
    found = rules.answers("a * b", product, large, **{WIDE_DECIMALS: "1"})
    assert found == (["999999999999998900000000000.0001"], "decimal(31,4)")
    large = [("9999999999999999.99", "9999999999999999.99")]
    with pytest.raises(duckdb.OutOfRangeException, match=r"Overflow in addition of DECIMAL\(18\)"):
        rules.answers("a + b", sum_, large)
    assert rules.answers("a + b", sum_, large, **{WIDE_DECIMALS: "1"}) == (["19999999999999999.98"], "decimal(19,2)")


def test_sum_takes_narrow_decimals(rules: Any) -> None:
    columns = {"a": "decimal(15,2)", "b": "decimal(15,2)", "c": "boolean"}
    assert rules.sql("sum(a * (1 - b))", columns) == ('sum("t0"."a" * (CAST(\'1\' AS DECIMAL(3, 0)) - "t0"."b"))')
    assert "DECIMAL(31" not in rules.sql("sum(case when c then a * (1 - b) else 0 end)", columns)


def test_quotients_of_wide_decimals(rules: Any) -> None:
    values = [("1234567890123456.78", "0.07")]
    found, type_ = rules.answers("a / b", {"a": "decimal(18,2)", "b": "decimal(18,2)"}, values)
    assert (found, type_) == (["17636684144620811.142857"], "decimal(24,6)")


def test_a_product_keeps_more_integral_digits_than_scale(rules: Any) -> None:
    columns = {"a": "decimal(30,10)", "b": "decimal(20,8)"}
    assert rules.answers("a * b", columns, [("1.1234567891", "2.00000001")])[1] == "decimal(38,6)"


@pytest.mark.parametrize("text", ["cast(0.1 as float) + 2", "~true", "array(1) + 1"])
def test_doubtful_arithmetic_is_refused(rules: Any, text: str) -> None:
    with pytest.raises(Refused, match="refuses"):
        rules.answer(text)
