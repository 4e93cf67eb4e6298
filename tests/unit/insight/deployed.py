"""A small deployment that is up: an embedded warehouse with its users, one use case, and queries in its audit log."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nereus import config, secrets, usecases
from nereus.config import Platform
from nereus.home import Home
from nereus.provision import users
from nereus.warehouse.client import Warehouse, WarehouseError

FOLDER = Path(__file__).parents[2] / "fixtures" / "usecases"
READY_SECONDS = 180.0
#: (dashboard, person, statements) as Superset tags them.
OPENED = ((3, "ana", 4), (7, "ben", 2))


@dataclass(frozen=True)
class Deployed:
    config: Path
    platform: Platform
    home: Home

    def as_user(self, name: str) -> Warehouse:
        return Warehouse.for_user(self.platform, self.home, name)


@contextlib.contextmanager
def deployment(folder: Path) -> Iterator[Deployed]:
    """The deployment in `folder`; its warehouse ends with the block."""
    made = _declare(folder)
    with serving(made):
        root = made.as_user("root")
        list(users.ensure(root, made.home))
        usecases.deployment("tiny", made.platform, made.home, lambda step: None, FOLDER).run()
        with made.as_user("bench").session() as session:
            for dashboard, person, count in OPENED:
                for _ in range(count):
                    session.query(f"/* superset dashboard={dashboard} chart=1 user={person} */ SELECT 1 + 1")
            with contextlib.suppress(WarehouseError):
                session.query("/* superset dashboard=3 chart=1 user=ana */ SELECT nothing_of_that_name")
        yield made


@contextlib.contextmanager
def serving(made: Deployed) -> Iterator[None]:
    """The warehouse's process, ready; stopped at the end."""
    local, home = made.platform.local, made.home
    secrets.ensure(home, "warehouse-root")
    command = [
        *(sys.executable, "-m", "nereus.warehouse.embedded", "--data", str(home.data), "--bind", local.bind),
        *("--mysql-port", str(local.ports.warehouse_mysql), "--http-port", str(local.ports.warehouse_http)),
        *("--memory-gb", str(local.memory_gb), "--threads", str(local.threads)),
        *("--root-password-file", str(home.secrets / "warehouse-root")),
    ]
    log = home.logs / "warehouse.log"
    with log.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file) as process:
        try:
            _wait(made.as_user("root"), process, log)
            yield
        finally:
            process.terminate()
            process.wait(30)


def _wait(root: Warehouse, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            root.query("SELECT 1")
            return
        except WarehouseError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the warehouse did not start:\n{log.read_text('utf-8')}")
            time.sleep(0.05)


def _declare(folder: Path) -> Deployed:
    sockets = [socket.socket() for _ in range(2)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    mysql_port, http_port = (each.getsockname()[1] for each in sockets)
    for each in sockets:
        each.close()
    file = folder / "platform.yaml"
    ports = f"{{warehouse_mysql: {mysql_port}, warehouse_http: {http_port}}}"
    file.write_text(
        f"data: {{raw_tb: 1}}\nlocal: {{memory_gb: 1, threads: 2, ports: {ports}}}\nusecases: [tiny]\n", "utf-8"
    )
    return Deployed(file, config.load(file), Home.beside(file).create())
