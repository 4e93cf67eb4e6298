"""The host of the machines: the libvirt that vms.uri names, and where their disks and consoles lie on it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from nereus.errors import BadInput
from nereus.machines.lab import Lab
from nereus.machines.libvirt import Libvirt
from nereus.machines.places import Places

LAB = "lab"


@dataclass(frozen=True)
class Host:
    """One libvirt and its folders. `lab` is there when the libvirt is the deployment's own."""

    libvirt: Libvirt
    pool_path: Path
    console_path: Path
    proxy_command: str | None
    lab: Lab | None = None

    @property
    def up(self) -> bool:
        """Whether asking it would start nothing."""
        return self.lab is None or self.lab.process() is not None

    def start(self) -> bool:
        """Make it answer; true when something had to be started. Raises BadInput when it does not."""
        started = False
        if self.lab is not None:
            started = self.lab.up()
            self.pool_path.mkdir(parents=True, exist_ok=True)
            self.console_path.mkdir(parents=True, exist_ok=True)
        self.libvirt.check()
        return started


def of(uri: str, platform: str, places: Places) -> Host:
    """The host at vms.uri for the platform of that name."""
    if uri == LAB:
        lab = Lab(places.lab)
        return Host(Libvirt(lab.uri), places.pool, places.consoles, lab.proxy_command, lab)
    # Folders where every distribution lets libvirt's own account write.
    pool, consoles = Path("/var/lib/libvirt/images") / platform, Path("/var/log/libvirt/qemu")
    return Host(Libvirt(uri), pool, consoles, _through(uri))


def _through(uri: str) -> str | None:
    """Machines behind a remote libvirt are reached through its host by ssh."""
    parts = urlsplit(uri)
    if not parts.hostname:
        return None
    if parts.scheme != "qemu+ssh":
        raise BadInput(
            f"vms.uri is {uri}; machines on another host are reached by ssh only",
            fix=f"Write qemu+ssh://{parts.hostname}/system.",
        )
    place = f"{parts.username}@{parts.hostname}" if parts.username else parts.hostname
    if not re.fullmatch(r"[A-Za-z0-9_.@-]+", place) or place.startswith("-"):
        raise BadInput(f"vms.uri is {uri}; {place} is no host name", fix="Write qemu+ssh://root@host/system.")
    port = f" -p {parts.port}" if parts.port else ""
    return f"ssh{port} -W %h:%p {place}"
