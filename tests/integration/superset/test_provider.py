"""People come from an OpenID Connect provider; what their groups say is what they may do."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import pytest
import requests

from nereus.errors import BadInput
from nereus.home import Home
from nereus.provision import superset
from tests.integration.superset.conftest import Stand
from tests.providers import Provider, provider
from tests.stores import free_ports

pytestmark = pytest.mark.timeout(1800)
GROUPS = {"bi": ["Analyst"], "europe": ["Analyst Europe"], "platform": ["Admin"]}


@pytest.fixture(scope="module")
def idp() -> Iterator[Provider]:
    with provider() as made:
        yield made


@pytest.fixture(scope="module")
def own(stand: Stand, idp: Provider) -> Iterator[Stand]:
    """A second process of the same Superset, whose people come from the provider."""
    file = superset.provider_file(stand.home)
    described = {"metadata_url": f"{idp.url}/.well-known/openid-configuration", "roles_by_group": GROUPS}
    file.write_text(json.dumps({**idp.client, **described}), "utf-8")
    ports = stand.platform.local.ports.model_copy(update={"superset": free_ports(1)})
    local = stand.platform.local.model_copy(update={"ports": ports})
    made = dataclasses.replace(stand, platform=stand.platform.model_copy(update={"local": local}), processes={})
    try:
        superset.prepare(stand.home)
        made.start_superset()
        yield made
    finally:
        for name in list(made.processes):
            made.stop(name)
        file.unlink()


def come(stand: Stand, idp: Provider, name: str, *groups: str) -> requests.Session:
    """Log in at the provider, which knows who this is."""
    idp.person = {"sub": f"id of {name}", "preferred_username": name, "email": f"{name}@example.org", "groups": groups}
    browser = requests.Session()
    browser.get(f"{stand.url}/login/oidc", timeout=60)
    return browser


def roles(stand: Stand, browser: requests.Session) -> set[str] | None:
    answer = browser.get(f"{stand.url}/api/v1/me/roles/", timeout=60)
    return set(answer.json()["result"]["roles"]) - {"Public"} if answer.ok else None


def dashboards(stand: Stand, browser: requests.Session) -> set[str]:
    told = browser.get(f"{stand.url}/api/v1/dashboard/", timeout=60).json()
    return {one["slug"] for one in told["result"]}


def test_groups_give_roles(own: Stand, idp: Provider) -> None:
    for name, group in (("amelie", "bi"), ("pierre", "europe"), ("boss", "platform")):
        assert roles(own, come(own, idp, name, group, "everybody")) == set(GROUPS[group])


def test_a_role_shows_its_dashboards_and_rows(own: Stand, idp: Provider) -> None:
    assert len(dashboards(own, come(own, idp, "amelie", "bi"))) == 5
    assert "retail-product-margin" not in dashboards(own, come(own, idp, "pierre", "europe"))


def test_roles_follow_the_groups_at_the_next_login(own: Stand, idp: Provider) -> None:
    assert roles(own, come(own, idp, "marie", "platform")) == {"Admin"}
    assert roles(own, come(own, idp, "marie", "bi")) == {"Analyst"}


def test_who_is_in_no_such_group_stays_outside(own: Stand, idp: Provider) -> None:
    assert roles(own, come(own, idp, "mallory", "sales")) is None
    assert roles(own, come(own, idp, "amelie")) is None


def test_nobody_becomes_an_account_of_the_platform(own: Stand, idp: Provider) -> None:
    """A provider whose people choose their names must not give them the administrator's."""
    for name in ("admin", "analyst"):
        assert roles(own, come(own, idp, name, "bi")) is None


def test_the_platform_itself_still_logs_in_with_its_passwords(own: Stand) -> None:
    assert len(superset.login(own.home, own.platform, "analyst").dashboards()) == 5


def test_a_provider_that_is_half_described_is_refused(tmp_path) -> None:
    home = Home(tmp_path).create()
    file = superset.provider_file(home)
    file.write_text(json.dumps({"client_id": "superset", "client_secret": "s", "metadata_url": "http://x"}), "utf-8")
    with pytest.raises(BadInput, match=r"superset-oidc\.json lacks roles_by_group"):
        superset.prepare(home)
