"""A real browser for tests: Debian's Chromium, without a window, with nothing of anybody's profile."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tests.conftest import not_run

_FLAGS = ("headless", "no-sandbox", "disable-gpu", "disable-background-networking", "disable-component-update")


@contextmanager
def chromium(folder: Path, what: str, size: str = "1400,1600") -> Iterator[webdriver.Chrome]:
    """A browser whose profile and downloads lie in `folder`; `what` is not run where there is none."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not program or not driver:
        not_run(f"{what} in a real browser", "apt install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in (*_FLAGS, f"window-size={size}", f"user-data-dir={folder / 'profile'}"):
        options.add_argument(f"--{flag}")
    options.add_experimental_option("prefs", {"download.default_directory": str(folder)})
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    made = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield made
    finally:
        made.quit()


def outside(browser: webdriver.Chrome) -> set[str]:
    """Addresses beyond this machine that the pages reached since the last call; what a page's policy forbids is not."""
    asked, refused = {}, set()
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        told = message["params"]
        if message["method"] == "Network.requestWillBeSent":
            asked[told["requestId"]] = urlsplit(told["request"]["url"])
        elif message["method"] == "Network.loadingFailed" and told.get("blockedReason") == "csp":
            refused.add(told["requestId"])
    web = {
        address for number, address in asked.items() if number not in refused and address.scheme in ("http", "https")
    }
    return {address.netloc for address in web if address.hostname != "127.0.0.1"}
