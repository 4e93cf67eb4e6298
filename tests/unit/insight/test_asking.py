"""Questions to a warehouse that is there, that refuses, and that is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nereus.insight.asking import Counter, Question, age, ask, reader
from tests.unit.insight.deployed import Deployed

QUESTIONS = {
    "one": Question("SELECT 1 AS number, CAST(2.5 AS DECIMAL(9,1)) AS price, CAST('2026-11-22' AS DATE) AS day"),
    "missing": Question("SELECT * FROM nereus_ops.nowhere", needs=("nereus_ops", "nowhere")),
}


def test_rows_are_plain_and_every_statement_is_counted(deployed: Deployed, tmp_path: Path) -> None:
    count = Counter()
    answer = ask(reader(deployed.as_user("portal")), QUESTIONS, tmp_path / "kept.json", count)
    assert answer.error is None
    assert answer["one"] == [{"number": 1, "price": 2.5, "day": "2026-11-22"}]
    assert answer["missing"] == []
    assert count.statements == 2
    assert (tmp_path / "kept.json").stat().st_mode & 0o077 == 0


def test_a_warehouse_that_is_gone_leaves_the_last_known_rows_and_their_time(deployed: Deployed, tmp_path: Path) -> None:
    there = reader(deployed.as_user("portal"))
    before = ask(there, QUESTIONS, tmp_path / "kept.json", Counter())
    after = ask(replace(there, mysql_port=1), QUESTIONS, tmp_path / "kept.json", Counter())
    assert (after.tables, after.at) == (before.tables, before.at)
    assert "does not answer" in (after.error or "")


def test_without_earlier_rows_nothing_is_known(deployed: Deployed, tmp_path: Path) -> None:
    for warehouse in (None, replace(reader(deployed.as_user("portal")), mysql_port=1)):
        answer = ask(warehouse, QUESTIONS, tmp_path / "kept.json", Counter())
        assert not answer.known
        assert answer.error
        assert answer["one"] == []


def test_a_refused_question_is_told_and_keeps_nothing(deployed: Deployed, tmp_path: Path) -> None:
    answer = ask(deployed.as_user("portal"), {"bad": Question("DROP DATABASE tiny")}, tmp_path / "kept.json", Counter())
    assert "denied" in (answer.error or "").lower()
    assert not (tmp_path / "kept.json").exists()


def test_a_damaged_copy_is_no_copy(tmp_path: Path) -> None:
    (tmp_path / "kept.json").write_text('{"at": 3', "utf-8")
    assert not ask(None, QUESTIONS, tmp_path / "kept.json", Counter()).known


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (timedelta(seconds=3), "3 s"),
        (timedelta(minutes=2), "2 min"),
        (timedelta(hours=26), "26 h"),
        (timedelta(days=5), "5 days"),
    ],
)
def test_ages_are_told_in_one_unit(gap: timedelta, said: str) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert age(now - gap, now) == said
