"""A JupyterHub with a warehouse behind it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.measure.people import PATIENCE_S
from nereus import config
from nereus.config import Platform
from nereus.config.rules import PORTS_TAKEN
from nereus.home import Home
from nereus.paths import USECASES
from nereus.processes import runs, still_running
from nereus.provision import jupyterhub
from nereus.provision.services import Service, local_services
from nereus.warehouse.client import Warehouse
from tests.stores import free_ports

#: What a shell does to a command that ends with &.
_IN_THE_BACKGROUND = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")


@dataclass(frozen=True)
class Deployment:
    """A platform.yaml of its own and what provisioning makes of it."""

    config: Path
    platform: Platform
    home: Home

    def service(self, name: str) -> Service:
        (found,) = [one for one in local_services(self.config, self.platform, self.home) if one.name == name]
        return found

    def as_user(self, name: str) -> Warehouse:
        return Warehouse.for_user(self.platform, self.home, name)


def declare(folder: Path) -> Deployment:
    names = ("warehouse_mysql", "warehouse_http", "warehouse_flight")
    ports = {name: free_ports(1) for name in names} | {"jupyterhub": free_ports(PORTS_TAKEN["jupyterhub"])}
    file = folder / "platform.yaml"
    local = {"memory_gb": 1, "threads": 2, "ports": ports}
    file.write_text(json.dumps({"data": {"raw_tb": 1}, "local": local, "usecases": ["retail", "flights"]}), "utf-8")
    return Deployment(file, config.load(file), Home.beside(file).create())


@dataclass
class Running:
    """A service's process."""

    service: Service
    process: psutil.Popen
    log: Path
    probe_token: str = ""

    def family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def answers(self) -> bool:
        try:
            self.service.probe()
        except Exception:
            return False
        return True

    def stop(self) -> float:
        """End it as the platform's supervisor does. Returns the seconds that took; nothing of it may be left."""
        family, started = self.family(), time.monotonic()
        # All of its group at once: a Hub that just began to answer does not yet end its proxy when told to end.
        os.killpg(self.process.pid, signal.SIGTERM)
        # On a machine that does much else the end takes longer; who wants it quick looks at the seconds.
        left = still_running(family, 3 * self.service.stop_seconds)
        took = time.monotonic() - started
        for process in left:
            process.kill()
        assert not left, f"still there {took:.0f} s after the end of {self.service.name}: {left}"
        return took


@contextmanager
def running(deployment: Deployment, name: str, ready: Callable[[Running], bool] = Running.answers) -> Iterator[Running]:
    """A service that is `ready`; it is ended with everything that it started."""
    service = deployment.service(name)
    log = deployment.home.logs / f"{name}.log"
    with log.open("wb") as file:
        environment = {**os.environ, **service.environment}
        process = psutil.Popen(
            (*_IN_THE_BACKGROUND, *service.command),
            env=environment,
            cwd=deployment.home.root,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    made = Running(service, process, log)
    try:
        wait_for(lambda: ready(made) or process.poll() is not None, PATIENCE_S, log)
        assert process.poll() is None, log.read_text("utf-8")
        yield made
    finally:
        if runs(process):
            made.stop()


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE_S, log: Path | None = None) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        told = f":\n{log.read_text('utf-8')[-4000:]}" if log else ""
        assert time.monotonic() < deadline, f"the condition did not come true{told}"
        time.sleep(0.1)


@contextmanager
def hub(
    deployment: Deployment, ready: Callable[[Running], bool] = Running.answers, **changed: object
) -> Iterator[Running]:
    """The Hub as it is provisioned, apart from the settings that are `changed`."""
    jupyterhub.prepare(deployment.home, deployment.platform)
    file = deployment.home.run / "jupyterhub.json"
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), **changed}), "utf-8")
    try:
        with running(deployment, "jupyterhub", ready) as made:
            yield made
    finally:
        jupyterhub.remove_data(deployment.home)


def nereus(deployment: Deployment, *words: str, code: int = 0) -> str:
    """Run one command of the platform as a person does; gives all that it printed."""
    command = (str(Path(sys.executable).parent / "nereus"), *words, "--config", str(deployment.config))
    environment = {key: value for key, value in os.environ.items() if key != "NEREUS_HOME"} | {"COLUMNS": "200"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    return said


def small_usecases(folder: Path) -> Path:
    """Copies of the use cases, retail at a hundredth of its size."""
    for name in ("flights", "retail"):
        shutil.copytree(USECASES / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    declared = folder / "retail" / "usecase.yaml"
    text = declared.read_text("utf-8")
    assert "scale: 1 " in text
    declared.write_text(text.replace("scale: 1 ", "scale: 0.01 "), "utf-8")
    return folder
