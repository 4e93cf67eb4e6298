from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.failures import to_doris
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.sql import rows
from tests.unit.warehouse.embedded.session.asking import ask


def test_a_scalar_subquery_of_several_rows_fails_in_doris_words(root: Session) -> None:
    with pytest.raises(DorisError) as error:
        ask(root, "SELECT (SELECT number FROM numbers('number' = '3'))")
    assert error.value.detail == "correlate scalar subquery must return only 1 row"


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT repeat('a', number + 20000) FROM numbers('number' = '2')", "the embedded warehouse refuses more than"),
        (f"SELECT concat({', '.join(['number'] * 2000)}) FROM numbers('number' = '2')", "nested so deeply"),
        ("SELECT unhex('ff')", "INVALID_ARGUMENT: the embedded warehouse refuses bytes that are no UTF-8 text"),
        ("SELECT json_unquote(concat('\"\\\\x', '\"'))", "INVALID_ARGUMENT: Invalid JSON text in argument 1"),
        ("SELECT map(number % 1, 1, number % 1, 2) FROM numbers('number' = '2')", "refuses a map with a key twice"),
        ("SELECT id FROM orders WHERE EXISTS (SELECT amount, max(id) FROM notes GROUP BY amount)", "an outer column"),
    ],
)
def test_the_engine_s_own_words_stay_inside(root: Session, sql: str, text: str) -> None:
    with pytest.raises(DorisError) as error:
        ask(root, sql)
    assert text in error.value.detail
    for word in (" Error: ", "Python", "Traceback", ".py", "At:"):
        assert word not in error.value.detail


def test_a_fault_of_a_function_says_nothing_of_its_source() -> None:
    connection = duckdb.connect(":memory:")

    def broken(text: str) -> str:
        return {}[text]  # a fault, no refusal

    rows.register(connection, {"broken": (rows.by_row(broken, pa.string()), ["VARCHAR"], "VARCHAR")})
    with pytest.raises(duckdb.Error) as error:
        connection.execute("SELECT broken('a')").fetchall()
    assert to_doris(error.value).detail == "a function failed in the embedded warehouse: its log says why"
