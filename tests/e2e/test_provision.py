"""The front door: provision, look, break, repair, destroy. One deployment, as a newcomer would use it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pymysql
import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from nereus.config.rules import PORTS_TAKEN
from nereus.paths import PROJECT
from tests.browsers import chromium
from tests.stores import free_ports as ports_in_a_row

pytestmark = pytest.mark.timeout(600)
NEREUS = str(Path(sys.executable).parent / "nereus")


@dataclass(frozen=True)
class Deployment:
    config: Path
    home: Path
    ports: dict[str, int]
    first: str

    def run(self, *words: str, code: int = 0) -> str:
        """Run one command as a person does; its exit code must be `code`. Gives all that it printed."""
        return run(self.config, self.home, *words, code=code)

    def secret(self, name: str) -> str:
        return self.run("secret", name).strip()

    def connect(self, user: str, database: str | None = None) -> pymysql.Connection:
        return pymysql.connect(
            host="127.0.0.1",
            port=self.ports["warehouse_mysql"],
            user=user,
            password=self.secret(f"warehouse-{user}"),
            database=database,
        )

    def status(self, code: int = 0) -> dict[str, dict[str, object]]:
        return {row["name"]: row for row in json.loads(self.run("status", "--json", code=code))}

    def pid(self, name: str) -> int:
        from nereus.home import Home
        from nereus.provision.supervisor import Supervisor

        return next(process.pid for process in Supervisor(Home(self.home)).processes() if process.name == name)


def run(config: Path, home: Path, *words: str, code: int = 0) -> str:
    environment = {**os.environ, "NEREUS_HOME": str(home), "COLUMNS": "200"}
    done = subprocess.run(
        [NEREUS, *words[:1], *words[1:], "--config", str(config)],
        capture_output=True,
        text=True,
        env=environment,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert "Traceback" not in said
    return said


def declare(path: Path, ports: dict[str, int]) -> Path:
    """The shipped platform.yaml with other ports and the small use case alone."""
    text = (PROJECT / "platform.yaml").read_text("utf-8")
    for name, port in ports.items():
        text = re.sub(rf"(    {name}: )\d+", rf"\g<1>{port}", text)
    path.write_text(text.replace("  - retail\n", ""), "utf-8")
    return path


def free_ports(*names: str) -> dict[str, int]:
    held = [socket.socket() for _ in names]
    for one in held:
        one.bind(("127.0.0.1", 0))
    found = {name: one.getsockname()[1] for name, one in zip(names, held, strict=True)}
    for one in held:
        one.close()
    in_a_row = {name: ports_in_a_row(many) for name, many in PORTS_TAKEN.items()}
    return {**found, **in_a_row}


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("d")
    ports = free_ports("warehouse_mysql", "warehouse_http", "warehouse_flight", "superset", "portal")
    config, home = declare(folder / "platform.yaml", ports), folder / "h"
    try:
        yield Deployment(config, home, ports, run(config, home, "provision"))
    finally:
        run(config, home, "destroy", "--yes")


def test_first_provisioning_tells_what_it_did(deployment: Deployment) -> None:
    for made in (
        "object-store started",
        "bucket cold created",
        "warehouse started",
        "portal started",
        "warehouse user portal created",
        "use case flights",
        "superset started",
    ):
        assert made in deployment.first


def test_provisioning_again_changes_nothing_and_says_so(deployment: Deployment) -> None:
    # How long that takes is looked at where nothing else runs, in .ci/run.
    assert "Nothing changed in" in deployment.run("provision")


def test_no_secret_is_printed_or_readable_by_others(deployment: Deployment) -> None:
    everything = deployment.first + "".join(
        path.read_text("utf-8", errors="replace") for path in (deployment.home / "logs").iterdir()
    )
    for path in (deployment.home / "secrets").iterdir():
        assert path.read_text("ascii").strip() not in everything
        assert path.stat().st_mode & 0o077 == 0
    assert (deployment.home / "data").stat().st_mode & 0o077 == 0


def test_status_measures_every_service(deployment: Deployment) -> None:
    rows = deployment.status()
    assert set(rows) == {"object-store", "warehouse", "superset", "jupyterhub", "portal"}
    for row in rows.values():
        assert set(row) >= {"name", "up", "since", "rss_mb", "probe_ms", "url"}
        assert row["up"] is True
        assert isinstance(row["rss_mb"], float)
        assert isinstance(row["probe_ms"], float)


def test_a_scientist_queries_and_may_not_change(deployment: Deployment) -> None:
    with deployment.connect("scientist", "flights") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM flights")
        assert cursor.fetchone() == (336776,)
        with pytest.raises(pymysql.Error, match="denied"):
            cursor.execute("TRUNCATE TABLE flights")
        with pytest.raises(pymysql.Error):
            cursor.execute("SELECT count(*) FROM nereus_ops.load_history")


def test_quality_checks_are_stored_and_all_pass(deployment: Deployment) -> None:
    with deployment.connect("portal") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT status, count(*) FROM nereus_ops.quality_check WHERE severity = 'error' GROUP BY status")
        found = dict(cursor.fetchall())
    assert set(found) == {"PASS"}
    assert found["PASS"] >= 10


def test_the_audit_log_knows_who_asked(deployment: Deployment) -> None:
    with deployment.connect("scientist", "flights") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT carrier, count(*) AS audited FROM flights GROUP BY carrier")
    with deployment.connect("root") as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT `user`, state, return_rows FROM __internal_schema.audit_log "
            "WHERE stmt LIKE 'SELECT carrier, count(*) AS audited%'"
        )
        assert cursor.fetchall()[0] == ("scientist", "EOF", 16)


def test_a_killed_warehouse_comes_back_with_its_data(deployment: Deployment) -> None:
    before = deployment.pid("warehouse")
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: deployment.pid("warehouse") not in (0, before))
    wait_for(lambda: json.loads(_status_text(deployment))[0]["up"] is True)
    with deployment.connect("scientist", "flights") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM flights")
        assert cursor.fetchone() == (336776,)


def _status_text(deployment: Deployment) -> str:
    environment = {**os.environ, "NEREUS_HOME": str(deployment.home)}
    command = [NEREUS, "status", "--json", "--config", str(deployment.config)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False).stdout


def test_the_portal_shows_in_a_browser_that_all_is_up(deployment: Deployment, tmp_path: Path) -> None:
    with chromium(tmp_path, "the portal") as browser:
        browser.get(f"http://127.0.0.1:{deployment.ports['portal']}/?lang=en")
        password = (deployment.home / "secrets" / "portal-viewer").read_text("ascii").strip()
        browser.find_element(By.ID, "password").send_keys(password)
        browser.find_element(By.TAG_NAME, "button").click()
        # A page that is being made is made anew while it is read.
        wait = WebDriverWait(browser, 60, ignored_exceptions=[StaleElementReferenceException])
        wait.until(lambda page: "Services up" in page.find_element(By.TAG_NAME, "body").text)
        text = browser.find_element(By.TAG_NAME, "body").text
    for section in ("Doors", "Services", "Monthly cost against Snowflake", "Next purchase", "Service level"):
        assert section in text
    assert "Error" not in text


def test_an_unknown_target_is_refused_with_the_fix(deployment: Deployment) -> None:
    said = deployment.run("provision", "--target", "moon", code=2)
    assert "moon" in said


def test_a_taken_port_is_named_with_the_key_to_change(tmp_path: Path) -> None:
    ports = free_ports("warehouse_mysql", "warehouse_http", "warehouse_flight", "superset", "portal")
    config = declare(tmp_path / "platform.yaml", ports)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", ports["warehouse_http"]))
        holder.listen()
        said = run(config, tmp_path / "h", "provision", code=2)
    assert f"port {ports['warehouse_http']}: taken by another program" in said
    assert "change local.ports.warehouse_http in platform.yaml" in said
    assert not list((tmp_path / "h" / "secrets").glob("*"))


def test_stop_keeps_the_data_and_destroy_leaves_nothing(deployment: Deployment) -> None:
    pids = [deployment.pid(name) for name in ("object-store", "warehouse", "portal")]
    assert "Stopped: " in deployment.run("stop")
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert deployment.status(code=1)["warehouse"]["up"] is False
    assert "The data stays" in deployment.run("destroy")
    assert deployment.home.exists()
    assert "started" in deployment.run("provision")
    assert "Deleted" in deployment.run("destroy", "--yes")
    assert not deployment.home.exists()
    assert "Nothing was running" in deployment.run("destroy", "--yes")
