"""Literals and the types Doris gives them."""

from __future__ import annotations

from typing import Any

import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("0", "tinyint"),
        ("127", "tinyint"),
        ("128", "smallint"),
        ("-128", "tinyint"),
        ("-129", "smallint"),
        ("32767", "smallint"),
        ("32768", "int"),
        ("2147483648", "bigint"),
        ("9223372036854775808", "largeint"),
    ],
)
def test_an_integer_has_the_narrowest_type_that_holds_it(rules: Any, text: str, type_: str) -> None:
    assert rules.answer(text) == (text, type_)


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("0.3", "0.3", "decimal(1,1)"),
        ("0.05", "0.05", "decimal(2,2)"),
        ("2.50", "2.50", "decimal(3,2)"),
        ("123456.789", "123456.789", "decimal(9,3)"),
        ("1e2", "100", "decimal(3,0)"),
        ("0.00", "0.00", "decimal(2,2)"),
        ("1e-3", "0.001", "decimal(3,3)"),
        ("12345678901234567890123456789012345678901.5", "1.234567890123457e+40", "double"),
    ],
)
def test_a_fraction_is_a_decimal_with_the_digits_it_is_written_with(
    rules: Any, text: str, answer: str, type_: str
) -> None:
    assert rules.answer(text) == (answer, type_)


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("'it''s'", "it's", "varchar(4)"),
        ("''", "", "varchar(0)"),
        ("'é'", "é", "varchar(1)"),
        ("'日本'", "日本", "varchar(8)"),
        ("true", "1", "boolean"),
        ("null", None, "null"),
        ("date '2024-02-29'", "2024-02-29", "date"),
        ("timestamp '2024-01-01 10:00:00'", "2024-01-01 10:00:00", "datetime"),
        ("timestamp '2024-01-01 10:00:00.120'", "2024-01-01 10:00:00.12", "datetime(2)"),
    ],
)
def test_other_literals(rules: Any, text: str, answer: str | None, type_: str) -> None:
    assert rules.answer(text) == (answer, type_)


def test_text_longer_than_a_varchar_is_a_string(rules: Any) -> None:
    assert rules.answer(f"'{'x' * 70000}'")[1] == "text"


def test_an_integer_beyond_128_bits_is_an_error(rules: Any) -> None:
    with pytest.raises(DorisError, match="out of range"):
        rules.answer("1" * 40)


@pytest.mark.parametrize("text", ["X'41'", "date '2024-01-01 10:00:00'", "date '0000-00-00'", "date '2024/01/01'"])
def test_doubtful_literals_are_refused_by_name(rules: Any, text: str) -> None:
    with pytest.raises(Refused, match="refuses"):
        rules.answer(text)


def test_a_string_beside_a_number_takes_its_type(rules: Any) -> None:
    assert rules.answer("1 + '1'") == ("2", "smallint")
    assert rules.answer("'4' * cast(3 as decimal(10,3))") == ("12.000000", "decimal(20,6)")
    assert rules.answer("'300' + 1")[1] == "int"
    with pytest.raises(DorisError, match="string literal 'a' cannot be cast to double"):
        rules.answer("'a' + 1")
