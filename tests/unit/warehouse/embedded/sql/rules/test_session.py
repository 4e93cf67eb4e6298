"""Functions that answer from the session and the clock."""

from __future__ import annotations

from typing import Any

import pytest

from nereus.warehouse.embedded.errors import Refused


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("user()", "'root'@'127.0.0.1'", "varchar(65533)"),
        ("session_user()", "'root'@'127.0.0.1'", "varchar(65533)"),
        ("current_user()", "'root'@'%'", "text"),
        ("database()", "fx", "varchar(65533)"),
        ("schema()", "fx", "varchar(65533)"),
        ("version()", "5.7.99", "varchar(65533)"),
        ("connection_id()", "7", "bigint"),
        ("current_catalog()", "internal", "varchar(65533)"),
        ("now()", "2024-05-08 10:20:30", "datetime"),
        ("now(3)", "2024-05-08 10:20:30.123", "datetime(3)"),
        ("current_timestamp(6)", "2024-05-08 10:20:30.123456", "datetime(6)"),
        ("current_timestamp", "2024-05-08 10:20:30", "datetime"),
        ("utc_timestamp()", "2024-05-08 10:20:30", "datetime"),
        ("curdate()", "2024-05-08", "date"),
        ("current_date", "2024-05-08", "date"),
        ("curtime()", "10:20:30", "time"),
    ],
)
def test_answers_come_from_the_facts_of_the_session(rules: Any, text: str, answer: str, type_: str) -> None:
    assert rules.answer(text) == (answer, type_)
    assert rules.bind(text).volatile


def test_what_depends_on_the_clock_depends_on_it_in_any_expression(rules: Any) -> None:
    assert rules.bind("date_sub(now(), interval 7 day)").volatile
    assert not rules.bind("date_sub('2024-01-08', interval 7 day)").volatile


def test_now_with_too_many_digits_is_refused(rules: Any) -> None:
    with pytest.raises(Refused, match="from 0 to 6"):
        rules.answer("now(7)")
