"""One simulated cluster: start it, apply to it, look at it, take it down without a trace.

with cluster.running(folder) as simulated:
    simulated.add_nodes(nodes.planned(need, 3))
    simulated.apply([{"apiVersion": "v1", "kind": "Namespace", ...}])
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from nereus.errors import BadInput, Failure
from nereus.kubernetes.sim import binaries, keeper
from nereus.kubernetes.sim.api import Api, Object, holds
from nereus.kubernetes.sim.binaries import Programs, Tell
from nereus.kubernetes.standins import definitions
from nereus.processes import runs, still_running

#: A cluster that nobody takes down ends by itself after this many seconds.
LIFE_S = 3600
_KEEPER = "keeper.json"
_POLL_S = 0.1
_APPLY_LIMIT_S = 180


@dataclass(frozen=True)
class Applied:
    """What kubectl said: `refused` holds one line for each object that the API server would not have."""

    objects: int
    refused: tuple[str, ...]
    warnings: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Simulated:
    """A running simulated cluster. Its state lies in `folder`; `seconds` says when what was ready."""

    folder: Path
    programs: Programs
    pid: int
    pids: Mapping[str, int]
    seconds: Mapping[str, float]

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "pki" / "admin.kubeconfig"

    @property
    def api(self) -> Api:
        return Api.of(self.kubeconfig)

    def kubectl(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run the cluster's own kubectl as its administrator."""
        own = (f"--kubeconfig={self.kubeconfig}", f"--cache-dir={self.folder / 'kubectl'}")
        command = (str(self.programs.path("kubectl")), *own, *arguments)
        return subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=_APPLY_LIMIT_S)

    def apply(self, objects: Iterable[Object], *, dry_run: bool = False) -> Applied:
        """Apply objects as `kubectl apply --server-side` does; those that are refused do not keep back the others."""
        listed = list(objects)
        if not listed:
            return Applied(0, (), (), 0.0)
        return self._apply("-f", "-", dry_run=dry_run, given=_list_of(listed))

    def apply_kustomize(self, folder: Path, *, dry_run: bool = False) -> Applied:
        """Apply what a kustomization builds."""
        return self._apply("-k", str(folder), dry_run=dry_run)

    def _apply(self, *what: str, dry_run: bool, given: str | None = None) -> Applied:
        began = time.monotonic()
        more = ["--dry-run=server"] if dry_run else []
        # The server itself refuses what its schemas do not have; kubectl need not fetch them to say the same.
        flags = ["--server-side", "--field-manager=nereus", "--force-conflicts", "--validate=false"]
        command = ["apply", *flags, *what, *more]
        done = self.kubectl(*command, given=given)
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        warnings = tuple(line for line in lines if line.startswith("Warning:"))
        refused = tuple(line for line in lines if not line.startswith("Warning:")) if done.returncode else ()
        accepted = len(done.stdout.splitlines())
        return Applied(accepted + len(refused), refused, warnings, time.monotonic() - began)

    def apply_or_fail(self, objects: Iterable[Object]) -> Applied:
        """Apply objects; raises Failure with every refusal."""
        applied = self.apply(objects)
        if applied.refused:
            raise Failure("the API server refused:\n  " + "\n  ".join(applied.refused))
        return applied

    def add_nodes(self, wanted: Iterable[Object]) -> None:
        """Add simulated nodes and wait until all are ready."""
        names = set()
        for node in wanted:
            self.api.apply(node, "nereus-nodes")
            self.api.apply(node, "nereus-nodes", status=True)
            names.add(node["metadata"]["name"])
        if not self.wait(lambda: names <= _names(self.api.list("v1", "Node"), "Ready")):
            raise Failure(f"not every one of {len(names)} simulated nodes became ready")

    def define(self, tell: Tell = lambda text: None) -> None:
        """Add the definitions of custom resources, published ones and our own, and wait until they are served."""
        own, published = list(definitions.own(self.api.types())), list(definitions.modules())
        folders = [argument for pin in published for argument in ("-f", str(definitions.folder(pin, tell)))]
        applied = self._apply(*folders, "-f", "-", dry_run=False, given=_list_of(own))
        if applied.refused:
            raise Failure("the API server refused definitions:\n  " + "\n  ".join(applied.refused))
        names = _names(own).union(*(pin.names for pin in published))
        kind = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
        if not self.wait(lambda: names <= _names(self.api.list(*kind), "Established")):
            raise Failure("not every definition of a custom resource came to be served")

    def wait(self, done: Callable[[], bool], limit_s: float = 60) -> bool:
        """Wait for a condition. Returns whether it came true within `limit_s` seconds."""
        limit = time.monotonic() + limit_s
        while not done():
            if time.monotonic() > limit:
                return False
            time.sleep(_POLL_S)
        return True

    def memory_mb(self) -> dict[str, float]:
        """Resident memory of each program, in MB (1e6 bytes)."""
        found = {}
        for name, pid in {**self.pids, "keeper and stand-ins": self.pid}.items():
            try:
                found[name] = psutil.Process(pid).memory_info().rss / 1e6
            except psutil.NoSuchProcess:
                continue
        return found


