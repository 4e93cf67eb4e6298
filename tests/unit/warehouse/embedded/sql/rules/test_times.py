"""Values of type TIME: answers recorded from a Doris cluster."""

from __future__ import annotations

from typing import Any

import pytest

from nereus.warehouse.embedded.errors import Refused


@pytest.mark.parametrize(
    ("text", "answer", "type_"),
    [
        ("timediff('2024-07-20 16:59:30', '2024-07-11 16:35:21')", "216:24:09", "time"),
        ("timediff('2023-10-05 15:45:00', '2023-10-05')", "15:45:00", "time"),
        ("timediff('2023-01-01 09:00:00', '2023-01-01 10:30:00')", "-01:30:00", "time"),
        ("timediff('2023-07-13 12:34:56.789', '2023-07-13 12:34:50.123')", "00:00:06.666", "time(3)"),
        ("timediff(date '2024-01-01', date '2023-01-01')", "838:59:59", "time"),
        ("timediff(null, '2023-01-01 00:00:00')", None, "time"),
        ("sec_to_time(59738)", "16:35:38", "time"),
        ("sec_to_time(90061)", "25:01:01", "time"),
        ("sec_to_time(-3600)", "-01:00:00", "time"),
        ("sec_to_time(3661.9)", "01:01:01.900000", "time(6)"),
        ("sec_to_time(null)", None, "time"),
        ("time_to_sec('16:32:18')", "59538", "int"),
        ("time_to_sec('-16:32:18.99')", "-59538", "int"),
        ("time_to_sec('12:60:00')", None, "int"),
        ("time_to_sec('839:00:00')", None, "int"),
        ("time_to_sec('2025-01-01 16:32:18')", None, "int"),
        ("time_to_sec(timediff('2023-01-01 09:00:00', '2023-01-01 10:30:00'))", "-5400", "int"),
    ],
)
def test_answers(rules: Any, text: str, answer: str | None, type_: str) -> None:
    assert rules.answer(text) == (answer, type_)


def test_over_rows(rules: Any) -> None:
    columns = {"a": "datetime", "b": "datetime(3)"}
    rows = [("2024-01-01 10:00:00", "2024-01-01 09:59:59.5"), (None, "2024-01-01 00:00:00")]
    assert rules.answers("timediff(a, b)", columns, rows) == (["00:00:00.500", None], "time(3)")
    assert rules.answers("time_to_sec(timediff(b, a))", columns, rows) == (["0", None], "int")


@pytest.mark.parametrize("text", ["time_to_sec('noon')", "sec_to_time(cast(1 as bigint))", "time_to_sec(1)"])
def test_refused(rules: Any, text: str) -> None:
    with pytest.raises(Refused):
        rules.answer(text)
