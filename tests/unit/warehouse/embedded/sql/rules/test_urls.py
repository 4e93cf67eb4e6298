"""Parts of URLs: constants as frontend and backend agree on them, columns as the backend searches them."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql.url_functions import PARTS

_FULL = "http://u:p@h:80/p/a.html?q=1&b=2#f"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("parse_url('http://h/p', 'host')", "h"),
        ("parse_url('https://www.a.com:8080/x/y?k=v#r', 'HOST')", "www.a.com"),
        ("parse_url('https://www.a.com:8080/x/y?k=v#r', 'PORT')", "8080"),
        ("parse_url('https://www.a.com:8080/x/y?k=v#r', 'PATH')", "/x/y"),
        ("parse_url('https://www.a.com:8080/x/y?k=v#r', 'FILE')", "/x/y?k=v"),
        ("parse_url('https://www.a.com:8080/x/y?k=v#r', 'QUERY')", "k=v"),
        ("parse_url('https://www.a.com:8080/x/y?k=v#r', 'REF')", "r"),
        ("parse_url('https://www.a.com:8080/x/y', 'QUERY')", None),
        ("parse_url('https://www.a.com', 'PATH')", ""),
        ("parse_url('http://h/?q=1&b=2', 'QUERY', 'b')", "2"),
        ("parse_url('http://h/?qb=1&b=2#b=3', 'QUERY', 'b')", "2"),
        ("parse_url('http://h/?q=1', 'QUERY', 'z')", None),
        ("parse_url('http://h/?q=1', 'HOST', 'q')", None),
        ("parse_url(null, 'HOST')", None),
        ("url_decode('a%20b+c')", "a b c"),
        ("url_decode('%E4%BD%A0')", "你"),
    ],
)
def test_answers(rules: Any, text: str, answer: str | None) -> None:
    assert rules.answer(text) == (answer, "varchar(65533)")


def parts(rules: Any, url: str) -> dict[str, str | None]:
    return {part: rules.answers(f"parse_url(u, '{part}')", {"u": "varchar(99)"}, [(url,)])[0][0] for part in PARTS}


def test_columns_are_searched(rules: Any) -> None:
    assert parts(rules, _FULL) == {
        "PROTOCOL": "http",
        "HOST": "h",
        "PATH": "/p/a.html",
        "REF": "f",
        "AUTHORITY": "u:p@h:80",
        "FILE": "/p/a.html?q=1&b=2",
        "USERINFO": "u:p",
        "PORT": "p@h:80",  # Doris counts the colon from behind the user
        "QUERY": "q=1&b=2",
    }
    assert set(parts(rules, "no url").values()) == {None}


def test_odd_constants_are_refused_and_bad_escapes_are_errors(rules: Any) -> None:
    for text in (f"parse_url('{_FULL}', 'QUERY')", "parse_url('http://h/p', 'PORT')", "parse_url('a b', 'HOST')"):
        with pytest.raises(Refused, match="parse_url of the constant"):
            rules.bind(text)
    with pytest.raises(DorisError, match="Invalid URL part: X"):
        rules.bind("parse_url('http://h/p', 'X')")
    for text, words in (("url_decode('a%2')", "Decode url failed"), ("url_decode('%ff')", "no UTF-8 text")):
        with pytest.raises(duckdb.Error, match=words):
            rules.answer(text)
