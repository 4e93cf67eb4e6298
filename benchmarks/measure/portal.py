"""How fast the portal is: first paint, switching pages, twenty viewers at once, over 100,000 rows of audit log.

    .venv/bin/python -m benchmarks.measure.portal [--rows 100000] [--viewers 20] [--rounds 3]

A warehouse and a portal of their own, in a temporary folder; Debian's Chromium opens the pages as a person does, and
clients that speak Streamlit's websocket open them together. Statements sent to the warehouse are counted in its own
audit log.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import duckdb
import requests
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.measure.findings import Finding, at_most, holds, not_run, note, report, say
from benchmarks.measure.server import serve
from nereus import config, secrets
from nereus.home import Home
from nereus.paths import PORTAL
from nereus.provision import users
from nereus.warehouse.client import Warehouse

PAGES = ("", "cost", "capacity", "benchmarks", "service-level", "data", "what-if")
FIRST_PAINT_S, SWITCH_S = 2.0, 0.5
_PATIENCE_S = 120
_STANDS = """
const app = document.querySelector('[data-testid="stApp"]');
const main = document.querySelector('[data-testid="stMain"]');
return !!(app && main && main.querySelector('h1') && app.dataset.testScriptState === 'notRunning'
  && !document.querySelector('[data-stale="true"], [data-testid="stSkeleton"], [data-testid="stAppSkeleton"]'));
"""
_PAINTED = "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
#: Clicks a link of the menu, and tells after how many ms the other page's title and figures stand.
_SWITCH = """
const done = arguments[arguments.length - 1], link = arguments[0], before = document.querySelector('h1')?.innerText;
const began = performance.now();
const look = () => {
  const app = document.querySelector('[data-testid="stApp"]'), title = document.querySelector('h1')?.innerText;
  const fresh = !document.querySelector('[data-stale="true"]');
  const stands = title && title !== before && app.dataset.testScriptState === 'notRunning' && fresh;
  if (stands) done(performance.now() - began); else requestAnimationFrame(look);
};
link.click();
look();
"""


@dataclass(frozen=True)
class Served:
    """A portal that runs. `warehouse` is its warehouse as root."""

    url: str
    password: str
    warehouse: Warehouse


@contextlib.contextmanager
def served(rows: int) -> Iterator[Served]:
    """A deployment whose audit log has `rows` statements, and its portal; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="nereus-measure-") as name:
        folder = Path(name)
        with serve(folder, 2, 2):
            pass
        _fill(folder / "data", rows)
        with serve(folder, 2, 2) as running:
            file = folder / "platform.yaml"
            ports = f"{{warehouse_mysql: {running.mysql_port}, warehouse_http: {running.http_port}}}"
            file.write_text(f"data: {{raw_tb: 1}}\nlocal: {{memory_gb: 2, threads: 2, ports: {ports}}}\n", "utf-8")
            platform, home = config.load(file), Home.beside(file).create()
            (home.secrets / "warehouse-root").write_text(running.password + "\n", "ascii")
            list(users.ensure(Warehouse.for_user(platform, home, "root"), home))
            with _portal(file, home) as url:
                yield Served(url, secrets.ensure(home, "portal-admin"), running.client)


