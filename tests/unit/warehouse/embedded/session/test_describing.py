"""What a prepared statement is told about its columns before it runs."""

from __future__ import annotations

import pytest

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.session import Session


def described(session: Session, sql: str) -> list[tuple[str, str]]:
    assumed = sql.replace("?", "NULL") if "?" in sql else None
    return [(column.name, str(column.type)) for column in session.describe(sql, assumed)]


def test_columns_of_a_query(root: Session) -> None:
    assert described(root, "SELECT id, amount * 2 AS twice FROM orders WHERE id = ?") == [
        ("id", "bigint"),
        ("twice", "decimal(13,2)"),
    ]
    (column,) = root.describe("SELECT note FROM orders;")
    assert (column.db, column.table, column.origin) == ("shop", "orders", "note")


def test_columns_of_show_and_of_what_has_none(root: Session) -> None:
    assert described(root, "SHOW TABLES") == [("Tables_in_shop", "varchar(65533)")]
    assert described(root, "INSERT INTO orders VALUES (?, NULL, NULL, NULL)") == []
    assert described(root, "SET query_timeout = 10") == []
    assert described(root, "SELECT 1; SELECT 2") == []


def test_nothing_runs(root: Session) -> None:
    before = root.last
    described(root, "SELECT * FROM orders")
    described(root, "DELETE FROM orders WHERE id = 1")
    assert root.last is before
    assert root.running is None
    assert [result.rows_sent for result in root.execute("SELECT id FROM orders") if list(result.batches)] == [3]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT nosuch FROM orders", "nosuch"),
        ("SELECT * FROM nosuch", "nosuch"),
        ("SELEC 1", "SELEC"),
        ("SELECT id FROM orders LIMIT ?", r"'\?'"),
    ],
)
def test_what_cannot_be_prepared(root: Session, sql: str, words: str) -> None:
    with pytest.raises(DorisError, match=words):
        described(root, sql)


def test_what_refuses_null_is_told_when_it_runs(root: Session) -> None:
    assert described(root, "SELECT nosuch_function(?)") == []
