"""A simulated cluster ends, however it ends, and leaves nothing."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from nereus.errors import BadInput
from nereus.kubernetes.sim import binaries, cluster
from nereus.processes import still_running


def gone(pids: list[int], limit_s: float = 30) -> bool:
    left = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    return not still_running(left, limit_s)


def test_down_ends_every_process_and_removes_the_folder(programs: binaries.Programs, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    started = cluster.up(folder)
    try:
        with pytest.raises(BadInput, match="runs already"):
            cluster.up(folder)
        found = cluster.find(folder)
        assert found is not None
        assert found.pids == started.pids
        port = int(started.api.address.rsplit(":", 1)[1])
        assert started.kubectl("get", "nodes").returncode == 0
    finally:
        assert cluster.down(folder)
    assert gone([started.pid, *started.pids.values()])
    assert not folder.exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert not list(Path("~/.kube/cache").expanduser().glob(f"*/127.0.0.1_{port}"))
    assert not cluster.down(folder)


def test_servers_end_with_a_keeper_that_is_killed(programs: binaries.Programs, tmp_path: Path) -> None:
    started = cluster.up(tmp_path / "state")
    psutil.Process(started.pid).send_signal(signal.SIGKILL)
    assert gone([started.pid, *started.pids.values()])
    assert cluster.find(tmp_path / "state") is None


def test_a_tied_cluster_ends_with_whoever_started_it(programs: binaries.Programs, tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from nereus.kubernetes.sim import cluster;"
        "started = cluster.up(Path(sys.argv[1]), tied=True);"
        "print(started.pid, *started.pids.values(), flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        (sys.executable, "-c", script, str(tmp_path / "state")),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert gone([int(pid) for pid in done.stdout.split()])


def test_a_forgotten_cluster_ends_by_itself(programs: binaries.Programs, tmp_path: Path) -> None:
    started = cluster.up(tmp_path / "state", life_s=60)
    assert gone([started.pid, *started.pids.values()], 90)
