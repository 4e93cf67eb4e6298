"""Unions and intersections of arrays where no order shows, arrays side by side, and splitting by an expression."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("array_sort(array_intersect([-100], [156]))", "[]"),
        ("array_sort(array_intersect(['a', 'b', 'c'], ['a', 'a']))", '["a"]'),
        ("array_sort(array_intersect([1, 1], [2, 1], [2, 2], [1]))", "[]"),
        ("array_sort(array_intersect([1, 2], [1, 2], [2]))", "[2]"),
        ("array_sort(array_intersect([1, null, 2], [null, 2]))", "[null, 2]"),
        ("array_sort(array_intersect([1, null], [1]))", "[1]"),
        ("array_sort(array_union([1, null], [2, 1], [null]))", "[null, 1, 2]"),
        ("array_reverse_sort(array_union([1, 2], [300]))", "[300, 2, 1]"),
        ("array_sort(array_union([1], cast(null as array<tinyint>)))", None),
        ("array_sort(array_union(array_intersect([1, 2], [1, 2]), [3]))", "[1, 2, 3]"),
        ("array_size(array_union([1, 2], [2, 3]))", "3"),
        ("array_contains(array_union([1, 2], [2, 3]), 3)", "1"),
        ("array_max(array_union([1, 2], [2, 3]))", "3"),
        ("array_union([1], [1])", "[1]"),
        ("arrays_overlap([1, null], [null])", "1"),
        ("arrays_overlap([1, null], [2])", "0"),
        ("arrays_overlap([null], cast(null as array<int>))", None),
        ("array_zip(['a', null], [1, 2])", '[{"col1":"a", "col2":1}, {"col1":null, "col2":2}]'),
        ("array_zip([1])", '[{"col1":1}]'),
        ("array_zip([1], cast(null as array<int>))", None),
        ("split_by_regexp('abcde', '')", '["a", "b", "c", "d", "e"]'),
        ("split_by_regexp('', '')", "[]"),
        (r"split_by_regexp('a12bc23de345f', '\\d+')", '["a", "bc", "de", "f"]'),
        ("split_by_regexp('aa,bbb,cccc', ',', 1)", '["aa,bbb,cccc"]'),
        ("split_by_regexp('aa,bbb,cccc', ',', 2)", '["aa", "bbb,cccc"]'),
        ("split_by_regexp('aa,bbb,cccc', ',', 4)", '["aa", "bbb", "cccc"]'),
        ("split_by_regexp('aa,bbb,cccc', ',', 100000000)", '["aa", "bbb", "cccc"]'),
        ("split_by_regexp(',a,', ',', -1)", '["", "a", ""]'),
        ("split_by_regexp('', ',')", '[""]'),
        ("split_by_regexp(null, ',')", None),
        ("split_by_char('a,b,', ',')", '["a", "b", ""]'),
        ("soundex('Ashcraft')", "A261"),
        ("soundex('Tymczak')", "T522"),
        ("soundex(' a b ')", "A100"),
        ("soundex('-3.75')", ""),
    ],
)
def test_answers(rules: Any, text: str, answer: str | None) -> None:
    assert rules.answer(text)[0] == answer


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("array_union([1], [2])", "the order of the elements of array_union, write array_sort"),
        ("array_join(array_intersect([1, 2], [1, 2]), ',')", "the order of the elements of array_intersect"),
        ("array_zip([1, 2], [1])", "same offsets"),
        ("split_by_regexp('é', '')", "letters beyond ASCII"),
        ("soundex('é')", "soundex only supports ASCII"),
    ],
)
def test_errors_of_a_row(rules: Any, text: str, words: str) -> None:
    with pytest.raises(duckdb.Error, match=words):
        rules.answer(text)


def test_refused(rules: Any) -> None:
    for pattern in ("a*", "a|b", "^a", r"\\b"):
        with pytest.raises(Refused, match="may match nothing"):
            rules.bind(f"split_by_regexp('a', '{pattern}')")
    with pytest.raises(Refused, match="limit 3"):
        rules.bind("split_by_regexp('a', '(a)', 3)")
    with pytest.raises(DorisError, match="1 arity"):
        rules.bind("array_union([1])")
