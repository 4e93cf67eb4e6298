"""Answers of charts that are kept whole for a minute: to whom they are given, and what ends them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests

from nereus.provision import superset
from nereus.superset.api import Chart, Superset
from tests.integration.superset.conftest import TOM, TOMS_PASSWORD, Stand

pytestmark = pytest.mark.timeout(1800)
DASHBOARD, NAME = "retail-sales-overview", "Revenue by customer region"
#: Rights are looked up anew after ten seconds.
SOON_SECONDS = 30.0


@pytest.fixture
def chart(analyst: Superset) -> Chart:
    """A chart whose question nobody asked in this form."""
    found = next(one for one in analyst.charts(DASHBOARD) if one.name == NAME)
    form = {**found.query.get("form_data", {}), "nobody_asked": time.time_ns()}
    return replace(found, query={**found.query, "form_data": form})


@pytest.fixture
def admin(stand: Stand) -> Superset:
    return superset.login(stand.home, stand.platform, "admin")


@pytest.fixture
def tom(stand: Stand) -> Superset:
    return Superset(stand.url, TOM, TOMS_PASSWORD)


def answer(of: Superset, chart: Chart, **more: object) -> requests.Response:
    return of._web.post(f"{of.url}/api/v1/chart/data", json={**chart.query, **more}, timeout=60)


def rows(found: requests.Response) -> Any:
    assert found.ok, found.text
    return found.json()["result"][0]["data"]


def kept(of: Superset, chart: Chart) -> requests.Response:
    """An answer that is given again: the first may come from the warehouse, the second from Superset's cache."""
    for _ in range(3):
        found = answer(of, chart)
        assert found.ok, found.text
    assert "Age" in found.headers
    return found


def soon(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_the_second_to_come_gets_the_same(analyst: Superset, tom: Superset, chart: Chart) -> None:
    first = answer(analyst, chart)
    assert "Age" not in first.headers
    again = kept(analyst, chart)
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert rows(again) == rows(first)
    others = answer(tom, chart)
    assert "Age" in others.headers
    assert rows(others) == rows(first)


def test_who_sees_fewer_rows_gets_their_own(analyst: Superset, eva: Superset, chart: Chart) -> None:
    assert len(rows(kept(analyst, chart))) == 5
    assert [row["customer_region"] for row in rows(answer(eva, chart))] == ["EUROPE"]
    assert [row["customer_region"] for row in rows(kept(eva, chart))] == ["EUROPE"]
    assert len(rows(kept(analyst, chart))) == 5


def test_another_question_has_another_answer(analyst: Superset, chart: Chart) -> None:
    kept(analyst, chart)
    (query,) = chart.query["queries"]
    narrow = {**query, "filters": [*query.get("filters", ()), {"col": "customer_region", "op": "IN", "val": ["ASIA"]}]}
    assert [row["customer_region"] for row in rows(answer(analyst, chart, queries=[narrow]))] == ["ASIA"]


def test_a_forced_question_and_a_file_are_never_answered_from_here(analyst: Superset, chart: Chart) -> None:
    kept(analyst, chart)
    assert "Age" not in answer(analyst, chart, force=True).headers
    # What stood before the refresh is gone.
    assert "Age" not in answer(analyst, chart).headers
    kept(analyst, chart)
    table = answer(analyst, chart, result_format="csv")
    assert table.headers["Content-Type"].startswith("text/csv")
    assert "Age" not in table.headers


def test_a_load_ends_what_was_kept(stand: Stand, analyst: Superset, chart: Chart) -> None:
    kept(analyst, chart)
    superset.warm(stand.home, stand.platform)
    soon(lambda: "Age" not in answer(analyst, chart).headers)


def test_without_a_login_nothing_is_told(stand: Stand, analyst: Superset, chart: Chart) -> None:
    kept(analyst, chart)
    stranger = requests.post(f"{stand.url}/api/v1/chart/data", json=chart.query, timeout=60)
    assert stranger.status_code in (400, 401, 403)
    assert "EUROPE" not in stranger.text


def test_who_loses_the_right_loses_the_answers(admin: Superset, tom: Superset, chart: Chart) -> None:
    kept(tom, chart)
    people = admin._call("GET", "/api/v1/security/users/?q=(page_size:100)")["result"]
    (person,) = [one for one in people if one["username"] == TOM]
    path, before = f"/api/v1/security/users/{person['id']}", [role["id"] for role in person["roles"]]
    roles = admin._call("GET", "/api/v1/security/roles/?q=(page_size:100)")["result"]
    (europe,) = [role["id"] for role in roles if role["name"] == "Analyst Europe"]
    admin._call("PUT", path, {"roles": [europe]})
    try:
        soon(lambda: [row["customer_region"] for row in rows(answer(tom, chart))] == ["EUROPE"])
    finally:
        admin._call("PUT", path, {"roles": before})
    soon(lambda: len(rows(answer(tom, chart))) == 5)