def _fill(data: Path, rows: int) -> None:
    """Statements of the last day: dashboards of analysts, scientists, loads, one in a hundred failed."""
    now = datetime.now(UTC).replace(tzinfo=None)
    with duckdb.connect(str(data / "warehouse.duckdb")) as store:
        store.execute(
            """INSERT INTO nereus.audit_log (query_id, "time", "user", db, state, query_time, scan_rows, return_rows,
                   stmt_type, is_query, workload_group, stmt, schedule_times_ms)
               SELECT uuid()::VARCHAR, ?::TIMESTAMP - to_seconds(CAST(random() * 86000 AS INTEGER)),
                      ['analyst', 'scientist', 'loader'][1 + n % 3], 'retail',
                      CASE WHEN n % 100 = 7 THEN 'ERR' ELSE 'EOF' END, CAST(20 + 900 * random() ** 4 AS BIGINT),
                      n * 10, n % 500, 'SELECT', 1, ['analysts', 'scientists', 'loaders'][1 + n % 3],
                      CASE WHEN n % 3 = 0
                           THEN '/* superset dashboard=' || (1 + n % 6) || ' chart=' || (n % 40) || ' user=person'
                                || (n % 25) || ' */ ' ELSE '' END
                      || 'SELECT region, SUM(revenue) FROM retail.mv_sales_monthly WHERE month > 12 GROUP BY region',
                      MAP {'schedule_time_ms': CAST(n % 4 AS INTEGER)}
               FROM range(?) AS made(n)""",
            (now, rows),
        )


