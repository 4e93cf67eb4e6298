from __future__ import annotations

from datetime import UTC, datetime

from nereus.insight.overview import on_promise, on_services
from nereus.insight.service_level import Group
from nereus.insight.services import seen_from
from nereus.provision.status import ServiceStatus

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_the_promise_is_compared_with_the_average_of_dashboards() -> None:
    kept = on_promise(Group("dashboards", 12, 2, 250.0, 900.0, 1200.0, 9), AT, 1.0)
    assert (kept.value, kept.good) == ("0.250 s", True)
    assert "10 answers, p95 0.900 s, 90.0% under 1 s, 2 failed" in kept.explanation
    assert on_promise(Group("dashboards", 1, 0, 1001.0, 1001.0, 1001.0, 0), AT, 1.0).good is False


def test_unknown_is_not_bad() -> None:
    assert on_promise(None, AT, 1.0).good is None
    assert on_promise(None, None, 1.0).value == "unknown"


def test_services_that_are_down_are_named() -> None:
    rows = [ServiceStatus("a", True, None, 1.0, 1.0, ""), ServiceStatus("b", False, None, None, None, "", "killed")]
    found = on_services(rows, AT)
    assert (found.value, found.good) == ("1 of 2", False)
    assert "Down: b." in found.explanation


def test_addresses_follow_the_host_the_browser_used() -> None:
    assert seen_from("http://127.0.0.1:8088", "http://nereus.example:8501/x") == "http://nereus.example:8088"
    assert seen_from("http://127.0.0.1:8088", None) == "http://127.0.0.1:8088"
    assert seen_from("http://127.0.0.1:8088", "http://[::1]:8501/") == "http://[::1]:8088"
