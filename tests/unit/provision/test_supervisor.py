"""A real supervisord with small real services."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from nereus.errors import BadInput
from nereus.home import Home
from nereus.provision import doctor, status
from nereus.provision.services import Service
from nereus.provision.supervisor import Supervisor, render


def wait_for(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def web(name: str, port: int, text: str = 'hello 100% "quoted" \\ back') -> Service:
    def probe() -> None:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()

    program = f"import http.server as h; h.test(port={port}, bind='127.0.0.1')"
    command = (sys.executable, "-c", program, text)
    return Service(name, name, command, f"http://127.0.0.1:{port}", {port: "local.ports.portal"}, probe)


def up(service: Service) -> bool:
    try:
        service.probe()
    except OSError:
        return False
    return True


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "h").create()
    yield home
    Supervisor(home).stop()


def test_apply_starts_once_and_says_so(home: Home) -> None:
    service = web("one", free_port())
    supervisor = Supervisor(home)
    assert supervisor.apply([service]) == ["supervisor started", "one started"]
    wait_for(lambda: up(service))
    wait_for(lambda: all(process.running for process in supervisor.processes()))
    assert supervisor.apply([service]) == []


def test_a_crashed_service_comes_back(home: Home) -> None:
    service = web("one", free_port())
    supervisor = Supervisor(home)
    supervisor.apply([service])
    wait_for(lambda: [process.state for process in supervisor.processes()] == ["RUNNING"])
    pid = supervisor.processes()[0].pid
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: [p.running and p.pid != pid for p in supervisor.processes()] == [True])
    wait_for(lambda: up(service))


def test_a_changed_declaration_restarts_only_what_changed(home: Home) -> None:
    one, two = web("one", free_port()), web("two", free_port())
    supervisor = Supervisor(home)
    supervisor.apply([one, two])
    wait_for(lambda: all(process.running for process in supervisor.processes()))
    before = {process.name: process.pid for process in supervisor.processes()}
    moved = web("two", free_port())
    assert supervisor.apply([one, moved]) == ["two restarted"]
    wait_for(lambda: up(moved))
    assert {p.name: p.pid == before[p.name] for p in supervisor.processes()} == {"one": True, "two": False}
    assert supervisor.apply([one]) == ["two stopped"]
    assert not up(moved)


def test_stop_leaves_no_process(home: Home) -> None:
    supervisor = Supervisor(home)
    supervisor.apply([web("one", free_port())])
    wait_for(lambda: all(process.running for process in supervisor.processes()))
    pids = [process.pid for process in supervisor.processes()]
    assert supervisor.stop() == ["one", "supervisor"]
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert supervisor.stop() == []


def test_socket_and_configuration_are_private(home: Home) -> None:
    Supervisor(home).apply([web("one", free_port())])
    for name in ("supervisor.sock", "supervisord.conf"):
        assert (home.run / name).stat().st_mode & 0o077 == 0, name


def test_status_measures_a_running_and_a_missing_service(home: Home) -> None:
    service, absent = web("one", free_port()), web("two", free_port())
    Supervisor(home).apply([service])
    wait_for(lambda: up(service))
    wait_for(lambda: status.gather([service], home)[0].up)
    running, missing = status.gather([service, absent], home)
    assert (running.name, running.url, running.error) == ("one", service.url, None)
    assert running.rss_mb is not None
    assert running.rss_mb > 1
    assert running.probe_ms is not None
    assert running.since is not None
    assert (missing.up, missing.error) == (False, "not started")


def test_status_tells_a_process_that_runs_but_does_not_answer(home: Home) -> None:
    mute = Service("mute", "mute", (sys.executable, "-c", "import time; time.sleep(60)"), "http://x", {}, _fail)
    supervisor = Supervisor(home)
    supervisor.apply([mute])
    wait_for(lambda: all(process.running for process in supervisor.processes()))
    row = status.gather([mute], home)[0]
    assert (row.up, row.error) == (False, "RuntimeError: no answer")


def _fail() -> None:
    raise RuntimeError("no answer")


def test_a_taken_port_names_the_key_to_change(home: Home) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        (finding,) = doctor.ports("127.0.0.1", home, [web("one", port)])
    assert not finding.ok
    assert finding.detail.startswith("taken by another program")
    assert finding.fix == "End that program, or change local.ports.portal in platform.yaml."


def test_our_own_service_may_hold_its_port(home: Home) -> None:
    service = web("one", free_port())
    Supervisor(home).apply([service])
    wait_for(lambda: up(service))
    (finding,) = doctor.ports("127.0.0.1", home, [service])
    assert finding.ok


def test_too_long_a_home_is_refused_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="set NEREUS_HOME to a shorter path"):
        Supervisor(Home(tmp_path / ("x" * 120)))


def test_percent_signs_survive_the_configuration(home: Home) -> None:
    assert "100%% " in render(home, [web("one", 1)])
