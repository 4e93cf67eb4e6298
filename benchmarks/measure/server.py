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
from dataclasses import dataclass
from pathlib import Path

import psutil
import pymysql

READY_SECONDS = 60.0


@dataclass(frozen=True)
class Running:
    """A warehouse that runs. `rss_mb` reads its resident memory in MB (10^6 bytes)."""

    folder: Path
    mysql_port: int
    http_port: int
    password: str
    pid: int

    def connect(self, database: str | None = None) -> pymysql.Connection:  # type: ignore[type-arg]
        return pymysql.connect(
            host="127.0.0.1", port=self.mysql_port, user="root", password=self.password, database=database
        )

    @property
    def rss_mb(self) -> float:
        return psutil.Process(self.pid).memory_info().rss / 1e6


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def warehouse(memory_gb: float = 8, threads: int = 2) -> Iterator[Running]:
    """Start an embedded warehouse and stop it again."""
    with tempfile.TemporaryDirectory(prefix="nereus-measure-") as name:
        folder = Path(name)
        password_file = folder / "root-password"
        password_file.write_text(secrets.token_urlsafe(18), "ascii")
        password_file.chmod(0o600)
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
            process.terminate()
            process.wait(60)


def _wait(process: subprocess.Popen[bytes], running: Running) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            running.connect().close()
        except pymysql.Error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit((running.folder / "server.log").read_text("utf-8")) from None
            time.sleep(0.1)
        else:
            return
