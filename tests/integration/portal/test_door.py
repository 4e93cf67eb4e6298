"""The door of a portal that is really served, through a proxy with a path of its own."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
import requests

from nereus.warehouse.client import WarehouseError
from tests.integration.portal.stand import BASE, Served


def browse(portal: Served, path: str = "/", **cookies: str) -> requests.Response:
    headers = {"Accept": "text/html", "Accept-Language": "fr"}
    return requests.get(portal.url + path, headers=headers, cookies=cookies, allow_redirects=False, timeout=30)


async def _websocket(portal: Served, cookies: dict[str, str]) -> int:
    address = portal.url.replace("http", "ws", 1) + "/_stcore/stream"
    async with aiohttp.ClientSession(cookies=cookies) as client:
        try:
            async with client.ws_connect(address, protocols=("streamlit",)):
                return 101
        except aiohttp.WSServerHandshakeError as error:
            return error.status


@pytest.mark.parametrize("path", ["/", "/cost?lang=fr", "/static/index.html", "/_stcore/host-config", "/media/x"])
def test_without_a_login_there_is_only_the_login_page(portal: Served, path: str) -> None:
    answer = browse(portal, path)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{BASE}/login?next=")


def test_the_login_page_speaks_the_language_of_the_browser_and_of_the_address(portal: Served) -> None:
    assert "Mot de passe" in browse(portal, "/login").text
    assert "Password" in browse(portal, "/login?lang=en").text


def test_websockets_need_a_login_too(portal: Served) -> None:
    assert asyncio.run(_websocket(portal, {})) == 403
    assert asyncio.run(_websocket(portal, {"nereus_portal": "admin.9999999999.x"})) == 403
    cookies = portal.session("viewer").cookies.get_dict()
    assert asyncio.run(_websocket(portal, cookies)) == 101


@pytest.mark.parametrize("role", ["viewer", "admin"])
def test_a_password_opens_the_page_that_was_asked_for(portal: Served, role: str) -> None:
    answer = requests.post(
        f"{portal.url}/login?next=%2Fcost%3Flang%3Dfr",
        data={"password": portal.password(role)},
        allow_redirects=False,
        timeout=30,
    )
    assert answer.headers["Location"] == f"{BASE}/cost?lang=fr"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert f"Path={BASE}" in cookie
    assert portal.password(role) not in cookie
    assert browse(portal, "/", **answer.cookies.get_dict()).status_code == 200


@pytest.mark.parametrize("wanted", ["https://elsewhere.example", "//elsewhere.example/x", "/\\elsewhere.example", "x"])
def test_a_login_never_leads_out_of_the_portal(portal: Served, wanted: str) -> None:
    answer = requests.post(
        f"{portal.url}/login",
        params={"next": wanted},
        data={"password": portal.password("viewer")},
        allow_redirects=False,
        timeout=30,
    )
    assert answer.headers["Location"] == f"{BASE}/"


def test_a_form_of_another_site_is_refused(portal: Served) -> None:
    answer = requests.post(
        f"{portal.url}/login",
        data={"password": portal.password("viewer")},
        headers={"Origin": "https://elsewhere.example"},
        allow_redirects=False,
        timeout=30,
    )
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_a_wrong_password_says_so_and_opens_nothing(portal: Served) -> None:
    answer = requests.post(f"{portal.url}/login?lang=en", data={"password": "guess"}, timeout=30)
    assert answer.status_code == 401
    assert "This password opens nothing." in answer.text
    assert "Set-Cookie" not in answer.headers


def test_logging_out_takes_the_cookie_away(portal: Served) -> None:
    session = portal.session("viewer")
    session.get(f"{portal.url}/logout", timeout=30)
    assert not session.cookies.get_dict()


def test_health_tells_probes_that_it_runs(portal: Served) -> None:
    assert requests.get(f"{portal.url}/_stcore/health", timeout=30).text == "ok"


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE DATABASE of_the_portal",
        "DELETE FROM nereus_ops.load_history WHERE use_case = 'tiny'",
        "INSERT INTO nereus_ops.load_history (use_case) VALUES ('x')",
        "DROP DATABASE nereus_ops",
        "CREATE USER 'x'@'%%' IDENTIFIED BY 'y'",
    ],
)
def test_the_portal_can_only_read_the_warehouse(portal: Served, statement: str) -> None:
    with pytest.raises(WarehouseError, match=r"(?i)denied|privilege"):
        portal.deployed.as_user("portal").execute(statement)
