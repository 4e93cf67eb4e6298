from __future__ import annotations

import pytest

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql.lexer import first_words, split_statements, tokenize


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.value) for token in tokenize(text).tokens[:-1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT x", [("SELECT", "SELECT"), ("name", "x")]),
        ("`a``b`", [("quoted", "a`b")]),
        ("1 1.5 .5 2. 1e3 1.5E-3", [("integer", "1")] + [("decimal", t) for t in ("1.5", ".5", "2.", "1e3", "1.5E-3")]),
        ("1a 1e3x", [("name", "1a"), ("name", "1e3x")]),
        ("größe $x _y", [("name", "größe"), ("name", "$x"), ("name", "_y")]),
        ("a==b!=c", [("name", "a"), ("=", "=="), ("name", "b"), ("<>", "!="), ("name", "c")]),
        ("a!>b!<c", [("name", "a"), ("<=", "!>"), ("name", "b"), (">=", "!<"), ("name", "c")]),
        ("a<=>b||c", [("name", "a"), ("<=>", "<=>"), ("name", "b"), ("||", "||"), ("name", "c")]),
        ("a&&b", [("name", "a"), ("&&", "&&"), ("name", "b")]),
        ("a -- rest\n, b", [("name", "a"), (",", ","), ("name", "b")]),
        ("a --1", [("name", "a")]),
        ("a /* x /* y */ z */ b", [("name", "a"), ("name", "b")]),
        ("a /* x /* y */ b", [("name", "a"), ("name", "b")]),
        ("1 FROM DUAL", [("integer", "1")]),
        ("x'4F' X\"0a\"", [("hex", "4F"), ("hex", "0a")]),
        ("@@x @y", [("@@", "@@"), ("name", "x"), ("@", "@"), ("name", "y")]),
    ],
)  # fmt: skip
def test_tokens(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"'it\'s'", "it's"),
        ("'it''s'", "it's"),
        ('"it\'s"', "it's"),
        ('"say ""hi"""', 'say "hi"'),
        (r"'a\nb\tc\\d\rx'", "a\nb\tc\\d\rx"),
        (r"'\%\_\q'", r"\%\_q"),
        (r"'\Z\0\b'", "\x1a\0\b"),
        ("'a\nb'", "a\nb"),
        ("''", ""),
    ],
)
def test_strings_lose_their_escapes(text: str, value: str) -> None:
    assert kinds(text) == [("string", value)]


def test_no_backslash_escapes() -> None:
    tokens = tokenize(r"'a\' 'b'", backslash_escapes=False).tokens
    assert [token.value for token in tokens[:-1]] == ["a\\", "b"]


def test_hints_are_kept_aside() -> None:
    read = tokenize("select /*+ SET_VAR(a=1) */ 1")
    assert [hint.text for hint in read.hints] == [" SET_VAR(a=1) "]
    assert len(read.tokens) == 3


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("a\n  # b", "(line 2, pos 2)"),
        ("'open", "(line 1, pos 0)"),
        ("a \\ b", "(line 1, pos 2)"),
        ("/* x", "(line 1, pos 0)"),
    ],
)
def test_unreadable_text_names_its_place(text: str, at: str) -> None:
    with pytest.raises(DorisError) as caught:
        tokenize(text)
    assert at in caught.value.detail


def test_split_statements() -> None:
    script = "select ';' ; -- no; \n select 2;; /* ; */\n"
    assert split_statements(script) == ["select ';'", "-- no; \n select 2"]
    assert split_statements("select 'open; select 2") == ["select 'open; select 2"]
    assert split_statements(" ;; ") == []


def test_first_words() -> None:
    assert first_words("/* hi */ show  Full Tables from x") == ("SHOW", "FULL", "TABLES")
    assert first_words("((select 1))") == ("SELECT",)
    assert first_words("set @a = 1") == ("SET",)
    assert first_words("select 'open") == ("SELECT", "OPEN")
    assert first_words("") == ()
