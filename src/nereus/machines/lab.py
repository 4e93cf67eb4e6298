"""The lab: a libvirt daemon of one's own, in namespaces of its own, in one folder.

It has its own network, process tree and mounts: machines, bridge, leases and firewall rules are invisible to the
host, nothing outside the folder is written, and killing one process ends all of it. Without root it needs
/dev/net/tun open to the user and the package uidmap.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from nereus.errors import BadInput, Failure
from nereus.machines.libvirt import Libvirt
from nereus.processes import runs, still_running

START_SECONDS = 60
SHUTDOWN_SECONDS = 120
#: The kernel's bound for the path of a socket, its final zero included.
SOCKET_LETTERS = 107
PROGRAMS = {
    "libvirtd": "libvirt-daemon libvirt-daemon-system",
    "virsh": "libvirt-clients",
    "qemu-system-x86_64": "qemu-system-x86",
    "dnsmasq": "dnsmasq-base",
    "iptables": "iptables",
    "socat": "socat",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "ip": "iproute2",
    "mkisofs": "genisoimage",
    "xsltproc": "xsltproc",
}


@dataclass(frozen=True)
class Lab:
    """The lab in `folder`."""

    folder: Path

    @property
    def uri(self) -> str:
        return f"qemu:///system?socket={self._socket}"

    @property
    def proxy_command(self) -> str:
        """The ssh ProxyCommand into its network. It names no process: it holds when the lab was started again."""
        command = [sys.executable, "-m", "nereus.machines.lab_proxy", str(self.folder)]
        return " ".join(shlex.quote(each).replace("%", "%%") for each in command) + " %h %p"

    @property
    def log(self) -> Path:
        return self.folder / "libvirtd.log"

    @property
    def _socket(self) -> Path:
        return self.folder / "run" / "libvirt-sock"

    @property
    def _state(self) -> Path:
        return self.folder / "lab.json"

    def process(self) -> psutil.Process | None:
        """The one process whose end is the end of the lab; None when it is down."""
        try:
            known = json.loads(self._state.read_text("utf-8"))
            process = psutil.Process(int(known["pid"]))
            started = abs(process.create_time() - float(known["started"])) < 1
        except (OSError, ValueError, KeyError, psutil.Error):
            return None
        return process if started and runs(process) else None

    def up(self) -> bool:
        """Start it; false when it was up. Raises BadInput when this machine cannot carry it."""
        if self.process() is not None:
            return False
        self._check()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._socket.unlink(missing_ok=True)
        root = os.geteuid() == 0
        command = [
            "unshare",
            *(() if root else ("--user", "--map-root-user", "--map-auto")),
            *("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
            *(sys.executable, str(Path(__file__).with_name("lab_inside.py")), str(self.folder)),
        ]
        with (self.folder / "lab.log").open("ab") as log:
            started = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        created = psutil.Process(started.pid).create_time()
        self._state.write_text(json.dumps({"pid": started.pid, "started": created}), "utf-8")
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if started.poll() is not None or time.monotonic() > deadline:
                self._kill(started.pid)
                raise Failure("the lab's libvirtd did not come up", fix=f"Read {self.folder}/lab.log and {self.log}.")
            time.sleep(0.1)
        return True

    def down(self, *, gently: bool = True) -> bool:
        """Shut its machines down, then end it; false when it was down. Disks and definitions stay in its folder."""
        process = self.process()
        if process is None:
            return False
        if gently:
            self._shut_down()
        self._kill(process.pid)
        self._state.unlink(missing_ok=True)
        self._socket.unlink(missing_ok=True)
        return True

    def remove(self) -> None:
        """End it and delete its folder."""
        self.down(gently=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        if not self._socket.exists():
            return False
        try:
            Libvirt(self.uri).virsh("version", seconds=10)
        except Failure:
            return False
        return True

    def _shut_down(self) -> None:
        daemon = Libvirt(self.uri)
        running = [name for name, state in daemon.domains().items() if state == "running"]
        for name in running:
            daemon.virsh("shutdown", name)
        deadline = time.monotonic() + SHUTDOWN_SECONDS
        while any(daemon.domains().get(name) == "running" for name in running) and time.monotonic() < deadline:
            time.sleep(0.5)

    @staticmethod
    def _kill(pid: int) -> None:
        """unshare heeds no gentler signal; the kernel then ends all that ran inside."""
        try:
            process = psutil.Process(pid)
            inside = process.children(recursive=True)
            os.kill(pid, signal.SIGKILL)
        except (psutil.Error, ProcessLookupError):
            return
        left = still_running([process, *inside], limit_s=30)
        if left:
            raise Failure(f"processes of the lab are still there: {', '.join(str(each.pid) for each in left)}")

    def _check(self) -> None:
        lacking = sorted({package for program, package in PROGRAMS.items() if shutil.which(program) is None})
        if lacking:
            raise BadInput(
                f"the lab lacks {', '.join(lacking)}",
                fix=f"Run: apt-get install --no-install-recommends {' '.join(lacking)}",
            )
        if len(str(self._socket)) > SOCKET_LETTERS:
            raise BadInput(
                f"{self._socket} has {len(str(self._socket))} letters; a socket's path may have {SOCKET_LETTERS}",
                fix="Set NEREUS_HOME to a shorter path.",
            )
        if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
            raise BadInput(
                "the lab needs /dev/net/tun, which this user may not open",
                fix="Run as root, or let it be opened: chmod 0666 /dev/net/tun (a udev rule makes it stay).",
            )
        if os.geteuid() != 0 and shutil.which("newuidmap") is None:
            raise BadInput("the lab without root needs uidmap", fix="Run: apt-get install uidmap")


def enter(process: psutil.Process, *, root: bool) -> list[str]:
    """The command that runs another one in the lab's network."""
    inside = process.children()
    if not inside:
        raise Failure("the lab is coming up or going down", fix="Run it again in a moment.")
    # Whoever made the user namespace must enter it first.
    user = () if root else ("-U", "--preserve-credentials")
    return ["nsenter", "-t", str(inside[0].pid), *user, "-n"]
