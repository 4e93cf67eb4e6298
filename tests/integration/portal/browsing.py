"""The portal in a real browser: open a page, wait until it stands, read its figures, take its picture."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.integration.portal.stand import Served
from tests.unit.portal.shown import Row, tables_in

WAIT_SECONDS = 120
WIDE, NARROW = (1400, 1000), (390, 844)
#: What the page was asked for is drawn: no script runs, nothing stale or missing is left.
_STANDS = """
const app = document.querySelector('[data-testid="stApp"]');
const main = document.querySelector('[data-testid="stMain"]');
const fresh = !document.querySelector('[data-stale="true"], [data-testid="stSkeleton"], [data-testid="stAppSkeleton"]');
const charts = [...document.querySelectorAll('[data-testid="stPlotlyChart"]')];
const drawn = charts.every(chart => chart.querySelector('svg.main-svg'));
return !!(app && main && main.querySelector('h1') && app.dataset.testScriptState === 'notRunning' && fresh && drawn);
"""
_TALL = "return document.querySelector('[data-testid=\"stMain\"]').scrollHeight"
_OVERFLOW = """
const main = document.querySelector('[data-testid="stMain"]');
return main.scrollWidth - main.clientWidth;
"""


@dataclass
class Visitor:
    """A browser that is logged in. Pictures go to `pictures`."""

    browser: Chrome
    portal: Served
    pictures: Path

    def log_in(self, role: str) -> None:
        self.browser.get(f"{self.portal.url}/login?lang=en")
        self.browser.find_element(By.ID, "password").send_keys(self.portal.password(role))
        self.browser.find_element(By.TAG_NAME, "button").click()
        self.wait()

    def open(self, page: str, code: str) -> None:
        slug = "" if page == "overview" else page.replace("_", "-")
        self.browser.get(f"{self.portal.url}/{slug}?lang={code}")
        self.wait()

    def wait(self) -> None:
        WebDriverWait(self.browser, WAIT_SECONDS).until(lambda browser: browser.execute_script(_STANDS))

    def size(self, width: int, height: int) -> None:
        command = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", command)

    def scheme(self, name: str) -> None:
        """`light` or `dark`."""
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def paper(self) -> bytes:
        """The page as it is printed, a PDF."""
        made = self.browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True, "paperWidth": 8.27})
        return base64.b64decode(made["data"])

    def tables(self) -> dict[str, list[Row]]:
        found = self.browser.execute_script(
            "return [...document.querySelectorAll('table.figures')].map(table => table.outerHTML)"
        )
        return {name: rows for html in found for name, rows in tables_in(html).items()}

    def text(self) -> str:
        return str(self.browser.execute_script("return document.querySelector('[data-testid=\"stMain\"]').innerText"))

    def overflow(self) -> int:
        """Pixels by which the page is wider than the screen."""
        return int(self.browser.execute_script(_OVERFLOW))

    def picture(self, name: str, width: int) -> Path:
        """The whole page, however long."""
        self.size(width, int(self.browser.execute_script(_TALL)) + 80)
        self.wait()
        # Charts are drawn anew for the new size; they say nothing when they are done.
        deadline = time.monotonic() + 5
        before = ""
        while time.monotonic() < deadline:
            data = self.browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"]
            if data == before:
                break
            before = data
        path = self.pictures / f"{name}.png"
        path.write_bytes(base64.b64decode(before))
        return path
