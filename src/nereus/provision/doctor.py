"""What this machine lacks for the declared platform. Looks, changes nothing."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import psutil

from nereus.config import Platform
from nereus.home import Home
from nereus.provision.services import Service
from nereus.provision.supervisor import Supervisor

#: Free disk below which a first provisioning with the shipped use cases would fail: TPC-H data at scale 1 (0.35 GB),
#: the files derived from it, the warehouse itself, and the environments of JupyterHub (1.3 GB), with room to grow.
DISK_GB_MIN = 8.0


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `ok` False stops provisioning; `fix` says what to change."""

    what: str
    ok: bool
    detail: str
    fix: str = ""


def examine(platform: Platform, home: Home, services: Sequence[Service]) -> list[Finding]:
    """Look at Python, memory, disk and ports, in that order."""
    return [*_python(), *_memory(platform), *_disk(home), *ports(platform.local.bind, home, services)]


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", sys.version_info[:2] == (3, 11), version, "Python 3.11 is needed.")


def _memory(platform: Platform) -> Iterator[Finding]:
    total = psutil.virtual_memory().total / 1e9
    wanted = platform.local.memory_gb
    yield Finding(
        "memory",
        wanted <= total * 0.9,
        f"{total:.1f} GB in this machine, {wanted:g} GB promised to the warehouse (local.memory_gb)",
        f"Set local.memory_gb to at most {total * 0.5:.0f}, half of this machine.",
    )


def _disk(home: Home) -> Iterator[Finding]:
    folder = next(path for path in (home.root, *home.root.parents) if path.exists())
    free = shutil.disk_usage(folder).free / 1e9
    yield Finding(
        "disk",
        free >= DISK_GB_MIN,
        f"{free:.0f} GB free under {folder}, at least {DISK_GB_MIN:g} GB needed",
        "Free some space, or move the data with NEREUS_HOME.",
    )


def ports(bind: str, home: Home, services: Iterable[Service]) -> Iterator[Finding]:
    """A port is fine when nobody listens on it or when our own running service does."""
    running = {process.name for process in Supervisor(home).processes() if process.pid}
    for service in services:
        for port, key in service.ports.items():
            if service.name in running:
                yield Finding(f"port {port}", True, f"{service.name} listens on it already")
            elif _free(bind, port):
                yield Finding(f"port {port}", True, f"free for {service.name}")
            else:
                yield Finding(
                    f"port {port}",
                    False,
                    f"taken by another program{_holder(port)}; {service.name} needs it",
                    f"End that program, or change {key} in platform.yaml.",
                )


def _free(bind: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError:
            return False
    return True


def _holder(port: int) -> str:
    """Who listens on `port`, where the system lets us see it."""
    try:
        for found in psutil.net_connections("tcp"):
            if found.status == psutil.CONN_LISTEN and found.laddr and found.laddr[1] == port and found.pid:
                return f" ({psutil.Process(found.pid).name()}, pid {found.pid})"
    except psutil.Error:
        pass
    return ""
