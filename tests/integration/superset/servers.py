"""PostgreSQL, and a server of Valkey's protocol, as Debian packs them: each a process of its own, on a free port."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import not_run
from tests.stores import free_ports

_PATIENCE_S = 60.0
_POSTGRES = Path("/usr/lib/postgresql")


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """An empty database. Gives its address as Superset is told it; the server ends with the block."""
    found = sorted(_POSTGRES.glob("*/bin/initdb"))
    if not found:
        not_run("Superset's records in PostgreSQL", "apt install postgresql")
    programs, data = found[-1].parent, folder / "data"
    # PostgreSQL refuses to be run by root.
    user = "postgres" if os.geteuid() == 0 else None
    folder.mkdir(mode=0o700)
    if user:
        _let_through(folder)
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    port = free_ports(1)
    made = [str(programs / "initdb"), "--pgdata", str(data), "--username=superset", "--auth=trust", "--encoding=UTF8"]
    subprocess.run([*made, "--locale=C.UTF-8"], check=True, capture_output=True, user=user, cwd="/")
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(folder)]
    there = ["-h", "127.0.0.1", "-p", str(port), "-U", "superset"]

    def ready() -> bool:
        # It listens before it lets anybody in.
        return subprocess.run([str(programs / "pg_isready"), *there], capture_output=True, check=False).returncode == 0

    with _running(command, ready, "PostgreSQL", user=user):
        subprocess.run([str(programs / "createdb"), *there, "records"], check=True, capture_output=True)
        yield f"postgresql+psycopg2://superset@127.0.0.1:{port}/records"


@contextlib.contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """An empty store in memory. Gives its address; the server ends with the block."""
    program = shutil.which("valkey-server") or shutil.which("redis-server")
    if program is None:
        not_run("Superset's cache in Valkey", "apt install valkey-server, or redis-server")
    folder.mkdir()
    port = free_ports(1)
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    with _running(command, lambda: _listens(port), "Valkey"):
        yield f"redis://127.0.0.1:{port}/0"


def _let_through(folder: Path) -> None:
    """Let other users of this machine pass through the test's own folders, and read nothing."""
    for parent in folder.parents:
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)


@contextlib.contextmanager
def _running(command: list[str], ready: Callable[[], bool], name: str, user: str | None = None) -> Iterator[None]:
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user, cwd="/", start_new_session=True
    ) as process:
        try:
            _wait(ready, process, name)
            yield
        finally:
            # Of PostgreSQL this is the fast end, which waits for no client.
            process.send_signal(2)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(ready: Callable[[], bool], process: subprocess.Popen[bytes], name: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"{name} did not start: {process.args!r}")
        time.sleep(0.1)


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        tried.settimeout(1)
        return tried.connect_ex(("127.0.0.1", port)) == 0
