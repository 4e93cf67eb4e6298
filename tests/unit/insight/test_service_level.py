"""The audit log of a real warehouse, and the figures made of it."""

from __future__ import annotations

from pathlib import Path

from nereus.insight import service_level
from nereus.insight.asking import Answer, Counter, ask, reader
from nereus.insight.service_level import Group, budget
from tests.unit.insight.deployed import OPENED, Deployed


def asked(deployed: Deployed, tmp_path: Path) -> Answer:
    questions = service_level.questions(24)
    answer = ask(reader(deployed.as_user("portal")), questions, tmp_path / "kept.json", Counter())
    assert answer.error is None
    return answer


def test_dashboards_and_people_are_told_apart(deployed: Deployed, tmp_path: Path) -> None:
    answer = asked(deployed, tmp_path)
    dashboards = {group.name: group for group in service_level.groups(answer["dashboards"])}
    people = {group.name: group for group in service_level.groups(answer["people"])}
    for dashboard, person, count in OPENED:
        assert dashboards[str(dashboard)].answered == count
        assert people[person].answered == count
    assert dashboards["3"].failed == 1


def test_the_whole_is_the_sum_and_leaves_the_portal_out(deployed: Deployed, tmp_path: Path) -> None:
    answer = asked(deployed, tmp_path)
    whole = service_level.first(answer, "promise")
    assert whole is not None
    assert whole.answered == sum(count for _, _, count in OPENED)
    assert whole.fast <= whole.answered
    assert "portal" not in {group.name for group in service_level.groups(answer["users"])}
    assert sum(hour.answered for hour in service_level.groups(answer["hours"])) == whole.answered


def test_the_slowest_come_first_with_what_they_waited(deployed: Deployed, tmp_path: Path) -> None:
    answer = asked(deployed, tmp_path)
    times = [row["time_ms"] for row in answer["slowest"]]
    assert times == sorted(times, reverse=True)
    assert any(row["queued_ms"] is not None for row in answer["slowest"])
    assert {row["name"] for row in answer["queues"]} >= {"normal"}


def group(average_ms: float | None, *, statements: int = 10, failed: int = 0) -> Group:
    return Group("x", statements, failed, average_ms, average_ms, average_ms, 8)


def test_the_budget_is_what_is_left_of_the_promised_average() -> None:
    found = budget(group(250), [group(100), group(1100), group(None)], 1.0)
    assert found is not None
    assert (found.used, found.left) == (0.25, 0.75)
    assert (found.kept_hours, found.hours) == (1, 2)


def test_a_broken_promise_leaves_less_than_nothing() -> None:
    found = budget(group(1500), [], 1.0)
    assert found is not None
    assert found.left == -0.5


def test_without_answers_there_is_no_budget() -> None:
    assert budget(None, [], 1.0) is None
    assert budget(group(None), [], 1.0) is None
    assert group(None, statements=2, failed=2).under_1s is None
