"""Passwords, cookies and groups: what opens the portal and what does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nereus import secrets
from nereus.errors import BadInput
from nereus.home import Home
from nereus.insight import access
from nereus.insight.access import LASTS_S, MOST_WRONG, Gate, Role

PROVIDER = {
    "client_id": "portal",
    "client_secret": "s",
    "server_metadata_url": "https://login.example.org/.well-known/openid-configuration",
    "redirect_uri": "https://portal.example.org/oauth2callback",
    "viewer_groups": ["managers"],
    "admin_groups": ["platform"],
}


class Clock:
    at = 1_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(tmp_path: Path, clock: Clock) -> Gate:
    return Gate(Home(tmp_path).create(), clock)


def test_each_password_opens_its_role_and_nothing_else_opens(gate: Gate) -> None:
    assert gate.login(secrets.ensure(gate.home, "portal-viewer")) is Role.VIEWER
    assert gate.login(secrets.ensure(gate.home, "portal-admin") + "\n") is Role.ADMIN
    assert gate.login("") is None
    assert gate.login(secrets.ensure(gate.home, "warehouse-root")) is None


def test_a_cookie_proves_its_role_until_it_ends(gate: Gate, clock: Clock) -> None:
    cookie = gate.cookie(Role.VIEWER)
    assert gate.role_of(cookie) is Role.VIEWER
    clock.at += LASTS_S
    assert gate.role_of(cookie) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda cookie: cookie.replace("viewer", "admin"),
        lambda cookie: cookie.replace(".1", ".9", 1),
        lambda cookie: cookie[:-1] + ("A" if cookie[-1] != "A" else "B"),
        lambda cookie: cookie.rpartition(".")[0],
        lambda cookie: "",
        lambda cookie: "owner.9999999999." + cookie.rpartition(".")[2],
        lambda cookie: "viewer.x.é",
    ],
)
def test_a_changed_cookie_proves_nothing(gate: Gate, change) -> None:
    assert gate.role_of(change(gate.cookie(Role.VIEWER))) is None


def test_a_new_password_ends_the_logins_made_with_the_old_one(gate: Gate) -> None:
    cookie = gate.cookie(Role.ADMIN)
    (gate.home.secrets / "portal-admin").write_text("another\n", "ascii")
    assert gate.role_of(cookie) is None


def test_guessing_closes_the_door_for_a_minute_and_leaves_those_inside(gate: Gate, clock: Clock) -> None:
    cookie = gate.cookie(Role.VIEWER)
    for _ in range(MOST_WRONG):
        assert gate.login("guess") is None
    assert gate.is_closed
    assert gate.login(secrets.ensure(gate.home, "portal-viewer")) is None
    assert gate.role_of(cookie) is Role.VIEWER
    clock.at += 61
    assert gate.login(secrets.ensure(gate.home, "portal-viewer")) is Role.VIEWER


def written(home: Home, content: object) -> Home:
    home.create()
    text = content if isinstance(content, str) else json.dumps(content)
    (home.secrets / access.PROVIDER_FILE).write_text(text, "utf-8")
    return home


def test_without_the_file_there_is_no_provider(tmp_path: Path) -> None:
    assert access.provider(Home(tmp_path).create()) is None


def test_groups_of_a_provider_give_roles(tmp_path: Path) -> None:
    found = access.provider(written(Home(tmp_path), PROVIDER))
    assert found is not None
    assert found.role_of(["staff", "managers"]) is Role.VIEWER
    assert found.role_of(["managers", "platform"]) is Role.ADMIN
    assert [found.role_of(groups) for groups in (["staff"], [], None, "platform", 3)] == [None] * 5
    assert set(found.settings) == {"client_id", "client_secret", "server_metadata_url", "redirect_uri", "cookie_secret"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ([], "holds no JSON object"),
        ({name: value for name, value in PROVIDER.items() if name != "admin_groups"}, "lacks admin_groups"),
        (PROVIDER | {"adminGroups": []}, "has adminGroups, which nothing reads"),
        (PROVIDER | {"redirect_uri": "https://portal.example.org/"}, "redirect_uri is https://portal.example.org/"),
    ],
)
def test_a_provider_that_is_half_described_is_refused(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        access.provider(written(Home(tmp_path), content))
