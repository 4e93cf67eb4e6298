"""The one process that keeps a simulated cluster: it starts the servers, acts for missing controllers, ends them all.

Its children end with it, however it ends, and it ends at its deadline: nothing can be forgotten.

python -m nereus.kubernetes.sim.keeper FOLDER PROGRAMS LIFE_S [PARENT]
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import requests

from nereus.errors import Failure
from nereus.kubernetes.sim import servers
from nereus.kubernetes.sim.api import Api
from nereus.kubernetes.sim.binaries import MODULE, Programs
from nereus.kubernetes.sim.pki import CLIENTS, Authority
from nereus.kubernetes.sim.servers import Layout, Server
from nereus.kubernetes.standins.controller import StandIns

READY, FAILED = "ready.json", "failed.txt"
#: Longest until everything answers, in seconds; 6 s idle, a minute at a load of 40.
START_LIMIT_S = 150
_ROUND_S = 0.3
_POLL_S = 0.1
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def _end_with_parent(number: int) -> None:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, number)


def _child() -> None:
    # The end of the keeper, even by SIGKILL, ends every server.
    _end_with_parent(signal.SIGKILL)


class Keeper:
    """Starts, watches and ends the servers of one cluster."""

    def __init__(self, layout: Layout, programs: Programs, life_s: float) -> None:
        self.layout = layout
        self.programs = programs
        self.life_s = life_s
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.over = threading.Event()

    def run(self) -> None:
        """Until the deadline, a signal, or the end of any server. Raises Failure in the last case."""
        began = time.monotonic()
        times = self._start(began)
        api = Api.of(self.layout.kubeconfig())
        acting = StandIns(api, self.layout.logs / "stand-ins.log")
        content = {
            "ports": dict(self.layout.ports),
            "pids": {name: child.pid for name, child in self.children.items()},
            "seconds": times,
        }
        draft = self.layout.folder / f"{READY}.draft"
        draft.write_text(json.dumps(content), "utf-8")
        draft.rename(self.layout.folder / READY)
        deadline = time.monotonic() + self.life_s
        while not self.over.wait(_ROUND_S) and time.monotonic() < deadline:
            self._check_children()
            acting.round()

    def _start(self, began: float) -> dict[str, float]:
        times = {}
        authority = Authority.create(self.layout.pki)
        authority.write_kubeconfigs(self.layout.address, [name for name in CLIENTS if name != "etcd-client"])
        self._write_stages()
        self._spawn(servers.etcd(self.programs, self.layout))
        self._spawn(servers.api_server(self.programs, self.layout))
        api = Api.of(self.layout.kubeconfig())
        self._wait("the API server", api.ready)
        times["API server"] = time.monotonic() - began
        for server in servers.controllers(self.programs, self.layout):
            self._spawn(server)
            if server.health is not None:
                self._wait(server.name, self._answers(server.health))
        self._wait(
            "the first service account", lambda: api.get("v1", "ServiceAccount", "default", "default") is not None
        )
        times["controllers"] = time.monotonic() - began
        return times

    def _answers(self, address: str) -> Callable[[], bool]:
        def ok() -> bool:
            try:
                # Each server made its own certificate; only whether it answers matters here.
                answer = requests.get(address, verify=False, timeout=2)  # noqa: S501
            except requests.RequestException:
                return False
            return answer.text == "ok"

        return ok

    def _write_stages(self) -> None:
        texts = [self.programs.stages.read_text("utf-8"), (MODULE / "storage.yaml").read_text("utf-8")]
        (self.layout.folder / "stages.yaml").write_text("\n---\n".join(texts), "utf-8")

    def _spawn(self, server: Server) -> None:
        log = (self.layout.logs / f"{server.name}.log").open("wb")
        self.children[server.name] = subprocess.Popen(
            server.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.layout.folder,
            env=servers.ENVIRONMENT | {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            preexec_fn=_child,  # noqa: PLW1509
        )
        log.close()

    def _wait(self, what: str, done: Callable[[], bool]) -> None:
        limit = time.monotonic() + START_LIMIT_S
        while not done():
            self._check_children()
            if self.over.wait(_POLL_S):
                raise Failure("ended while starting")
            if time.monotonic() > limit:
                raise Failure(f"{what} was not ready within {START_LIMIT_S} s", fix=f"Read {self.layout.logs}")

    def _check_children(self) -> None:
        for name, child in self.children.items():
            if child.poll() is not None:
                said = (self.layout.logs / f"{name}.log").read_text("utf-8", errors="replace").strip()
                raise Failure(f"{name} ended with code {child.returncode}: {said[-1500:]}")

    def end(self) -> None:
        """End every server at once: nothing that they hold is kept."""
        for child in self.children.values():
            child.kill()
        for child in self.children.values():
            child.wait()
        shutil.rmtree(self.layout.folder / "etcd", ignore_errors=True)


def main(arguments: list[str]) -> int:
    """Keep a cluster. Returns 1 when a server ended by itself; what it said is in FOLDER/failed.txt."""
    folder, programs, life_s = Path(arguments[0]), Programs(Path(arguments[1])), float(arguments[2])
    if len(arguments) > 3:
        _end_with_parent(signal.SIGTERM)
        if os.getppid() != int(arguments[3]):
            return 1
    layout = Layout(folder, servers.free_ports())
    layout.logs.mkdir(parents=True, exist_ok=True)
    keeper = Keeper(layout, programs, life_s)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: keeper.over.set())
    try:
        keeper.run()
    except Failure as error:
        (folder / FAILED).write_text(str(error), "utf-8")
        return 1
    finally:
        keeper.end()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
