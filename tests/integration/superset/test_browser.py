"""An analyst with a real browser: log in, look at every dashboard, filter, drill, take a chart's rows along."""

from __future__ import annotations

import csv
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions as it
from selenium.webdriver.support.ui import WebDriverWait

from nereus import secrets
from tests.browsers import chromium, outside
from tests.integration.superset.conftest import Stand

pytestmark = pytest.mark.timeout(1800)
PATIENCE_S = 240
#: Dashboard -> how many charts it has.
DASHBOARDS = {
    "retail-sales-overview": 10,
    "retail-geography": 9,
    "retail-product-margin": 9,
    "flights-carriers": 9,
    "flights-weather": 9,
}


class Page:
    """The browser at Superset, and what a person does with it."""

    def __init__(self, browser: webdriver.Chrome, url: str, downloads: Path) -> None:
        self.browser, self.url, self.downloads = browser, url, downloads
        self.wait = WebDriverWait(browser, PATIENCE_S)

    def log_in(self, name: str, password: str) -> None:
        self.browser.get(f"{self.url}/login/")
        for field, text in (("username", name), ("password", password)):
            self.click(f"input[name={field}], #{field}").send_keys(text)
        self.browser.switch_to.active_element.send_keys(Keys.ENTER)
        self.wait.until(lambda browser: "/login" not in browser.current_url)

    def open(self, slug: str) -> None:
        """Open a dashboard and wait until each of its charts is drawn."""
        self.browser.get(f"{self.url}/superset/dashboard/{slug}/")
        # Charts beyond the window are asked for when somebody scrolls there: the window is high enough for all.
        self.until(lambda: len(self.all("chart-grid-component")) == DASHBOARDS[slug], slug)
        self.until(self.is_drawn, slug)

    def is_drawn(self) -> bool:
        shown = self.all("slice-container")
        return len(shown) == len(self.all("chart-grid-component")) and not self.find("[data-test='loading-indicator']")

    def picture(self, name: str) -> None:
        """A place to look at it afterwards: the folder that NEREUS_PICTURES names."""
        if folder := os.environ.get("NEREUS_PICTURES"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            # Charts move for a second after their rows have come; nothing says when they stand.
            time.sleep(2.5)
            self.browser.get_screenshot_as_file(str(Path(folder) / f"{name}.png"))

    def all(self, name: str) -> list[WebElement]:
        return self.find(f"[data-test='{name}']")

    def find(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def click(self, selector: str) -> WebElement:
        by = By.XPATH if selector.startswith("/") else By.CSS_SELECTOR
        found = self.wait.until(it.element_to_be_clickable((by, selector)))
        found.click()
        return found

    def until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                self.browser.get_screenshot_as_file(str(self.downloads / "late.png"))
                pytest.fail(f"{what}: not there in time; the browser shows:\n{self.text}")
            time.sleep(0.2)

    @property
    def text(self) -> str:
        return self.browser.find_element(By.TAG_NAME, "body").text

    def chart(self, title: str) -> WebElement:
        place = f"//*[@data-test='chart-grid-component'][.//*[@data-test='editable-title'][.='{title}']]"
        return self.browser.find_element(By.XPATH, place)

    def menu(self, title: str, *words: str) -> None:
        """Choose from a chart's menu."""
        self.chart(title).find_element(By.CSS_SELECTOR, "[aria-label='More Options']").click()
        *over, last = words
        for word in over:
            entry = self.wait.until(it.visibility_of_element_located((By.XPATH, _entry(word))))
            webdriver.ActionChains(self.browser).move_to_element(entry).perform()
        self.click(_entry(last))

    def choose(self, filter_id: str, value: str) -> None:
        """Choose a value of a native filter and apply it."""
        self.click(f"[data-test='{filter_id}'] .ant-select-selector")
        self.click(f"//*[contains(@class, 'ant-select-item-option')][@title='{value}' or .='{value}']")
        self.browser.find_element(By.TAG_NAME, "body").send_keys(Keys.ESCAPE)
        self.click("[data-test='filter-bar__apply-button']:not([disabled])")


def _entry(word: str) -> str:
    return f"//*[contains(@class, 'ant-dropdown-menu')]//*[@role='menuitem'][contains(., '{word}')]"


@pytest.fixture(scope="module")
def page(stand: Stand, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("browser")
    with chromium(folder, "Superset", "1500,2600") as browser:
        made = Page(browser, stand.url, folder)
        made.log_in("analyst", secrets.ensure(stand.home, "superset-analyst"))
        yield made


@pytest.mark.parametrize("slug", DASHBOARDS)
def test_every_chart_of_a_dashboard_is_drawn(page: Page, slug: str) -> None:
    page.open(slug)
    assert page.find("[role='alert'], .ant-alert-error, .missing-chart-container") == []
    assert not re.search(r"(?i)unexpected error|data error|no results|see more|invalid", page.text)
    # Whatever a chart draws, it draws something.
    for chart in page.all("chart-grid-component"):
        drawn = chart.find_elements(By.CSS_SELECTOR, "canvas, table, .superset-legacy-chart-big-number")
        assert drawn, chart.text
    page.picture(slug)


def test_a_filter_reaches_the_charts(page: Page) -> None:
    page.open("retail-sales-overview")
    before = number(page, "Order lines")
    page.choose("NATIVE_FILTER-customer-region", "EUROPE")
    page.until(lambda: page.is_drawn() and number(page, "Order lines") < before, "the filtered figure")
    assert 0.15 < number(page, "Order lines") / before < 0.25
    page.picture("retail-sales-overview-filtered")


def test_a_chart_shows_the_rows_behind_it(page: Page) -> None:
    page.open("retail-sales-overview")
    page.menu("Year by year", "Drill to detail")
    page.until(lambda: "Drill to detail: Year by year" in page.text, "the rows behind the chart")
    # A row has every column of the dataset, which the chart had summed up.
    page.until(lambda: "MFGR#" in page.find(".ant-modal-content")[0].text, "rows")


def test_a_charts_rows_are_taken_along(page: Page) -> None:
    page.open("retail-sales-overview")
    page.menu("Year by year", "Download", "Export to .CSV")
    page.until(lambda: any(page.downloads.glob("*.csv")), "the file")
    (file,) = page.downloads.glob("*.csv")
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [int(row["Year"]) for row in rows] == list(range(1998, 1991, -1))
    assert all(float(row["Revenue"]) > float(row["Profit"]) > 0 for row in rows)


def test_pages_ask_nobody_outside(page: Page) -> None:
    assert outside(page.browser) == set()


def number(page: Page, title: str) -> int:
    shown = page.chart(title).find_element(By.CSS_SELECTOR, ".header-line").text
    return int(shown.replace(",", ""))
