"""Numeric functions and rounding."""

from __future__ import annotations

from typing import Any

import pytest

from nereus.warehouse.embedded.errors import Refused


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("abs(-1)", "1", "smallint"),
        ("abs(-2.5)", "2.5", "decimal(2,1)"),
        ("abs(cast(-9223372036854775808 as bigint))", "9223372036854775808", "largeint"),
        ("abs('-2.5')", "2.5", "double"),
        ("sign(-2)", "-1", "tinyint"),
        ("sqrt(4)", "2", "double"),
        ("sqrt(-1)", None, "double"),
        ("ln(0)", None, "double"),
        ("log(2, 8)", "3", "double"),
        ("log(1, 8)", None, "double"),
        ("log10(100)", "2", "double"),
        ("pow(2, 3)", "8", "double"),
        ("exp(1)", "2.718281828459045", "double"),
        ("asin(2)", None, "double"),
        ("fmod(7, 0)", None, "double"),
        ("pmod(-7, 3)", "2", "bigint"),
        ("pi()", "3.141592653589793", "double"),
        ("bin(5)", "101", "varchar(65533)"),
        ("bin(-1)", "1" * 64, "varchar(65533)"),
        ("gcd(12, -18)", "6", "tinyint"),
        ("lcm(4, 6)", "12", "smallint"),
        ("bit_count(255)", "8", "tinyint"),
        ("negative(1)", "-1", "bigint"),
        ("isnan(cast('nan' as double))", "1", "boolean"),
        ("round(2.5)", "3", "decimal(2,0)"),
        ("round(-2.5)", "-3", "decimal(2,0)"),
        ("round(1.235, 2)", "1.24", "decimal(4,2)"),
        ("round(123.456, -1)", "120", "decimal(6,0)"),
        ("round(-155.5, -1)", "-160", "decimal(4,0)"),
        ("round(9.99, 1)", "10.0", "decimal(3,1)"),
        ("round(12345, 2)", "12345", "decimal(5,0)"),
        ("round(cast(2.5 as double))", "3", "double"),
        ("ceil(1.2)", "2", "decimal(2,0)"),
        ("ceil(-123.456, 1)", "-123.4", "decimal(6,1)"),
        ("ceil(121, -1)", "130", "decimal(3,0)"),
        ("floor(-123.456, 1)", "-123.5", "decimal(6,1)"),
        ("floor('2.5')", "2", "decimal(38,0)"),
        ("truncate(-1.239, 2)", "-1.23", "decimal(4,2)"),
        ("truncate(155.5, -1)", "150", "decimal(4,0)"),
    ],
)
def test_constants(rules: Any, text: str, answer: str | None, type_: str) -> None:
    assert rules.answer(text) == (answer, type_)


def test_rounding_rows(rules: Any) -> None:
    columns, rows = {"p": "decimal(10,3)", "f": "double"}, [("1.235", 1.25), ("-1.235", -1.25), (None, None)]
    assert rules.answers("round(p, 2)", columns, rows) == (["1.24", "-1.24", None], "decimal(10,2)")
    assert rules.answers("ceil(p, 1)", columns, rows) == (["1.3", "-1.2", None], "decimal(10,1)")
    assert rules.answers("floor(p, 1)", columns, rows) == (["1.2", "-1.3", None], "decimal(10,1)")
    assert rules.answers("round(f, 1)", columns, rows) == (["1.3", "-1.3", None], "double")
    assert rules.answers("floor(f)", columns, rows) == (["1", "-2", None], "double")


@pytest.mark.parametrize(
    "text",
    [
        "round(cast(1.005 as double), 2)",
        "round(1.5, n)",
        "truncate(1.5)",
        "sin(2.5)",
        "cbrt(27)",
        "gcd(2.5, 2)",
        "rand(5)",
        "abs(curdate())",
    ],
)
def test_doubtful_calls_are_refused(rules: Any, text: str) -> None:
    with pytest.raises(Refused, match="refuses"):
        rules.bind(text, {"n": "int"})


def test_random_values_differ_from_row_to_row(rules: Any) -> None:
    for text in ("rand()", "uuid()"):
        assert rules.bind(text).volatile
        found, _ = rules.answers(text, {"n": "int"}, [(1,), (2,), (3,)])
        assert len(set(found)) == 3


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("acos(1)", "0"),
        ("acos(0.5)", "1.047197551196598"),
        ("acos(cast(1.1 as double))", None),
        ("acos(null)", None),
        ("cosh(0)", "1"),
        ("cosh(1)", "1.543080634815244"),
        ("tanh(0)", "0"),
        ("tanh(0.5)", "0.4621171572600097"),
        ("e()", "2.718281828459045"),
        ("isinf(cast(1e308 as double) * 10)", "1"),
        ("isinf(1)", "0"),
        ("isinf(null)", None),
    ],
)
def test_functions_of_angles_and_limits(rules: Any, text: str, answer: str | None) -> None:
    """Values that C's mathematical library must give, and NULL outside a domain."""
    assert rules.answer(text)[0] == answer


#: What a cluster answered for 0.7, 1.0 and 1.2, with all digits.
_REAL = {
    "sin": (0.644217687237691, 0.8414709848078965, 0.9320390859672263),
    "cos": (0.7648421872844885, 0.5403023058681398, 0.3623577544766736),
    "tan": (0.8422883804630793, 1.557407724654902, 2.5721516221263183),
    "tanh": (0.6043677771171636, 0.7615941559557649, 0.8336546070121552),
    "cosh": (1.255169005630943, 1.5430806348152437, 1.8106555673243747),
    "exp": (2.0137527074704766, 2.718281828459045, 3.3201169227365472),
    "ln": (-0.35667494393873245, 0.0, 0.1823215567939546),
    "log10": (-0.1549019599857432, 0.0, 0.07918124604762482),
}


@pytest.mark.parametrize("name", _REAL)
def test_real_functions_of_columns_agree_to_fifteen_digits(rules: Any, name: str) -> None:
    found = rules.answers(f"{name}(x)", {"x": "double"}, [(0.7,), (1.0,), (1.2,)])[0]
    assert [f"{float(text):.14e}" for text in found] == [f"{value:.14e}" for value in _REAL[name]]
