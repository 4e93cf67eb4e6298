"""Looking for texts, taking texts apart, and regular expressions."""

from __future__ import annotations

from typing import Any

import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused

LONG = "varchar(65533)"


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("instr('aéb', 'b')", "3", "int"),
        ("instr('abc', '')", "1", "int"),
        ("locate('b', 'aéb')", "3", "int"),
        ("locate('b', 'abab', 3)", "4", "int"),
        ("locate('', 'abc', 3)", "3", "int"),
        ("locate('', '', 3)", "0", "int"),
        ("position('b', 'ab')", "2", "int"),
        ("find_in_set('b', 'a,b')", "2", "int"),
        ("find_in_set('a,b', 'a,b')", "0", "int"),
        ("find_in_set('', '')", "1", "int"),
        ("field('b', 'a', 'b')", "2", "int"),
        ("field(3, 1, 2)", "0", "int"),
        ("elt(2, 'a', 'b')", "b", LONG),
        ("elt(3, 'a', 'b')", None, LONG),
        ("split_part('a,b,c', ',', 2)", "b", LONG),
        ("split_part('a,b,c', ',', -1)", "c", LONG),
        ("split_part('abc', ',', 1)", None, LONG),
        ("split_part('a,b', ',', 5)", None, LONG),
        ("split_part('a,b', '', 2)", "", LONG),
        ("substring_index('a.b.c', '.', 2)", "a.b", LONG),
        ("substring_index('a.b.c', '.', -1)", "c", LONG),
        ("substring_index('a.b.c', 'x', 1)", "a.b.c", LONG),
        ("substring_index('a.b.c', '.', 0)", "", LONG),
        ("split_by_string('a,b', ',')", '["a", "b"]', f"array<{LONG}>"),
        ("split_by_string('', ',')", "[]", f"array<{LONG}>"),
        ("count_substrings('a,b,,c', ',')", "3", "int"),
    ],
)
def test_constants(rules: Any, text: str, answer: str | None, type_: str) -> None:
    assert rules.answer(text) == (answer, type_)


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("'abc' regexp 'b'", "1", "boolean"),
        ("'ABC' rlike 'b'", "0", "boolean"),
        ("regexp('abc', '^a.c$')", "1", "boolean"),
        ("'a\\nc' regexp 'a.c'", "1", "boolean"),
        ("regexp_extract('AbCdE', '([[:lower:]]+)C([[:lower:]]+)', 1)", "b", LONG),
        ("regexp_extract('AbCdE', '([[:lower:]]+)C([[:lower:]]+)', 3)", "", LONG),
        ("regexp_extract('abc', 'x(b)', 1)", "", LONG),
        ("regexp_replace('a1b2', '[0-9]', '#')", "a#b#", LONG),
        ("regexp_replace('ab', '(a)(b)', '\\\\2\\\\1')", "ba", LONG),
        ("regexp_replace_one('a1b2', '[0-9]', '#')", "a#b2", LONG),
        ("regexp_count('a.b:c;d', '[.:;]')", "3", "int"),
        ("regexp_count('Hello, World!', '[[:punct:]]')", "2", "int"),
    ],
)
def test_regular_expressions(rules: Any, text: str, answer: str, type_: str) -> None:
    assert rules.answer(text) == (answer, type_)


def test_field_over_rows_is_null_for_null(rules: Any) -> None:
    assert rules.answers("field(k, 1, 2)", {"k": "int"}, [(2,), (3,), (None,)])[0] == ["2", "0", None]


def test_regexp_extract_needs_its_group(rules: Any) -> None:
    with pytest.raises(DorisError, match="Can not found function 'regexp_extract' which has 2 arity"):
        rules.answer("regexp_extract('abc', 'a(b)')")


@pytest.mark.parametrize(
    "text",
    [
        "s regexp s",
        "s regexp '(?=a)'",
        "s regexp '(a)\\\\1'",
        "s regexp '\\\\pL'",
        "regexp_count(s, 'a*')",
        "split_part(s, s, 1)",
        "split_part('a...b', '..', -1)",
        "substring_index(s, ',', n)",
        "field('a', 1)",
    ],
)
def test_doubtful_calls_are_refused(rules: Any, text: str) -> None:
    with pytest.raises(Refused, match="refuses"):
        rules.bind(text, {"s": "varchar(9)", "n": "int"})
