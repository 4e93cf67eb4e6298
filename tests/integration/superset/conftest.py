"""One Superset for all of these tests: its own deployment with an embedded warehouse and a small retail."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from nereus import config, secrets, usecases
from nereus.config import Platform
from nereus.errors import Failure
from nereus.home import Home
from nereus.paths import USECASES
from nereus.provision import superset, users
from nereus.superset.api import Superset
from nereus.warehouse.client import Warehouse, WarehouseError
from tests.conftest import not_run

#: Somebody who sees the rows of one region.
EVA, EVAS_PASSWORD = "eva", "what-eva-knows"
#: Somebody whose password is guessed at.
TOM, TOMS_PASSWORD = "tom", "what-tom-knows"
USECASES_HERE = ("retail", "flights")
READY_SECONDS = 240.0


@dataclass
class Stand:
    """The deployment; `folder` holds copies of the use cases that a test may change."""

    config: Path
    platform: Platform
    home: Home
    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.platform.local.ports.superset}"

    def as_user(self, name: str) -> Warehouse:
        return Warehouse.for_user(self.platform, self.home, name)

    def plan(self) -> dict[str, Any]:
        """What Superset is to be, with the people of these tests."""
        plan = superset.plan(self.home, self.platform, self.folder)
        plan["users"].append({"name": EVA, "roles": ["Analyst Europe"], "password": EVAS_PASSWORD})
        plan["users"].append({"name": TOM, "roles": ["Analyst"], "password": TOMS_PASSWORD})
        return plan

    def start_warehouse(self) -> None:
        local = self.platform.local
        self._start(
            "warehouse",
            (sys.executable, "-m", "nereus.warehouse.embedded", "--data", str(self.home.data / "warehouse")),
            ("--bind", local.bind, "--mysql-port", str(local.ports.warehouse_mysql)),
            ("--http-port", str(local.ports.warehouse_http), "--flight-port", str(local.ports.warehouse_flight)),
            ("--memory-gb", "1", "--threads", "2"),
            ("--root-password-file", str(self.home.secrets / "warehouse-root")),
        )
        self._wait("warehouse", lambda: self.as_user("root").query("SELECT 1"), WarehouseError)

    def start_superset(self) -> None:
        self._start("superset", superset.command(self.platform), **superset.environment(self.home, self.platform))
        self._wait("superset", superset.probe("127.0.0.1", self.platform.local.ports.superset), Exception)

    def stop(self, name: str, *, kill: bool = False) -> None:
        process = self.processes.pop(name)
        process.kill() if kill else process.terminate()
        process.wait(30)

    def _start(self, name: str, *words: tuple[str, ...], **variables: str) -> None:
        command = [word for some in words for word in some]
        with (self.home.logs / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, **variables}, start_new_session=True
            )

    def _wait(self, name: str, ask: object, awaited: type[Exception]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                ask()  # type: ignore[operator]
            except awaited:
                if self.processes[name].poll() is not None or time.monotonic() > deadline:
                    pytest.fail(
                        f"{name} did not start:\n" + (self.home.logs / f"{name}.log").read_text("utf-8")[-3000:]
                    )
                time.sleep(0.1)
            else:
                return


def _declared(folder: Path) -> Path:
    held = [socket.socket() for _ in range(5)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    names = ("warehouse_mysql", "warehouse_http", "warehouse_flight", "superset", "portal")
    ports = ", ".join(f"{name}: {one.getsockname()[1]}" for name, one in zip(names, held, strict=True))
    for one in held:
        one.close()
    file = folder / "platform.yaml"
    file.write_text(
        f"data: {{raw_tb: 1}}\nusecases: [{', '.join(USECASES_HERE)}]\nlocal: {{ports: {{{ports}}}}}\n", "utf-8"
    )
    return file


@pytest.fixture(scope="session")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    try:
        list(superset.ensure_environment())
    except Failure as error:
        not_run("Superset with the warehouse", error.message.splitlines()[0])
    folder = tmp_path_factory.mktemp("superset")
    file = _declared(folder)
    made = Stand(file, config.load(file), Home.beside(file).create(), folder / "usecases")
    for name in USECASES_HERE:
        shutil.copytree(USECASES / name, made.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    declared = made.folder / "retail" / "usecase.yaml"
    declared.write_text(declared.read_text("utf-8").replace("scale: 1 ", "scale: 0.01 "), "utf-8")
    secrets.ensure(made.home, "warehouse-root")
    try:
        made.start_warehouse()
        list(users.ensure(made.as_user("root"), made.home))
        for name in USECASES_HERE:
            usecases.deployment(name, made.platform, made.home, lambda step: None, made.folder).run()
        superset.prepare(made.home)
        assert superset.bootstrap(made.home, made.platform, made.plan())
        made.start_superset()
        yield made
    finally:
        for name in list(made.processes):
            made.stop(name)


@pytest.fixture(scope="session")
def analyst(stand: Stand) -> Superset:
    return superset.login(stand.home, stand.platform, "analyst")


@pytest.fixture(scope="session")
def eva(stand: Stand) -> Superset:
    return Superset(stand.url, EVA, EVAS_PASSWORD)
