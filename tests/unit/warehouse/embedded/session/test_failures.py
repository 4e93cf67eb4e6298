from __future__ import annotations

import pytest

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.session import Session
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
        ("SELECT id FROM orders WHERE EXISTS (SELECT amount, max(id) FROM notes GROUP BY amount)", "an outer column"),
    ],
)
def test_the_engine_s_own_words_stay_inside(root: Session, sql: str, text: str) -> None:
    with pytest.raises(DorisError) as error:
        ask(root, sql)
    assert text in error.value.detail
    assert " Error: " not in error.value.detail
