"""Comparisons and logic: the type both sides are compared in, and what stays without a cast."""

from __future__ import annotations

from typing import Any

import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused

COLUMNS = {
    "i": "int",
    "b": "bigint",
    "p": "decimal(15,2)",
    "d": "date",
    "t": "datetime",
    "s": "varchar(20)",
    "f": "double",
    "y": "boolean",
}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("i < b", '"t0"."i" < "t0"."b"'),
        ("i = 5", '"t0"."i" = CAST(5 AS TINYINT)'),
        ("i = '5'", '"t0"."i" = CAST(5 AS INT)'),
        ("p < 24", '"t0"."p" < CAST(\'24.00\' AS DECIMAL(15, 2))'),
        ("d >= '2024-01-01'", '"t0"."d" >= CAST(\'2024-01-01\' AS DATE)'),
        ("d < '20240101'", '"t0"."d" < CAST(\'2024-01-01\' AS DATE)'),
        ("d between '2024-01-01' and '2024-12-31'", None),
        ("i between 1 and 3", '"t0"."i" BETWEEN CAST(1 AS TINYINT) AND CAST(3 AS TINYINT)'),
        ("d < date_add('1994-01-01', interval '1' year)", '"t0"."d" < CAST(\'1995-01-01\' AS DATE)'),
        ("s in ('a', 'b')", "\"t0\".\"s\" IN ('a', 'b')"),
        ("t > '2024-01-01 10:00:00'", '"t0"."t" > CAST(\'2024-01-01 10:00:00\' AS TIMESTAMP)'),
    ],
)
def test_columns_are_compared_without_a_cast_so_that_the_engine_can_skip_data(
    rules: Any, text: str, written: str | None
) -> None:
    found = rules.sql(text, COLUMNS)
    assert 'CAST("t0"' not in found
    assert written is None or found == written


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("'10' < 9", "0"),
        ("'1.0' = 1", "1"),
        ("'abc' = 0", None),
        ("'abc' <=> 0", "0"),
        ("null <=> null", "1"),
        ("null = null", None),
        ("1 = 1.0", "1"),
        ("true = 1", "1"),
        ("'a' = 'A'", "0"),
        ("'a' = 'a '", "0"),
        ("'B' < 'a'", "1"),
        ("'é' > 'e'", "1"),
        ("cast('2024-01-01' as date) = '2024-01-01 00:00:00'", "1"),
        ("cast('2024-01-01' as date) < '2024-01-01 10:00:00'", "1"),
        ("cast('2024-01-01' as date) = 'x'", None),
        ("2 in (1, null)", None),
        ("1 in (1, null)", "1"),
        ("2 not in (1, 3)", "1"),
        ("1 in ('1', 2)", "1"),
        ("1 between 0 and null", None),
        ("1 between 2 and null", "0"),
        ("1 and null", None),
        ("0 and null", "0"),
        ("'x' && 1", None),
        ("1 || 0", "1"),
        ("!1", "0"),
        ("not null", None),
        ("true xor false", "1"),
        ("true xor null", None),
        ("1 is true", "1"),
        ("'a' is not null", "1"),
        ("isnull(null)", "1"),
    ],
)
def test_answers(rules: Any, text: str, answer: str | None) -> None:
    assert rules.answer(text) == (answer, "boolean")


@pytest.mark.parametrize(
    ("value", "pattern", "answer"),
    [
        ("a_b", r"a\_b", "1"),
        ("axb", r"a\_b", "0"),
        ("a%c", r"a\%c", "1"),
        ("abc", "a%", "1"),
        ("abc", "A%", "0"),
        ("a\nc", "a_c", "1"),
        ("é日", "__", "1"),
        (r"a\b", r"a\\b", "1"),
    ],
)
def test_like(rules: Any, value: str, pattern: str, answer: str) -> None:
    quoted = value.replace("\\", "\\\\")
    escaped = pattern.replace("\\", "\\\\")
    assert rules.answer(f"'{quoted}' like '{escaped}'") == (answer, "boolean")


def test_like_with_an_escape_character_of_its_own(rules: Any) -> None:
    assert rules.answer("'50%' like '50!%' escape '!'") == ("1", "boolean")
    assert rules.answer("'500' like '50!%' escape '!'") == ("0", "boolean")
    assert rules.answer("'a' like 'a' escape 'a'") == ("1", "boolean")


def test_like_a_column_is_compared_as_it_is_unless_it_escapes(rules: Any) -> None:
    assert rules.answers("'abc' like s", {"s": "varchar(5)"}, [("a%",), ("b%",), (None,)])[0] == ["1", "0", None]
    with pytest.raises(Exception, match="computed LIKE pattern"):
        rules.answers("'abc' like s", {"s": "varchar(5)"}, [("a\\%",)])


@pytest.mark.parametrize("text", ["1 xor 0", "cast(null as bitmap) = 1", "array(1) = 1"])
def test_what_doris_or_we_do_not_compare(rules: Any, text: str) -> None:
    with pytest.raises((DorisError, Refused)):
        rules.answer(text)