@contextlib.contextmanager
def _portal(file: Path, home: Home) -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    command = [
        *(sys.executable, "-m", "streamlit", "run", str(PORTAL / "serve.py"), "--server.address", "127.0.0.1"),
        *("--server.port", str(port), "--server.headless", "true", "--server.fileWatcherType", "none"),
        *("--client.toolbarMode", "minimal"),
    ]
    known = os.environ | {"NEREUS_CONFIG": str(file), "NEREUS_HOME": str(home.root)}
    log = home.logs / "portal.log"
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, env=known) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _until(f"{url}/_stcore/health", process, log)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _until(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(requests.RequestException):
            if requests.get(url, timeout=5).text == "ok":
                return
        time.sleep(0.1)
    raise SystemExit("the portal did not start:\n" + log.read_text("utf-8"))


def in_a_browser(portal: Served, rounds: int) -> Iterator[Finding]:
    """First paint of every page in a browser that holds nothing, and switching between pages that were seen once."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not program or not driver:
        yield not_run("first paint, page switch", "apt install chromium chromium-driver")
        return
    with tempfile.TemporaryDirectory(prefix="nereus-measure-") as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = program
        for flag in ("headless", "no-sandbox", "disable-gpu", f"user-data-dir={profile}", "window-size=1400,1000"):
            options.add_argument(f"--{flag}")
        browser = webdriver.Chrome(options=options, service=Service(driver))
        try:
            yield from _browsed(browser, portal, rounds)
        finally:
            browser.quit()


def _browsed(browser: webdriver.Chrome, portal: Served, rounds: int) -> Iterator[Finding]:
    browser.set_script_timeout(_PATIENCE_S)
    browser.get(f"{portal.url}/login")
    browser.find_element(By.ID, "password").send_keys(portal.password)
    browser.find_element(By.TAG_NAME, "button").click()
    _stands(browser)
    painted, stood = [], []
    for _ in range(rounds):
        for page in PAGES:
            browser.execute_cdp_cmd("Network.clearBrowserCache", {})
            began = time.monotonic()
            browser.get(f"{portal.url}/{page}?lang=en")
            _stands(browser)
            stood.append(time.monotonic() - began)
            painted.append(float(browser.execute_script(_PAINTED)) / 1000)
    yield at_most("first paint, median of all pages, empty cache", statistics.median(painted), FIRST_PAINT_S, " s")
    yield note("first paint, slowest", f"{max(painted):.2f} s")
    yield note("all figures stand after, median", f"{statistics.median(stood):.2f} s (slowest {max(stood):.2f} s)")
    switched: dict[str, list[float]] = {}
    for turn in range(rounds + 1):
        for page in (*PAGES[1:], PAGES[0]):
            links = browser.find_elements(By.CSS_SELECTOR, '[data-testid="stTopNavLink"]')
            (link,) = [one for one in links if _slug(one.get_attribute("href") or "") == page]
            spent = float(browser.execute_async_script(_SWITCH, link)) / 1000
            # The first turn opens what nobody opened in this session.
            if turn:
                switched.setdefault(page or "overview", []).append(spent)
    everything = [one for times in switched.values() for one in times]
    yield at_most("page switch, median", statistics.median(everything), SWITCH_S, " s")
    for page, times in switched.items():
        yield note(f"page switch, to {page}, median", f"{statistics.median(times):.2f} s")


def _slug(address: str) -> str:
    return urlsplit(address).path.strip("/")


def _stands(browser: webdriver.Chrome) -> None:
    WebDriverWait(browser, _PATIENCE_S, 0.05).until(lambda one: one.execute_script(_STANDS))


def together(portal: Served, viewers: int) -> Iterator[Finding]:
    """All viewers open every page, one after the other, at the same time."""
    before = _asked(portal)
    times, faults = asyncio.run(_together(portal, viewers))
    asked = _asked(portal) - before
    yield holds(f"{viewers} viewers at once: pages that failed", str(faults), "0", kept=not faults)
    found = sorted(times)
    half, most = statistics.median(found), found[int(0.95 * (len(found) - 1))]
    shown = f"median {half:.2f} s, p95 {most:.2f} s, {len(found)} pages"
    yield note(f"{viewers} viewers at once: page made after", shown)
    yield holds(
        f"{viewers} viewers at once: statements sent to the warehouse",
        str(asked),
        f"< {viewers * len(PAGES)} (answers are shared)",
        kept=asked < viewers * len(PAGES),
    )


def _asked(portal: Served) -> int:
    rows = portal.warehouse.query("SELECT count(*) AS n FROM __internal_schema.audit_log WHERE `user` = 'portal'")
    return int(rows[0]["n"])


async def _together(portal: Served, viewers: int) -> tuple[list[float], int]:
    cookies = requests.post(
        f"{portal.url}/login", data={"password": portal.password}, allow_redirects=False, timeout=60
    ).cookies.get_dict()
    told = await asyncio.gather(*(visit(portal.url, cookies) for _ in range(viewers)))
    return [one for times, _ in told for one in times], sum(faults for _, faults in told)


async def visit(url: str, cookies: dict[str, str]) -> tuple[list[float], int]:
    """Open every page. Gives the seconds each took, and how many failed."""
    times, faults = [], 0
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    async with (
        aiohttp.ClientSession(cookies=cookies) as client,
        client.ws_connect(address, protocols=("streamlit",), max_msg_size=0) as socket_,
    ):
        for page in PAGES:
            asked = BackMsg()
            asked.rerun_script.query_string = "lang=en"
            asked.rerun_script.page_name = page
            began = time.monotonic()
            await socket_.send_bytes(asked.SerializeToString())
            faults += not await _finished(socket_)
            times.append(time.monotonic() - began)
    return times, faults


async def _finished(socket_: aiohttp.ClientWebSocketResponse) -> bool:
    """Wait for the end of the run. Returns whether the page came without a fault."""
    good = True
    async for message in socket_:
        told = ForwardMsg()
        told.ParseFromString(message.data)
        kind = told.WhichOneof("type")
        good &= kind != "page_not_found" and not (kind == "delta" and told.delta.new_element.HasField("exception"))
        if kind == "script_finished":
            return good
    return False


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000, help="statements in the audit log")
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args(arguments)
    say(f"a deployment with {asked.rows:,} statements in its audit log")
    with served(asked.rows) as portal:
        busy = json.dumps([round(value, 1) for value in os.getloadavg()])
        (row,) = portal.warehouse.query("SELECT count(*) AS n FROM __internal_schema.audit_log")
        findings = [
            note("audit log", f"{row['n']:,} rows"),
            note("load of this machine before", f"{busy} on {os.cpu_count()} cores"),
            *in_a_browser(portal, asked.rounds),
            *together(portal, asked.viewers),
        ]
    return report("Portal", findings)


if __name__ == "__main__":
    sys.exit(main())
