"""A Hub of its own: people come from an OpenID Connect provider, idle servers end, and so does the Hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from benchmarks.measure.people import Person
from nereus import secrets
from nereus.processes import runs, still_running
from tests.integration.jupyterhub.hubs import Running, declare, hub, wait_for
from tests.providers import Provider, provider

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def idp() -> Iterator[Provider]:
    with provider() as made:
        yield made


@contextmanager
def _hub_of(idp: Provider, folder: Path, **changed: object) -> Iterator[Running]:
    """A Hub whose people come from the provider; no warehouse is behind it."""
    deployment = declare(folder)
    described = idp.described(
        deployment.service("jupyterhub").url, allowed_groups=["scientists"], admin_groups=["platform"]
    )
    (deployment.home.secrets / "jupyterhub-oidc.json").write_text(json.dumps(described), "utf-8")
    with hub(deployment, **changed) as made:
        made.probe_token = secrets.ensure(deployment.home, "jupyterhub-probe")
        yield made


@pytest.fixture(scope="module")
def own_hub(idp: Provider, environments: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with _hub_of(idp, tmp_path_factory.mktemp("oidc")) as made:
        yield made


def people(own_hub: Running) -> dict[str, dict[str, object]]:
    answer = requests.get(
        f"{own_hub.service.url}/hub/api/users", headers={"Authorization": f"token {own_hub.probe_token}"}, timeout=30
    )
    return {person["name"]: person for person in answer.json()}


def test_who_is_in_no_allowed_group_stays_outside(idp: Provider, own_hub: Running) -> None:
    idp.person = {"sub": "1", "preferred_username": "mallory", "groups": ["sales"]}
    assert Person(own_hub.service.url, "mallory").come_from_provider().status_code == 403
    assert "mallory" not in people(own_hub)


def test_a_name_that_is_a_path_stays_outside(idp: Provider, own_hub: Running) -> None:
    for name in ("..", "../etc", "a/b"):
        idp.person = {"sub": "1", "preferred_username": name, "groups": ["scientists"]}
        assert not Person(own_hub.service.url, name).come_from_provider().ok
    assert people(own_hub) == {}


def test_groups_of_the_provider_decide(idp: Provider, own_hub: Running) -> None:
    for name, groups, admin in (("hedy", ["scientists"], False), ("boss", ["scientists", "platform"], True)):
        idp.person = {"sub": name, "preferred_username": name, "groups": groups}
        assert Person(own_hub.service.url, name).come_from_provider().url.endswith("/hub/home")
        assert people(own_hub)[name]["admin"] is admin


def test_an_idle_server_ends(idp: Provider, environments: None, tmp_path: Path) -> None:
    idp.person = {"sub": "hedy", "preferred_username": "hedy", "groups": ["scientists"]}
    # Six seconds, whatever is done on the server: the Hub hears of that every five minutes.
    with _hub_of(idp, tmp_path, idle_minutes=0.1) as made:
        hedy = Person(made.service.url, "hedy")
        hedy.come_from_provider()
        hedy.start_server()
        wait_for(lambda: people(made)["hedy"]["servers"] == {}, 60, made.log)
        assert "Culling server hedy" in made.log.read_text("utf-8")


def test_the_hub_ends_in_time_and_leaves_nothing(idp: Provider, own_hub: Running) -> None:
    idp.person = {"sub": "boss", "preferred_username": "boss", "groups": ["scientists"]}
    boss = Person(own_hub.service.url, "boss")
    boss.come_from_provider()
    boss.start_server()
    assert boss.run("print(6 * 7)") == "42"
    family = own_hub.family()
    assert any("jupyterhub-singleuser" in " ".join(process.cmdline()) for process in family)
    assert any("ipykernel" in " ".join(process.cmdline()) for process in family)
    assert own_hub.stop() < 15
    assert not any(runs(process) for process in family)


def test_a_hub_that_is_ended_while_it_starts_leaves_nothing(environments: None, tmp_path: Path) -> None:
    def has_helpers(made: Running) -> bool:
        started = " ".join(word for process in made.family() if runs(process) for word in process.cmdline())
        return "traefik" in started and "jupyterhub_idle_culler" in started

    with hub(declare(tmp_path), has_helpers) as made:
        assert made.stop() < 15


def test_a_hub_that_is_killed_takes_its_helpers_along(environments: None, tmp_path: Path) -> None:
    with hub(declare(tmp_path)) as made:
        helpers = made.family()[1:]
        assert len(helpers) == 2
        made.process.kill()
        assert still_running(helpers, 15) == []
