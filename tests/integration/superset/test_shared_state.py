"""Superset as Kubernetes runs it: two processes, their records in PostgreSQL, cache and counts in Valkey."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from nereus.provision import superset
from nereus.superset.api import Superset
from tests.integration.superset import servers
from tests.integration.superset.conftest import EVA, EVAS_PASSWORD, TOM, TOMS_PASSWORD, Stand
from tests.stores import free_ports

pytestmark = pytest.mark.timeout(1800)
DASHBOARD, NAME = "retail-sales-overview", "Revenue by customer region"


@dataclasses.dataclass
class Pod(Stand):
    """A process of Superset that keeps nothing of its own."""

    shared: dict[str, str] = dataclasses.field(default_factory=dict)

    def start_superset(self) -> None:
        known = {**superset.environment(self.home, self.platform), **self.shared}
        self._start("superset", superset.command(self.platform), **known)

    def wait(self) -> None:
        self._wait("superset", superset.probe("127.0.0.1", self.platform.local.ports.superset), Exception)

    def run(self, what: str, **more: str) -> Any:
        return superset._run(what, self.home, self.platform, **self.shared, **more)


@pytest.fixture(scope="module")
def pods(stand: Stand, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pod, Pod]]:
    folder = tmp_path_factory.mktemp("shared")
    with servers.postgres(folder / "postgres") as records, servers.valkey(folder / "valkey") as cache:
        shared = {"SUPERSET_METADATA_URI": records, "SUPERSET_REDIS_URL": cache}
        made = (_pod(stand, shared), _pod(stand, shared))
        try:
            plan = folder / "plan.json"
            plan.write_text(json.dumps(stand.plan()), "utf-8")
            made[0].run("bootstrap", NEREUS_SUPERSET_PLAN=str(plan))
            for one in made:
                one.start_superset()
            for one in made:
                one.wait()
            yield made
        finally:
            for one in made:
                for name in list(one.processes):
                    one.stop(name)


def _pod(stand: Stand, shared: dict[str, str]) -> Pod:
    ports = stand.platform.local.ports.model_copy(update={"superset": free_ports(1)})
    platform = stand.platform.model_copy(update={"local": stand.platform.local.model_copy(update={"ports": ports})})
    return Pod(stand.config, platform, stand.home, stand.folder, shared=shared)


def analyst(pod: Pod) -> Superset:
    return superset.login(pod.home, pod.platform, "analyst")


def test_every_chart_answers_and_what_one_asked_the_other_has(pods: tuple[Pod, Pod]) -> None:
    first, second = (analyst(pod) for pod in pods)
    numbers = first.dashboards()
    assert len(numbers) == 5
    for slug, number in numbers.items():
        for chart in first.charts(slug):
            assert first.ask(chart, dashboard=number).rows > 0
            assert second.ask(chart, dashboard=number).cached


def test_what_is_set_up_stands_in_postgres_and_is_not_made_twice(pods: tuple[Pod, Pod], tmp_path: Path) -> None:
    pod = pods[0]
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(pod.plan()), "utf-8")
    before = analyst(pod).dashboards()
    told = pod.run("bootstrap", NEREUS_SUPERSET_PLAN=str(plan))
    assert told["removed"] == []
    assert analyst(pod).dashboards() == before


def test_guesses_are_counted_over_both(pods: tuple[Pod, Pod]) -> None:
    said = [
        requests.post(
            f"{pods[number % 2].url}/api/v1/security/login",
            json={"username": TOM, "password": f"guess {number}", "provider": "db"},
            timeout=60,
        ).status_code
        for number in range(12)
    ]
    assert said == [401] * 10 + [429] * 2
    right = {"username": TOM, "password": TOMS_PASSWORD, "provider": "db"}
    for pod in pods:
        assert requests.post(f"{pod.url}/api/v1/security/login", json=right, timeout=60).status_code == 429
        assert Superset(pod.url, EVA, EVAS_PASSWORD).dashboards()


def test_a_load_ends_the_kept_answers_of_both(pods: tuple[Pod, Pod]) -> None:
    people = [analyst(pod) for pod in pods]
    chart = next(one for one in people[0].charts(DASHBOARD) if one.name == NAME)

    def age(person: Superset) -> str | None:
        answer = person._web.post(f"{person.url}/api/v1/chart/data", json=chart.query, timeout=60)
        assert answer.ok, answer.text
        return answer.headers.get("Age")

    for person in people:
        assert [age(person) for _ in range(3)][-1] is not None
    told = pods[0].run("warm")
    assert told["failed"] == []
    deadline = time.monotonic() + 30
    for person in people:
        while age(person) is not None:
            assert time.monotonic() < deadline
            time.sleep(0.3)
