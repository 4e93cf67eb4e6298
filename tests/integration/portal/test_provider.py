"""People come from an OpenID Connect provider; their groups say what they see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from nereus.home import Home
from nereus.insight import access
from tests.browsers import chromium
from tests.integration.portal.browsing import WAIT_SECONDS
from tests.integration.portal.stand import Served, free_port, served
from tests.providers import Provider, provider
from tests.unit.insight.deployed import Deployed

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def idp() -> Iterator[Provider]:
    with provider() as made:
        yield made


@pytest.fixture(scope="module")
def own(portal: Served, idp: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A second portal of the same platform, whose people come from the provider; it needs no warehouse."""
    folder, port = tmp_path_factory.mktemp("own"), free_port()
    home = Home(folder / ".nereus").create()
    described = {
        **idp.client,
        "server_metadata_url": f"{idp.url}/.well-known/openid-configuration",
        "redirect_uri": f"http://127.0.0.1:{port}/oauth2callback",
        "viewer_groups": ["managers"],
        "admin_groups": ["platform"],
    }
    (home.secrets / access.PROVIDER_FILE).write_text(json.dumps(described), "utf-8")
    made = Deployed(portal.deployed.config, portal.deployed.platform, home)
    with served(made, "", port) as found:
        yield found


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    with chromium(tmp_path, "the portal's login by a provider") as made:
        yield made


def come(browser: Chrome, own: Served, idp: Provider, *groups: str) -> str:
    """Log in as somebody with these groups. Gives what the page then says."""
    idp.person = {"sub": "ada", "name": "Ada", "email": "ada@example.org", "groups": list(groups)}
    browser.get(f"{own.direct}/?lang=en")
    said = "Log in with your organisation's account"
    _until(browser, said)
    assert "Services" not in browser.page_source
    (button,) = [one for one in browser.find_elements(By.TAG_NAME, "button") if one.text == said]
    button.click()
    WebDriverWait(browser, WAIT_SECONDS).until(lambda one: "Log out" in one.page_source)
    return str(browser.execute_script("return document.body.innerText"))


def _until(browser: Chrome, text: str) -> None:
    WebDriverWait(browser, WAIT_SECONDS).until(lambda one: text in one.page_source)


@pytest.mark.parametrize("group", ["managers", "platform"])
def test_a_group_of_the_provider_opens_the_portal(browser: Chrome, own: Served, idp: Provider, group: str) -> None:
    come(browser, own, idp, group, "staff")
    _until(browser, 'data-table="services"')
    # Addresses of services are for administrators.
    assert ('data-column="address"' in browser.page_source) == (group == "platform")


def test_somebody_without_a_group_sees_nothing(browser: Chrome, own: Served, idp: Provider) -> None:
    said = come(browser, own, idp, "staff")
    assert "Ada is in none of the groups that may see the portal" in said
    assert "data-table" not in browser.page_source
