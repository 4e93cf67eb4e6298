"""Funnels and sequences of events."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql import funnels

COLUMNS = {"u": "int", "t": "datetime", "e": "int"}
ROWS = [
    (1, "2024-01-01 10:00:00", 1),
    (1, "2024-01-01 10:10:00", 2),
    (1, "2024-01-01 10:20:00", 2),
    (1, "2024-01-01 12:00:00", 3),
    (2, "2024-01-01 10:00:00", 2),
    (2, "2024-01-01 10:05:00", 1),
    (3, None, 1),
]
SECOND = 1_000_000


def by_user(rules: Any, text: str) -> list[str | None]:
    return [row[0] for row in rules.query(f"select {text} from t group by u order by u", COLUMNS, ROWS)[0]]


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("window_funnel(3600, 'default', t, e = 1, e = 2, e = 3)", ["2", "1", None]),
        ("window_funnel(86400, 'default', t, e = 1, e = 2, e = 3)", ["3", "1", None]),
        ("window_funnel(86400, 'fixed', t, e = 1, e = 2, e = 3)", ["2", "1", None]),
        ("window_funnel(86400, 'deduplication', t, e = 1, e = 2, e = 3)", ["2", "1", None]),
        ("window_funnel(86400, 'increase', t, e = 1, e = 2, e = 3)", ["3", "1", None]),
        ("retention(e = 1, e = 2, e = 3)", ["[1, 1, 1]", "[1, 1, 0]", "[1, 0, 0]"]),
        ("retention(e = 3, e = 2)", ["[1, 1]", "[0, 0]", "[0, 0]"]),
        ("sequence_match('(?1)(?2)', t, e = 1, e = 2)", ["1", "0", None]),
        ("sequence_match('(?2).*(?1)', t, e = 1, e = 2)", ["0", "1", None]),
        ("sequence_match('(?1)(?t>=3600)(?2)', t, e = 1, e = 3)", ["1", "0", None]),
        ("sequence_match('(?1)(?t<3600)(?2)', t, e = 1, e = 3)", ["0", "0", None]),
        ("sequence_count('(?1)(?2)', t, e = 1, e = 2)", ["1", "0", "0"]),
        ("sequence_count('(?1)', t, e = 2, e = 1)", ["2", "1", "0"]),
    ],
)
def test_answers(rules: Any, text: str, answers: list[str | None]) -> None:
    assert by_user(rules, text) == answers


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("window_funnel(1, 'default', t, e = 1)", "int"),
        ("retention(e = 1)", "array<boolean>"),
        ("sequence_match('(?1)', t, e = 1)", "boolean"),
        ("sequence_count('(?1)', t, e = 1)", "bigint"),
    ],
)
def test_types(rules: Any, text: str, type_: str) -> None:
    assert rules.query(f"select {text} from t", COLUMNS, ROWS)[1] == [type_]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("window_funnel('1', 'default', t, e = 1)", "The window params of window_funnel function must be integer"),
        ("window_funnel(1, 'default', e, e = 1)", "must be DATE or DATETIME"),
        ("window_funnel(1, 'default', t, e)", "must be boolean"),
        ("window_funnel(1, 'nomode', t, e = 1)", "Invalid window_funnel mode"),
        ("window_funnel(-1, 'default', t, e = 1)", "must be a positive integer"),
        ("sequence_match('(?1', t, e = 1)", "The format of pattern params is wrong"),
        ("sequence_match(t, t, e = 1)", "must be string literal"),
        ("retention(e)", "All params of retention function must be boolean"),
    ],
)
def test_errors(rules: Any, text: str, message: str) -> None:
    with pytest.raises(DorisError, match=message.replace("(", r"\(")):
        by_user(rules, text)


def test_a_condition_that_is_not_there_is_refused(rules: Any) -> None:
    with pytest.raises(Refused, match="sequence_match with the pattern"):
        by_user(rules, "sequence_match('(?1)(?2)', t, e = 1)")


def test_simultaneous_events_whose_order_would_decide_are_refused(rules: Any) -> None:
    text = "select window_funnel(10, 'default', date_trunc('day', t), e = 1, e = 2) from t where u = 2"
    with pytest.raises(duckdb.Error, match="refuses window_funnel over different events of one moment"):
        rules.query(text, COLUMNS, ROWS)


def test_simultaneous_events_whose_order_does_not_matter() -> None:
    events = [(0, 1), (5 * SECOND, 2), (5 * SECOND, 4)]
    assert funnels.funnel(events, 10, "default", 2) == 2
    assert funnels.matches(events, "(?1)(?2)") is None
    assert funnels.matches(events, "(?1)(?t<=5).") == 1


def test_steps_between_do_not_count_unless_the_funnel_is_fixed() -> None:
    events = [(0, 1), (1, 8), (2, 2), (3, 4)]
    assert funnels.funnel(events, 10, "default", 3) == 3
    assert funnels.funnel(events, 10, "fixed", 3) == 1
