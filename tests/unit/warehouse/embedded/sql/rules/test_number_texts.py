"""Other bases, buckets, thousands and units: answers of Doris' suites, or what its backend's source says."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("conv(15, 10, 2)", "1111"),
        ("conv('ffffffffffffff', 24, 2)", "1011111001100011011111100110111101001101111010011011110100110111"),
        ("conv('-ff', 24, 2)", "1111111111111111111111111111111111111111111111111111111010001001"),
        ("conv('fffffffffffffffffffffffffffffffff', 24, 10)", "18446744073709551615"),
        ("conv('fffffffffffffffffffffffffffffffff', 24, -10)", "-1"),
        ("conv('1.464868', 10, 2)", "1"),
        ("conv(' 12 ', 10, 10)", "12"),
        ("conv('1x', 10, 10)", "1"),  # a digit that the base lacks ends the number
        ("conv('1_', 10, 10)", "0"),
        ("conv('', 10, 10)", "0"),
        ("conv(-15, 10, -2)", "-1111"),
        ("conv(-15, 10, 16)", "FFFFFFFFFFFFFFF1"),
        ("conv(11, 2, 10)", "3"),
        ("conv(19, 8, 10)", "1"),
        ("conv(5, 1, 10)", None),
        ("conv(5, 10, 37)", None),
        ("conv(5, -10, 2)", None),
        ("conv(null, 10, 2)", None),
        ("bit_shift_left(1, 63)", "-9223372036854775808"),
        ("bit_shift_left(5, 62)", "4611686018427387904"),
        ("bit_shift_left(1, 64)", "0"),
        ("bit_shift_left(1, -1)", "0"),
        ("bit_shift_right(1024, 3)", "128"),
        ("bit_shift_right(-1, 1)", "9223372036854775807"),
        ("bit_shift_right(-1, 0)", "-1"),
        ("bit_shift_right(null, 2)", None),
        ("width_bucket(1, 2, 3, 2)", "0"),
        ("width_bucket(6, 2, 6, 4)", "5"),
        ("width_bucket(3, 2, 6, 4)", "2"),
        ("width_bucket(29000, 20000, 60000, 4)", "1"),
        ("width_bucket(3, 2, 6, 5)", "0"),  # narrower than one
        ("width_bucket(cast(3 as double), 2, 6, 5)", "2"),
        ("width_bucket(3, 2, null, 5)", None),
        ("format_number(123)", "123"),
        ("format_number(1000)", "1K"),
        ("format_number(1239.9)", "1.24K"),
        ("format_number(-12399999)", "-12.4M"),
        ("format_number(999999999999999999)", "1000Q"),
        ("format_number(5)", "5.00"),
        ("format_round(123456, 0)", "123,456"),
        ("format_round(123456, 10)", "123,456.0000000000"),
        ("format_round(123456.123456, 3)", "123,456.123"),
        ("format_round(123456.123456, 8)", "123,456.12345600"),
        ("format_round(9876.54321, 0)", "9,876"),  # cut, not rounded
        ("format_round(-1111.235, 2)", "-1,111.24"),
        ("format_round(-0.996, 2)", "-1.00"),
        ("format_round(-0.5, 0)", "-0"),
        ("format_round(0.0000001, 7)", "0.0000001"),
        ("format_round(cast(1234567.895 as double), 2)", "1,234,567.90"),
        ("format_round(cast(1e308 as double) * 10, 2)", "inf"),
    ],
)
def test_answers(rules: Any, text: str, answer: str | None) -> None:
    assert rules.answer(text)[0] == answer


def test_every_width_of_shift_over_rows(rules: Any) -> None:
    values = [(5, 1), (-8, 2), (None, 1), (1, None)]
    columns = {"x": "bigint", "n": "tinyint"}
    assert rules.answers("bit_shift_left(x, n)", columns, values)[0] == ["10", "-32", None, None]
    assert rules.answers("bit_shift_right(x, n)", columns, values)[0] == ["2", "4611686018427387902", None, None]


@pytest.mark.parametrize(
    "text",
    [
        "conv(1.5, 10, 2)",
        "conv(15, 10.5, 2)",
        "bit_shift_left(1.5, 1)",
        "width_bucket(10.0, 0, 11, 10)",
        "width_bucket(cast(1 as double), 0, 11, 200)",
        "format_round('a', 2)",
        "format_round(1.5, 9)",
        "format_number('1')",
    ],
)
def test_refused(rules: Any, text: str) -> None:
    with pytest.raises(Refused):
        rules.bind(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("width_bucket(1, 2, 3, 0)", "must be a positive integer value"),
        ("format_round(1.5, -1)", r"should be in range \[0, 1024\]"),
    ],
)
def test_errors_of_doris(rules: Any, text: str, words: str) -> None:
    with pytest.raises(DorisError, match=words):
        rules.bind(text)


def test_conv_from_a_negative_base_of_a_negative_number_is_an_error(rules: Any) -> None:
    with pytest.raises(duckdb.Error, match="refuses conv from the base -10"):
        rules.answer("conv(-5, -10, 2)")
