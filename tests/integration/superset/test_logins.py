"""Who guesses passwords is soon no longer listened to; everybody else is."""

from __future__ import annotations

import pytest
import requests

from nereus.errors import Failure
from nereus.superset.api import Superset
from tests.integration.superset.conftest import EVA, EVAS_PASSWORD, TOM, TOMS_PASSWORD, Stand

pytestmark = pytest.mark.timeout(1800)


def give(stand: Stand, password: str, *, name: str = TOM) -> requests.Response:
    """Fill in the login page as a browser does."""
    browser = requests.Session()
    page = browser.get(f"{stand.url}/login/", timeout=60).text
    token = page.split("csrf_token", 1)[1].split('value="', 1)[1].split('"', 1)[0]
    form = {"username": name, "password": password, "csrf_token": token}
    return browser.post(f"{stand.url}/login/", data=form, allow_redirects=False, timeout=60)


def tell(stand: Stand, password: str, *, name: str = TOM) -> requests.Response:
    """Log in as programs do."""
    login = {"username": name, "password": password, "provider": "db"}
    return requests.post(f"{stand.url}/api/v1/security/login", json=login, timeout=60)


def test_guessing_is_soon_refused_and_nobody_else_is(stand: Stand, analyst: Superset) -> None:
    first = give(stand, "guess")
    assert first.status_code == 302
    assert first.headers["Location"].startswith("/login/")
    told = [tell(stand, f"guess {number}").status_code for number in range(99)]
    assert told == [401] * 9 + [429] * 90
    # The page counts with the interface, and even the right password is not looked at.
    for answer in (give(stand, TOMS_PASSWORD), tell(stand, TOMS_PASSWORD)):
        assert answer.status_code == 429
        assert "Try again in a minute" in answer.text
        assert int(answer.headers["Retry-After"]) == 60
    with pytest.raises(Failure, match="Too many wrong passwords"):
        Superset(stand.url, TOM, TOMS_PASSWORD)
    assert analyst.dashboards()
    assert Superset(stand.url, EVA, EVAS_PASSWORD).dashboards()
    assert not give(stand, EVAS_PASSWORD, name=EVA).headers["Location"].startswith("/login/")


def test_right_passwords_are_not_counted(stand: Stand) -> None:
    assert {tell(stand, EVAS_PASSWORD, name=EVA).status_code for _ in range(30)} == {200}


def test_there_are_no_accounts_that_everybody_knows(stand: Stand) -> None:
    for name in ("admin", "superset", "gamma"):
        assert tell(stand, name, name=name).status_code == 401
