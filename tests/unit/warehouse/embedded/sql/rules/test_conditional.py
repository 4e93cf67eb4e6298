"""CASE, IF and their relatives."""

from __future__ import annotations

from typing import Any

import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("case when 1 = 1 then 1 else 0 end", "1", "tinyint"),
        ("case 1 when 1 then 'a' end", "a", "varchar(1)"),
        ("case when false then 1 end", None, "tinyint"),
        ("case when true then 1 else 2.5 end", "1.0", "decimal(4,1)"),
        ("case when true then 'a' else 'bb' end", "a", "text"),
        ("case when null then 1 else 300 end", "300", "smallint"),
        ("case when true then cast('2024-01-01' as date) else now() end", "2024-01-01 00:00:00", "datetime"),
        ("if(1 > 2, 'a', 'b')", "b", "varchar(1)"),
        ("if(null, 1, 2)", "2", "tinyint"),
        ("ifnull(null, 3)", "3", "tinyint"),
        ("nvl(null, 3.5)", "3.5", "decimal(2,1)"),
        ("coalesce(null, null, 2)", "2", "tinyint"),
        ("coalesce(null, 'x')", "x", "varchar(1)"),
        ("nullif(1, 2)", "1", "tinyint"),
        ("nullif('a', 'a')", None, "varchar(1)"),
        ("nullif(1, 1.0)", None, "decimal(4,1)"),
        ("greatest(1, 2)", "2", "tinyint"),
        ("greatest(1, null)", None, "tinyint"),
        ("least(1, 200, 3)", "1", "smallint"),
        ("least('b', 'a')", "a", "varchar(1)"),
        ("nullable(5)", "5", "tinyint"),
    ],
)
def test_answers(rules: Any, text: str, answer: str | None, type_: str) -> None:
    assert rules.answer(text) == (answer, type_)


@pytest.mark.parametrize("text", ["if(1, 'a', 2)", "coalesce(null, 'x', 1)", "greatest(1, 'x')", "ifnull(1, 'a')"])
def test_a_text_beside_a_number_is_refused(rules: Any, text: str) -> None:
    with pytest.raises(Refused, match="of a text and a decimal"):
        rules.answer(text)


def test_wrong_numbers_of_arguments_are_errors_as_in_doris(rules: Any) -> None:
    with pytest.raises(DorisError, match="Can not found function 'if' which has 2 arity"):
        rules.answer("if(1, 2)")


def test_nullif_of_a_random_value_is_refused(rules: Any) -> None:
    with pytest.raises(Refused, match="random"):
        rules.answer("nullif(rand(), 1)")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("true xor (true and false)", "1"),
        ("true xor (1 = 1)", "0"),
        ("true xor (null)", None),
    ],
)
def test_exclusive_or(rules: Any, text: str, answer: str | None) -> None:
    """NULL beside anything is NULL."""
    assert rules.answer(text)[0] == answer
