"""Arrays."""

from __future__ import annotations

from typing import Any

import pytest

from nereus.warehouse.embedded.errors import Refused


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("array(1, 2)", "[1, 2]", "array<tinyint>"),
        ("[1, null, 300]", "[1, null, 300]", "array<smallint>"),
        ("array('a', 'b')", '["a", "b"]', "array<varchar(1)>"),
        ("size(array(1, 2))", "2", "bigint"),
        ("array(10, 20, 30)[2]", "20", "tinyint"),
        ("array(10, 20, 30)[-1]", "30", "tinyint"),
        ("array(10, 20, 30)[0]", None, "tinyint"),
        ("element_at(array(10, 20), 4)", None, "tinyint"),
        ("array_contains(array(1, 2), 2)", "1", "boolean"),
        ("array_contains(array(1, 2), 258)", "0", "boolean"),
        ("array_position(array(1, 2), 2)", "2", "bigint"),
        ("array_position(array(1, 2), 9)", "0", "bigint"),
        ("array_join(array('a', null, 'b'), ',')", "a,b", "text"),
        ("array_sort(array(3, null, 1))", "[null, 1, 3]", "array<tinyint>"),
        ("array_max(array(1, 3, 2))", "3", "tinyint"),
        ("array_sum(array(1, 2, null))", "3", "bigint"),
        ("array_slice([1, 2, 3, 4], 2, 2)", "[2, 3]", "array<tinyint>"),
    ],
)
def test_answers(rules: Any, text: str, answer: str | None, type_: str) -> None:
    assert rules.answer(text) == (answer, type_)


@pytest.mark.parametrize("text", ["array(1, 'a')", "size('a')", "array_contains(array(1), 'x')"])
def test_doubtful_calls_are_refused(rules: Any, text: str) -> None:
    with pytest.raises(Refused, match="refuses"):
        rules.answer(text)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("array_min([2, null, 1])", "1"),
        ("array_min(['b', 'a'])", "a"),
        ("array_min([null])", None),
        ("array_product(cast([2, null, 3.5] as array<double>))", "7"),
        ("array_reverse_sort([1, null, 3])", "[3, 1, null]"),
        ("array_reverse_sort(['a', 'b'])", '["b", "a"]'),
    ],
)
def test_least_products_and_descending_order(rules: Any, text: str, answer: str | None) -> None:
    """NULLs count nothing, and come last where the order is descending."""
    assert rules.answer(text)[0] == answer
