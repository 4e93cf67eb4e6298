"""A deployment of its own for these tests: a platform.yaml, its secrets, an embedded warehouse with its users."""

from __future__ import annotations

import shutil
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
from nereus.paths import USECASES
from nereus.provision import users
from nereus.warehouse.client import Warehouse, WarehouseError

FIXTURES = Path(__file__).parents[2] / "fixtures"
READY_SECONDS = 60.0
SCALE = "0.01"


@dataclass(frozen=True)
class Deployed:
    """`folder` holds copies of the use cases that a test may change; retail is small there."""

    config: Path
    platform: Platform
    home: Home
    folder: Path

    def as_user(self, name: str) -> Warehouse:
        return Warehouse.for_user(self.platform, self.home, name)

    @property
    def root(self) -> Warehouse:
        return self.as_user("root")

    def deploy(self, name: str) -> usecases.Report:
        return usecases.deployment(name, self.platform, self.home, lambda step: None, self.folder).run()

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")

    def copy(self, name: str, source: str = "tiny") -> None:
        """Another use case: the same folder under another name."""
        shutil.copytree(self.folder / source, self.folder / name)
        self.edit(f"{name}/usecase.yaml", f"name: {source}\n", f"name: {name}\n")
        self.edit(f"{name}/usecase.yaml", f"database: {source}", f"database: {name}")
        self.edit(f"{name}/usecase.yaml", f"name: {source}_reader", f"name: {name}_reader")


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("deployment")
    sockets = [socket.socket() for _ in range(2)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    mysql_port, http_port = (each.getsockname()[1] for each in sockets)
    for each in sockets:
        each.close()
    file = folder / "platform.yaml"
    ports = f"{{warehouse_mysql: {mysql_port}, warehouse_http: {http_port}}}"
    file.write_text(f"data: {{raw_tb: 1}}\nlocal: {{memory_gb: 1, threads: 2, ports: {ports}}}\n", "utf-8")
    shutil.copytree(FIXTURES / "usecases", folder / "usecases")
    for name in ("retail", "flights"):
        shutil.copytree(USECASES / name, folder / "usecases" / name, ignore=shutil.ignore_patterns("__pycache__"))
    home = Home.beside(file).create()
    made = Deployed(file, config.load(file), home, folder / "usecases")
    made.edit("retail/usecase.yaml", "scale: 1 ", f"scale: {SCALE} ")
    with _server(made):
        list(users.ensure(made.root, home))
        yield made


class _server:  # noqa: N801 - used as a context manager
    """The server process, ready; stopped at the end."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed

    def __enter__(self) -> None:
        local, home = self.deployed.platform.local, self.deployed.home
        secrets.ensure(home, "warehouse-root")
        ports = ("--mysql-port", str(local.ports.warehouse_mysql), "--http-port", str(local.ports.warehouse_http))
        command = [
            *(
                sys.executable,
                "-m",
                "nereus.warehouse.embedded",
                "--data",
                str(home.data),
                "--bind",
                local.bind,
                *ports,
            ),
            *("--memory-gb", str(local.memory_gb), "--threads", str(local.threads)),
            *("--root-password-file", str(home.secrets / "warehouse-root")),
        ]
        log = home.logs / "warehouse.log"
        with log.open("wb") as file:
            self.process = subprocess.Popen(command, stdout=file, stderr=file)
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                self.deployed.root.query("SELECT 1")
                return
            except WarehouseError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    pytest.fail(f"the warehouse did not start:\n{log.read_text('utf-8')}")
                time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(30)
