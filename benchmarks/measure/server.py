"""A warehouse of its own for one measurement: free loopback ports, a temporary folder, gone afterwards."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pymysql

from nereus.warehouse.client import Warehouse

READY_SECONDS = 60.0
STOP_SECONDS = 60.0


@dataclass(frozen=True)
class Running:
    """A warehouse that runs. `folder` is temporary and its process' own."""

    folder: Path
    mysql_port: int
    http_port: int
    password: str = field(repr=False)
    pid: int

    @property
    def client(self) -> Warehouse:
        return Warehouse("127.0.0.1", self.mysql_port, self.http_port, "root", self.password)

    def connect(self, database: str | None = None) -> pymysql.Connection[Any]:
        return self.client.connect(database)

    @property
    def rss_mb(self) -> float:
        """Resident memory of the process in MB (10^6 bytes)."""
        return float(psutil.Process(self.pid).memory_info().rss) / 1e6


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def warehouse(memory_gb: float = 8, threads: int = 2) -> Iterator[Running]:
    """Start an embedded warehouse and stop it again. Raises SystemExit with its log when it does not start."""
    with tempfile.TemporaryDirectory(prefix="nereus-measure-") as name:
        folder = Path(name)
        password_file = folder / "root-password"
        password_file.touch(0o600)
        password_file.write_text(secrets.token_urlsafe(18), "ascii")
        mysql_port, http_port = free_port(), free_port()
        command = [
            *(sys.executable, "-m", "nereus.warehouse.embedded", "--data", str(folder / "data")),
            *("--bind", "127.0.0.1", "--mysql-port", str(mysql_port), "--http-port", str(http_port)),
            *("--memory-gb", str(memory_gb), "--threads", str(threads), "--root-password-file", str(password_file)),
        ]
        with (folder / "server.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            running = Running(folder, mysql_port, http_port, password_file.read_text("ascii"), process.pid)
            _wait(process, running)
            yield running
        finally:
            _stop(process)


def _wait(process: subprocess.Popen[bytes], running: Running) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not (_listens(running.mysql_port) and _listens(running.http_port)):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("the warehouse did not start:\n" + (running.folder / "server.log").read_text("utf-8"))
        time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