def _names(objects: Iterable[Object], condition: str | None = None) -> set[str]:
    """Their names; with `condition` only of those for which it holds."""
    return {each["metadata"]["name"] for each in objects if condition is None or holds(each, condition)}


def _list_of(objects: list[Object]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


def up(folder: Path, *, tied: bool = False, life_s: float = LIFE_S, tell: Tell = lambda text: None) -> Simulated:
    """Start a cluster whose state lies in `folder`, without nodes, with every definition of custom resources.

    `tied` clusters end with the process that starts them. Raises BadInput when one runs there already.
    """
    if find(folder) is not None:
        raise BadInput(f"a simulated cluster runs already in {folder}", fix="Take it down: nereus cluster-sim down")
    programs = binaries.ensure(tell)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    began = time.monotonic()
    started = _start(folder, programs, life_s, tied)
    try:
        found = _await(folder, programs, started)
        times = {**found.seconds}
        found.define(tell)
        times["definitions"] = time.monotonic() - began
        _keep(folder, started.pid, times)
    except BaseException:
        _end(started.pid, _started_at(started.pid))
        raise
    return Simulated(folder, programs, found.pid, found.pids, times)


def _start(folder: Path, programs: Programs, life_s: float, tied: bool) -> subprocess.Popen[bytes]:
    arguments = [str(folder), str(programs.folder), str(life_s), *([str(os.getpid())] if tied else [])]
    with (folder / "keeper.log").open("wb") as log:
        return subprocess.Popen(
            (sys.executable, "-m", "nereus.kubernetes.sim.keeper", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _await(folder: Path, programs: Programs, started: subprocess.Popen[bytes]) -> Simulated:
    limit = time.monotonic() + keeper.START_LIMIT_S + 10
    while not (folder / keeper.READY).exists():
        if started.poll() is not None or time.monotonic() > limit:
            told = folder / keeper.FAILED if (folder / keeper.FAILED).exists() else folder / "keeper.log"
            raise Failure(f"the simulated cluster did not start: {told.read_text('utf-8', 'replace').strip()[-2000:]}")
        time.sleep(_POLL_S)
    content = json.loads((folder / keeper.READY).read_text("utf-8"))
    return Simulated(folder, programs, started.pid, content["pids"], content["seconds"])


def _keep(folder: Path, pid: int, times: Mapping[str, float]) -> None:
    content = {"pid": pid, "started": _started_at(pid), "seconds": dict(times)}
    (folder / _KEEPER).write_text(json.dumps(content), "utf-8")


def _started_at(pid: int) -> float:
    """0 where it does not run."""
    try:
        process = psutil.Process(pid)
        return process.create_time() if runs(process) else 0.0
    except psutil.NoSuchProcess:
        return 0.0


def find(folder: Path) -> Simulated | None:
    """The cluster that runs in `folder`, or None. A process of the same number that is another one is not it."""
    try:
        kept = json.loads((folder / _KEEPER).read_text("utf-8"))
        content = json.loads((folder / keeper.READY).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    if _started_at(kept["pid"]) != kept["started"]:
        return None
    return Simulated(folder, Programs(binaries.cache() / binaries.key()), kept["pid"], content["pids"], kept["seconds"])


def down(folder: Path) -> bool:
    """End the cluster of `folder` and remove all that it left. Returns whether one was running."""
    found = find(folder)
    if found is not None:
        _end(found.pid, _started_at(found.pid))
    shutil.rmtree(folder, ignore_errors=True)
    return found is not None


def _end(pid: int, started: float) -> None:
    try:
        process = psutil.Process(pid)
        if process.create_time() != started:
            return
        process.send_signal(signal.SIGTERM)
        if still_running([process], limit_s=20):
            process.kill()
            still_running([process], limit_s=20)
    except psutil.NoSuchProcess:
        return


@contextmanager
def running(folder: Path, tell: Tell = lambda text: None) -> Iterator[Simulated]:
    """A cluster for the time of a `with` block; it ends with the block or with this process, whichever is first."""
    simulated = up(folder, tied=True, tell=tell)
    try:
        yield simulated
    finally:
        down(folder)
