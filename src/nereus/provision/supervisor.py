"""Local processes under supervisord: started, restarted when they crash, logged, stopped without leftovers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from supervisor.xmlrpc import SupervisorTransport

from nereus.errors import BadInput, Failure
from nereus.home import Home
from nereus.processes import still_running
from nereus.provision.services import Service

#: Longest path of a UNIX socket on Linux, in bytes.
SOCKET_PATH_MAX = 107
START_SECONDS = 15.0


@dataclass(frozen=True)
class Process:
    """What the supervisor knows of one service. `since` is a UNIX time, 0 when it is not running."""

    name: str
    state: str
    pid: int
    since: int

    @property
    def running(self) -> bool:
        return self.state == "RUNNING"


class Supervisor:
    """The supervisor of one deployment, reached through a socket that only its owner can open."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._socket = home.run / "supervisor.sock"
        self._conf = home.run / "supervisord.conf"
        if len(os.fsencode(self._socket)) > SOCKET_PATH_MAX:
            raise BadInput(
                f"NEREUS_HOME is {home.root}; expected a path short enough for a socket inside it "
                f"({SOCKET_PATH_MAX} bytes in all)",
                fix="Move the project, or set NEREUS_HOME to a shorter path.",
            )

    @property
    def alive(self) -> bool:
        try:
            self._rpc().supervisor.getState()
        except (OSError, xmlrpc.client.Error):
            return False
        return True

    def apply(self, services: Sequence[Service]) -> list[str]:
        """Make the running services those declared. Returns what changed, in words; nothing is no change."""
        text = render(self._home, services)
        before = self._conf.read_text("utf-8") if self._conf.exists() else ""
        if text != before:
            self._conf.write_text(text, "utf-8")
            self._conf.chmod(0o600)
        if not self.alive:
            self._launch()
            return ["supervisor started", *(f"{service.name} started" for service in services)]
        changes: list[str] = []
        rpc = self._rpc().supervisor
        if text != before:
            added, changed, removed = rpc.reloadConfig()[0]
            for name in (*changed, *removed):
                rpc.stopProcessGroup(name)
                rpc.removeProcessGroup(name)
            for name in (*added, *changed):
                rpc.addProcessGroup(name)
            changes += [f"{name} stopped" for name in removed]
            changes += [f"{name} started" for name in added] + [f"{name} restarted" for name in changed]
        for process in self.processes():
            if process.state not in ("RUNNING", "STARTING"):
                rpc.startProcess(process.name, False)
                changes.append(f"{process.name} started")
        return changes

    def processes(self) -> list[Process]:
        """The supervised processes; none when the supervisor is down."""
        try:
            found: Any = self._rpc().supervisor.getAllProcessInfo()
        except (OSError, xmlrpc.client.Error):
            return []
        return [
            Process(item["name"], item["statename"], item["pid"], item["start"] if item["pid"] else 0) for item in found
        ]

    def restart(self, name: str) -> None:
        """Stop one service cleanly and start it again. Raises Failure when the supervisor does not run it."""
        if name not in {process.name for process in self.processes() if process.pid}:
            raise Failure(f"{name} is not running here", fix="Run: make provision")
        self._rpc().supervisor.stopProcess(name)
        self._rpc().supervisor.startProcess(name)

    def stop(self) -> list[str]:
        """Stop every service and the supervisor itself. Returns what was stopped."""
        running = [process for process in self.processes() if process.pid]
        if not self.alive:
            return []
        pid: Any = self._rpc().supervisor.getPID()
        # Held before the shutdown: afterwards a pid could belong to a stranger.
        watched = [psutil.Process(pid)]
        watched += watched[0].children(recursive=True)
        # All at once: by itself the supervisor ends one service after the other.
        self._rpc().supervisor.stopAllProcesses(False)
        self._rpc().supervisor.shutdown()
        left = still_running(watched, limit_s=90)
        for process in left:
            process.kill()
        still_running(left, limit_s=10)
        self._socket.unlink(missing_ok=True)
        return [*(process.name for process in running), "supervisor"]

    def _launch(self) -> None:
        self._socket.unlink(missing_ok=True)
        log = self._home.logs / "supervisor.log"
        command = [str(Path(sys.executable).parent / "supervisord"), "--configuration", str(self._conf)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self._home.root)
        deadline = time.monotonic() + START_SECONDS
        while done.returncode == 0 and time.monotonic() < deadline:
            if self.alive:
                return
            time.sleep(0.05)
        detail = (done.stderr or done.stdout).strip()
        raise Failure(f"the supervisor did not start: {detail or 'no answer on its socket'}", fix=f"Log: {log}")

    def _rpc(self) -> Any:  # noqa: ANN401 - a proxy answers what the far side does
        return xmlrpc.client.ServerProxy(
            "http://localhost", transport=SupervisorTransport(None, None, f"unix://{self._socket}")
        )


def render(home: Home, services: Sequence[Service]) -> str:
    """The supervisor's configuration: an INI text in which `%` is doubled, as its format asks."""
    sections = [
        _section("unix_http_server", file=home.run / "supervisor.sock", chmod="0600"),
        _section(
            "supervisord",
            logfile=home.logs / "supervisor.log",
            pidfile=home.run / "supervisord.pid",
            childlogdir=home.logs,
            directory=home.root,
            umask="077",
            minfds=4096,
        ),
        _section(
            "rpcinterface:supervisor",
            **{"supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"},
        ),
    ]
    for service in services:
        variables = {"PYTHONUNBUFFERED": "1", **service.environment}
        sections.append(
            _section(
                f"program:{service.name}",
                command=" ".join(_quoted(word) for word in service.command),
                environment=",".join(f"{name}={_quoted(value)}" for name, value in variables.items()),
                autorestart="true",
                startsecs=1,
                startretries=5,
                stopwaitsecs=service.stop_seconds,
                stopasgroup="true",
                killasgroup="true",
                redirect_stderr="true",
                stdout_logfile=home.logs / f"{service.name}.log",
                stdout_logfile_maxbytes="10MB",
                stdout_logfile_backups=3,
            )
        )
    return "\n".join(sections)


def _section(name: str, **values: object) -> str:
    lines = [f"{key} = {str(value).replace('%', '%%')}" for key, value in values.items()]
    return "\n".join([f"[{name}]", *lines, ""])


def _quoted(word: str) -> str:
    """A word as the supervisor's shell-like lexer reads it back unchanged."""
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
