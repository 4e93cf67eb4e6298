"""The way to a cluster on machines: directly, else through the ssh that reaches them (a small stand-in)."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import psutil
import pytest

from nereus import processes
from nereus.errors import BadInput, Failure
from nereus.home import Home
from nereus.machines.places import Places
from nereus.provision import way_in
from tests.unit.programs import asked, program

KUBECONFIG = "clusters:\n- cluster:\n    server: https://10.77.0.10:6443\n  name: default\n"
#: Listens where it is told to forward from.
SSH = """
import os, socket, time
place = sys.argv[sys.argv.index("-L") + 1].split(":")
here.with_suffix(".pid").write_text(str(os.getpid()))
door = socket.create_server((place[0], int(place[1])))
time.sleep(600)
"""


def machines(home: Home, proxy: str | None) -> None:
    node = {"cores": 4, "memory_gib": 16, "disks": []}
    contract = {
        "nodes": {
            "node-0": {**node, "address": "10.77.0.9", "roles": ["agent"]},
            "node-1": {**node, "address": "10.77.0.10", "roles": ["server"]},
        },
        **{"ssh_user": "ops", "ssh_key": "/key", "proxy_command": proxy, "domain": "nereus.internal"},
    }
    path = Places(home).contract
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(contract), "utf-8")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = Home(tmp_path / "home").create()
    way_in.kubeconfig(made).write_text(KUBECONFIG, "utf-8")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return made


def test_machines_in_the_same_network_are_reached_directly(home: Home) -> None:
    with way_in.reached(home) as path:
        assert path == way_in.kubeconfig(home)
    machines(home, None)
    with way_in.reached(home) as path:
        assert path == way_in.kubeconfig(home)


def test_machines_behind_a_proxy_are_reached_through_ssh_to_a_server(home: Home, tmp_path: Path) -> None:
    machines(home, "a-proxy %h %p")
    ssh = program(tmp_path / "bin", "ssh", SSH)
    with way_in.reached(home) as path:
        (words,) = asked(ssh)
        port = words[words.index("-L") + 1].split(":")[1]
        assert path.read_text("utf-8") == KUBECONFIG.replace("10.77.0.10:6443", f"127.0.0.1:{port}")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert words[-1] == "ops@10.77.0.10"
        assert "ProxyCommand=a-proxy %h %p" in words
        assert words[words.index("-L") + 1].endswith(":127.0.0.1:6443")
        running = psutil.Process(int(ssh.with_suffix(".pid").read_text()))
        assert processes.runs(running)
    assert not processes.runs(running)
    assert not path.exists()
    assert way_in.kubeconfig(home).read_text("utf-8") == KUBECONFIG


def test_an_ssh_that_is_not_let_in_is_said_in_its_words(home: Home, tmp_path: Path) -> None:
    machines(home, "a-proxy %h %p")
    program(tmp_path / "bin", "ssh", "sys.exit('Permission denied (publickey).')")
    with (
        pytest.raises(Failure, match=r"no way to the cluster's API on node-1: Permission denied"),
        way_in.reached(home),
    ):
        pytest.fail("the block ran")
    assert not (home.run / "kubeconfig").exists()


def test_an_ssh_that_never_forwards_is_given_up(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machines(home, "a-proxy %h %p")
    monkeypatch.setattr(way_in, "_SECONDS", 1.0)
    program(tmp_path / "bin", "ssh", "import time; time.sleep(600)")
    with pytest.raises(Failure, match="no answer"), way_in.reached(home):
        pytest.fail("the block ran")


def test_before_there_is_a_cluster_it_is_said_how_to_make_one(home: Home) -> None:
    way_in.kubeconfig(home).unlink()
    with pytest.raises(BadInput, match="there is no cluster yet") as refused, way_in.reached(home):
        pytest.fail("the block ran")
    assert refused.value.fix == "Make it: make provision"
