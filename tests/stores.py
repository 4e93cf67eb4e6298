"""A real object store for tests: SeaweedFS under the platform's own supervisor, on ports of its own."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from nereus.config import Platform
from nereus.home import Home
from nereus.provision import local, object_store
from nereus.provision.services import Service, local_services
from nereus.provision.supervisor import Supervisor


@dataclass(frozen=True)
class Store:
    """An object store that runs, and ways to disturb it."""

    home: Home
    port: int
    service: Service

    @property
    def supervisor(self) -> Supervisor:
        return Supervisor(self.home)

    @property
    def pid(self) -> int:
        (process,) = self.supervisor.processes()
        return process.pid

    def access(self, bucket: str = "cold") -> object_store.Access:
        return object_store.access(self.home, self.port, bucket)

    def freeze(self) -> None:
        """Stop answering without going away."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Gone as if killed, and back at the end."""
        rpc = self.supervisor._rpc().supervisor
        os.kill(self.pid, signal.SIGKILL)
        rpc.stopProcess(self.service.name)
        try:
            yield
        finally:
            rpc.startProcess(self.service.name)
            local.wait_until_ready(self.service, self.home)
            # The parts find each other a moment after the S3 port answers.
            wait_for(lambda: writes(self.access()), 30)

    @contextmanager
    def full(self) -> Iterator[None]:
        """As on a full disk: SeaweedFS stops writing below a share of free space, which here no disk has."""
        command = (*self.service.command, "-volume.minFreeSpace=100")
        self.supervisor.apply([replace(self.service, command=command)])
        try:
            local.wait_until_ready(self.service, self.home)
            wait_for(lambda: not writes(self.access()), 30)
            yield
        finally:
            self.supervisor.apply([self.service])
            local.wait_until_ready(self.service, self.home)
            wait_for(lambda: writes(self.access()), 30)


def writes(access: object_store.Access) -> bool:
    try:
        client = object_store.store(access)
        client.put("probe", b"x")
        client.delete("probe")
    except Exception:
        return False
    return True


def wait_for(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.05)


def free_ports(count: int) -> int:
    """The first of so many free ports in a row."""
    for _ in range(200):
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            first = int(probe.getsockname()[1])
        try:
            for port in range(first, first + count):
                with closing(socket.socket()) as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("no free ports in a row")


@contextmanager
def running(folder: Path) -> Iterator[Store]:
    """A store whose state lives in `folder`, ended with everything it started."""
    home = Home(folder).create()
    port = free_ports(object_store.PORTS)
    platform = Platform.model_validate({"data": {"raw_tb": 1}, "local": {"ports": {"object_store": port}}})
    services = local_services(folder / "platform.yaml", platform, home)
    (service,) = [one for one in services if one.name == "object-store"]
    object_store.prepare(home)
    Supervisor(home).apply([service])
    try:
        local.wait_until_ready(service, home)
        made = list(object_store.ensure_buckets(home, port))
        assert made == [f"bucket {name} created" for name in object_store.BUCKETS]
        yield Store(home, port, service)
    finally:
        Supervisor(home).stop()


@pytest.fixture(scope="module")
def running_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for a module's tests; its folder is short, since sockets are in it."""
    with running(tmp_path_factory.mktemp("s")) as store:
        yield store
