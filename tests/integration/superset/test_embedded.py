"""A dashboard within the portal, both live: a manager with a real browser, who has no account of Superset."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from nereus import secrets
from nereus.paths import PORTAL
from tests.browsers import chromium
from tests.integration.superset.conftest import Stand

pytestmark = pytest.mark.timeout(1800)
PATIENCE_S = 240
#: Nobody listens there: the portal says so, and shows the dashboard all the same.
NOBODY = "http://127.0.0.1:9"
#: The first by its title, "Delays by airline and airport".
CHARTS = 9


@pytest.fixture(scope="module")
def portal(stand: Stand) -> Iterator[str]:
    """The portal at the address that Superset was told of."""
    port = stand.platform.local.ports.portal
    url = f"http://127.0.0.1:{port}"
    command = [
        *(sys.executable, "-m", "streamlit", "run", str(PORTAL / "serve.py"), "--server.address", "127.0.0.1"),
        *("--server.port", str(port), "--server.headless", "true", "--server.fileWatcherType", "none"),
    ]
    known = {
        **os.environ,
        **{"NEREUS_CONFIG": str(stand.config), "NEREUS_HOME": str(stand.home.root)},
        # Told as in a cluster: here no supervisor keeps a list of services.
        **{"NEREUS_DOORS": f"superset={stand.url} jupyterhub={NOBODY}"},
        **{"NEREUS_SUPERSET_URL": stand.url, "NEREUS_JUPYTERHUB_URL": NOBODY},
    }
    log = stand.home.logs / "portal.log"
    with log.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file, env=known) as process:
        try:
            _wait(f"{url}/_stcore/health", process, log)
            yield url
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path, "a dashboard within the portal", "1400,2400") as made:
        yield made


def test_a_manager_sees_a_dashboard_in_the_portal(stand: Stand, portal: str, browser: webdriver.Chrome) -> None:
    wait = WebDriverWait(browser, PATIENCE_S)
    browser.get(f"{portal}/login?lang=en")
    browser.find_element(By.ID, "password").send_keys(secrets.ensure(stand.home, "portal-viewer"))
    browser.find_element(By.TAG_NAME, "button").click()
    browser.get(f"{portal}/?lang=en")
    wait.until(lambda one: one.find_elements(By.CSS_SELECTOR, "iframe[srcdoc]"))
    outer = browser.find_element(By.CSS_SELECTOR, "iframe[srcdoc]")
    browser.execute_script("arguments[0].scrollIntoView()", outer)
    browser.switch_to.frame(outer)
    browser.switch_to.frame(wait.until(lambda one: one.find_element(By.ID, "dashboard")))
    wait.until(lambda one: len(one.find_elements(By.CSS_SELECTOR, "[data-test='chart-grid-component']")) == CHARTS)
    # Charts beyond the frame are asked for when somebody scrolls there.
    wait.until(lambda one: len(one.find_elements(By.CSS_SELECTOR, ".header-line")) >= 3)
    wait.until(lambda one: not one.find_elements(By.CSS_SELECTOR, "[data-test='loading-indicator']"))
    shown = browser.find_element(By.TAG_NAME, "body").text
    assert "Late arrivals" in shown
    assert "Unexpected error" not in shown
    # A guest: nothing of Superset's own pages around it.
    assert browser.find_elements(By.CSS_SELECTOR, "#main-menu") == []
    (row,) = stand.as_user("analyst").query("SELECT SUM(flights) AS n FROM flights.mv_delays_daily")
    assert f"{int(row['n']):,}" in shown
    # One document scrolls: the dashboard's own.
    browser.switch_to.parent_frame()
    assert browser.execute_script("return document.documentElement.scrollHeight <= innerHeight")
    browser.switch_to.default_content()
    if folder := os.environ.get("NEREUS_PICTURES"):
        time.sleep(2.5)
        Path(folder).mkdir(parents=True, exist_ok=True)
        browser.get_screenshot_as_file(str(Path(folder) / "portal-with-dashboard.png"))


def test_no_other_page_may_show_it_in_a_frame(stand: Stand, portal: str) -> None:
    policy = requests.get(f"{stand.url}/login/", timeout=60).headers["Content-Security-Policy"]
    (ancestors,) = [part.split()[1:] for part in policy.split(";") if part.strip().startswith("frame-ancestors")]
    assert ancestors == ["'self'", portal]


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            if requests.get(url, timeout=5).text == "ok":
                return
        except requests.RequestException:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail("the portal did not start:\n" + log.read_text("utf-8"))
        time.sleep(0.2)
