from __future__ import annotations

import pytest

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.session import Session
from tests.unit.warehouse.embedded.session.asking import ask


def test_a_scalar_subquery_of_several_rows_fails_in_doris_words(root: Session) -> None:
    with pytest.raises(DorisError) as error:
        ask(root, "SELECT (SELECT number FROM numbers('number' = '3'))")
    assert error.value.detail == "correlate scalar subquery must return only 1 row"
