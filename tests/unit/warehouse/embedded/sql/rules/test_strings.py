"""String functions, over constants and over rows with letters beyond ASCII."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused

LONG = "varchar(65533)"


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("length('é日')", "5", "int"),
        ("char_length('é日')", "2", "int"),
        ("bit_length('é')", "16", "int"),
        ("upper('aé')", "AÉ", LONG),
        ("lcase('ÀB')", "àb", LONG),
        ("trim('  a b ')", "a b", LONG),
        ("trim('\ta')", "\ta", LONG),
        ("trim('xxaxx', 'x')", "a", LONG),
        ("trim('xyaxyxy', 'xy')", "a", LONG),
        ("ltrim('xyxa', 'xy')", "xa", LONG),
        ("rtrim_in('axyx', 'xy')", "a", LONG),
        ("trim(both 'x' from 'xax')", "a", LONG),
        ("substring('aéb', 2, 1)", "é", "varchar(1)"),
        ("substring('abc', 0)", "", "varchar(2147483647)"),
        ("substring('abc', -2)", "bc", "varchar(2147483647)"),
        ("substring('abc', -9, 2)", "", "varchar(2)"),
        ("substring('abc', 2, -1)", "", LONG),
        ("left('éa', 1)", "é", LONG),
        ("left('abc', -1)", "", LONG),
        ("right('é日x', 2)", "日x", LONG),
        ("right('é日x', -2)", "日x", LONG),
        ("concat('a', 1, true, 1.50)", "a111.50", LONG),
        ("concat('a', null)", None, LONG),
        ("concat_ws('-', 'a', null, 'b')", "a-b", LONG),
        ("concat_ws(null, 'a')", None, LONG),
        ("replace('aba', 'a', 'c')", "cbc", LONG),
        ("replace('abc', '', 'x')", "abc", LONG),
        ("repeat('ab', 2)", "abab", LONG),
        ("repeat('ab', -1)", "", LONG),
        ("space(2)", "  ", LONG),
        ("reverse('aé')", "éa", LONG),
        ("lpad('é', 3, 'xy')", "xyé", LONG),
        ("rpad('abc', 2, '')", "ab", LONG),
        ("rpad('a', 3, '')", "", LONG),
        ("lpad('a', -1, 'x')", None, LONG),
        ("lpad(null, 0, '')", None, LONG),
        ("ascii('é')", "195", "int"),
        ("ascii('')", "0", "int"),
        ("quote('a')", "'a'", LONG),
        ("md5('a')", "0cc175b9c0f1b6a831c399e269772661", LONG),
        ("md5sum('a', 'b')", "187ef4436122d1cc2f40dc2b92f0eba0", LONG),
        ("sha2('a', 256)", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", LONG),
        ("hex(255)", "FF", LONG),
        ("hex('é')", "C3A9", LONG),
        ("hex(-1)", "FFFFFFFFFFFFFFFF", LONG),
        ("to_base64('é')", "w6k=", "text"),
        ("char(68, 111)", "Do", "text"),
        ("starts_with('abc', 'ab')", "1", "boolean"),
        ("ends_with('abc', '')", "1", "boolean"),
        ("strcmp('b', 'a')", "1", "tinyint"),
        ("null_or_empty('')", "1", "boolean"),
        ("not_null_or_empty(null)", "0", "boolean"),
        ("initcap('hello-wORLD x')", "Hello-World X", LONG),
    ],
)
def test_constants(rules: Any, text: str, answer: str | None, type_: str) -> None:
    assert rules.answer(text) == (answer, type_)


def test_results_of_strings_are_strings_and_of_varchars_are_varchars(rules: Any) -> None:
    columns = {"s": "string", "v": "varchar(5)", "i": "int"}
    for text, type_ in {
        "upper(s)": "text",
        "upper(v)": LONG,
        "upper(i)": LONG,
        "concat(s, v)": LONG,
        "concat(s, i)": "text",
        "substring(s, 1, 2)": "varchar(2)",
    }.items():
        assert str(rules.bind(text, columns).type) == type_


def test_substring_over_rows(rules: Any) -> None:
    rows = [
        ("abcdef", 2, 3),
        ("é日xy", 2, 1),
        ("abc", 0, 2),
        ("abc", -2, 9),
        ("abc", -9, 9),
        ("abc", 1, 0),
        (None, 0, 1),
    ]
    found, type_ = rules.answers("substring(s, p, n)", {"s": "varchar(9)", "p": "int", "n": "int"}, rows)
    assert (found, type_) == (["bcd", "日", "", "bc", "", "", None], LONG)


def test_left_and_right_over_rows(rules: Any) -> None:
    columns, rows = {"s": "varchar(9)", "n": "int"}, [("é日x", 2), ("é日x", 0), ("é日x", -1), ("é日x", 9), ("a", None)]
    assert rules.answers("left(s, n)", columns, rows)[0] == ["é日", "", "", "é日x", None]
    assert rules.answers("right(s, n)", columns, rows)[0] == ["日x", "", "é日x", "é日x", None]


def test_letters_that_change_their_length_are_an_error(rules: Any) -> None:
    for text in ("upper('straße')", "lower('ΟΔΟΣ')", "initcap('élan')"):
        with pytest.raises(duckdb.Error, match="embedded warehouse refuses"):
            rules.answer(text)


@pytest.mark.parametrize("text", ["sha2('a', 100)", "char(228)", "trim('a', s)", "reverse(null)", "hex(1.5)"])
def test_doubtful_calls_are_refused(rules: Any, text: str) -> None:
    with pytest.raises(Refused, match="refuses"):
        rules.bind(text, {"s": "varchar(3)"})


def test_a_wrong_number_of_arguments_is_doris_own_error(rules: Any) -> None:
    with pytest.raises(DorisError, match="Can not found function 'upper' which has 2 arity"):
        rules.answer("upper('a', 'b')")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("ltrim_in('ababccaab', 'ab')", "ccaab"),
        ("trim_in('ababccaab', 'ab')", "cc"),
        ("trim_in('aa', 'a')", ""),
        ("trim_in('  ab  ')", "ab"),
        ("ltrim_in(null, 'a')", None),
    ],
)
def test_sets_of_characters_are_trimmed(rules: Any, text: str, answer: str | None) -> None:
    """Any of the characters, in any order, on one side or both."""
    assert rules.answer(text)[0] == answer
