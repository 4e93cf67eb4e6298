"""A warehouse of its own for one measurement: free loopback ports, a temporary folder, gone afterwards."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pymysql

from nereus.warehouse.client import COMPUTE_ALWAYS, Warehouse

STOP_SECONDS = 60.0


@dataclass(frozen=True)
class Running:
    """A warehouse that runs. `folder` is temporary and its process' own."""

    folder: Path
    mysql_port: int
    http_port: int
    flight_port: int
    password: str = field(repr=False)
    pid: int

    @property
    def client(self) -> Warehouse:
        return Warehouse("127.0.0.1", self.mysql_port, self.http_port, "root", self.password)

    def connect(self, database: str | None = None) -> pymysql.Connection[Any]:
        """A connection on which every answer is computed."""
        return self.client.connect(database, first=COMPUTE_ALWAYS)

    @property
    def rss_mb(self) -> float:
        """Resident memory of the process in MB (10^6 bytes)."""
        return float(psutil.Process(self.pid).memory_info().rss) / 1e6

    @property
    def cpu_ms(self) -> float:
        """Processor time that the process has used, ms."""
        return cpu_ms(self.pid)


def cpu_ms(pid: int) -> float:
    """User and system time of a process since its start, ms, in steps of 10."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system) * 1000


@contextmanager
def warehouse(memory_gb: float = 8, threads: int = 2) -> Iterator[Running]:
    """A new embedded warehouse that is stopped and removed afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="nereus-measure-") as folder,
        serve(Path(folder), memory_gb, threads) as one,
    ):
        yield one


@contextmanager
def serve(folder: Path, memory_gb: float, threads: int) -> Iterator[Running]:
    """Start an embedded warehouse on `folder`, where it may have been before, and stop it again.

    Raises SystemExit with its log when it does not start.
    """
    password_file, log = folder / "root-password", folder / "server.log"
    if not password_file.exists():
        password_file.touch(0o600)
        password_file.write_text(secrets.token_urlsafe(18), "ascii")
    command = [
        *(sys.executable, "-m", "nereus.warehouse.embedded", "--data", str(folder / "data")),
        *("--bind", "127.0.0.1", "--mysql-port", "0", "--http-port", "0", "--flight-port", "0"),
        *("--memory-gb", str(memory_gb), "--threads", str(threads), "--root-password-file", str(password_file)),
    ]
    with log.open("ab") as file:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=file)
    try:
        mysql_port, http_port, flight_port = _ports(process, log)
        yield Running(folder, mysql_port, http_port, flight_port, password_file.read_text("ascii"), process.pid)
    finally:
        _stop(process)


def _ports(process: subprocess.Popen[bytes], log: Path) -> tuple[int, int, int]:
    """The ports it took, once it serves: ``ready mysql=127.0.0.1:40001 http=127.0.0.1:40002 flight=...:40003``."""
    line = process.stdout.readline() if process.stdout else b""
    found = re.findall(rb":([0-9]+)", line)
    if len(found) != 3:
        raise SystemExit("the warehouse did not start:\n" + log.read_text("utf-8"))
    return int(found[0]), int(found[1]), int(found[2])


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
