from __future__ import annotations

import pytest

from nereus.warehouse.embedded import dispatch
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.masking import mask


@pytest.mark.parametrize(
    ("text", "opening", "kind"),
    [
        ("select 1", "SELECT", "SELECT"),
        ("  -- why\n/* so */ select 1", "SELECT", "SELECT"),
        ("/* a /* b */ */\nselect 1", "SELECT", "SELECT"),
        ("(select 1)", "(", "SELECT"),
        ("with a as (select 1) select * from a", "WITH", "SELECT"),
        ("show full tables from d", "SHOW FULL TABLES", "SHOW"),
        ("show\tcreate\ndatabase d", "SHOW CREATE DATABASE", "SHOW"),
        ("SET PASSWORD = 'x'", "SET PASSWORD", "SET"),
        ("set query_timeout = 1", "SET", "SET"),
        ("desc t", "DESC", "EXPLAIN"),
    ],
)
def test_the_longest_opening_wins(text: str, opening: str, kind: str) -> None:
    route = dispatch.find(text)
    assert (" ".join(route.opening), route.kind) == (opening, kind)


@pytest.mark.parametrize("text", ["stop something"])
def test_what_no_family_takes_is_refused_by_name(text: str) -> None:
    with pytest.raises(Refused, match=" ".join(text.upper().split()[:2])):
        dispatch.find(text)


def test_a_text_that_begins_with_no_word_is_an_error() -> None:
    with pytest.raises(DorisError, match="begins with no word"):
        dispatch.find("42")


def test_a_text_full_of_comments_is_read_in_no_time() -> None:
    with pytest.raises(DorisError):
        dispatch.find("/* a */ " * 2000 + "42")


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("", []),
        (" ; ;; ", []),
        ("-- only a comment", []),
        ("/*!40101 SET NAMES utf8 */;", []),
        ("select 1", ["select 1"]),
        ("select 1;\n", ["select 1"]),
        ("select ';'; select \"a;b\" ; select `c;d`", ["select ';'", 'select "a;b"', "select `c;d`"]),
        ("select 'it''s; \\'; ok'; select 2", ["select 'it''s; \\'; ok'", "select 2"]),
        ("select 1 -- a; b\n; select 2 /* ; */", ["select 1 -- a; b", "select 2 /* ; */"]),
    ],
)
def test_a_text_is_cut_at_its_semicolons_alone(text: str, statements: list[str]) -> None:
    assert dispatch.split(text) == statements


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("CREATE USER a IDENTIFIED BY 'x;y'", "CREATE USER a IDENTIFIED BY ***"),
        ('ALTER USER a identified  by password "*AB"', "ALTER USER a identified  by password ***"),
        ("SET PASSWORD FOR 'a' = PASSWORD('it''s')", "SET PASSWORD FOR 'a' = PASSWORD(***)"),
        ("SET PASSWORD = '*0123'", "SET PASSWORD = ***"),
        ("CREATE USER a IDENTIFIED BY 'never closed", "CREATE USER a IDENTIFIED BY ***"),
        (
            "EXPORT TABLE t TO 's3://b' PROPERTIES ('s3.secret_key' = 'k', 'a' = 'b')",
            "EXPORT TABLE t TO 's3://b' PROPERTIES ('s3.secret_key' = ***, 'a' = 'b')",
        ),
        ("select password from t where a = 'b'", "select password from t where a = 'b'"),
        ("select 'no secret here'", "select 'no secret here'"),
    ],
)
def test_secrets_are_masked_and_nothing_else(text: str, masked: str) -> None:
    assert mask(text) == masked
