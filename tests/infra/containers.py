"""Containers that behave as machines: a Debian with systemd, and a podman whose store, network and end are its own.

The image is built from Debian's packages, kept in the user's cache by its content. Everything that a run starts lives
in namespaces of one process: whatever ends that process ends all of it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nereus.paths import user_cache
from tests.conftest import not_run

SUITE = "bookworm"
#: What a machine of the platform has before Ansible comes; roles find these packages installed and need no way out.
PACKAGES = (
    *("systemd-sysv", "dbus", "udev", "kmod", "procps", "iproute2", "ca-certificates"),
    *("python3", "python3-apt", "sudo", "openssh-server"),
    *("auditd", "chrony", "nftables", "unattended-upgrades", "xfsprogs"),
)
#: Longest that the packages may take to come, in seconds.
_BUILD_SECONDS = 600

#: What containers need where the kernel's limits may not be raised and cgroups are the older kind or both.
_CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
pids_limit = 0
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{run}/libpod"
[network]
network_config_dir = "{store}/networks"
"""
_STORAGE_CONF = """\
[storage]
driver = "overlay"
graphroot = "{store}/graph"
runroot = "{run}"
"""
#: No documents and translations; no keys and no identity that two machines would share.
_MMDEBSTRAP = (
    *("--variant=minbase", "--mode=root", "--quiet", "--aptopt=Acquire::Languages none"),
    *(f"--dpkgopt=path-exclude=/usr/share/{each}/*" for each in ("man", "doc", "locale")),
    "--customize-hook=rm -f $1/etc/ssh/ssh_host_*",
    "--customize-hook=truncate -s 0 $1/etc/machine-id",
)


def cache() -> Path:
    """Where images and the podman store are kept, for all checkouts of this user."""
    return user_cache() / "machines"


def archive(packages: Sequence[str] = PACKAGES) -> Path:
    """The root file system as a tar archive, built where it is missing."""
    content = repr((SUITE, tuple(packages), _MMDEBSTRAP)).encode()
    wanted = cache() / f"container-{hashlib.sha256(content).hexdigest()[:12]}.tar"
    if not wanted.exists():
        wanted.parent.mkdir(parents=True, exist_ok=True)
        draft = wanted.with_suffix(f".{os.getpid()}.draft.tar")
        command = ("mmdebstrap", *_MMDEBSTRAP, f"--include={','.join(packages)}", SUITE, str(draft))
        try:
            subprocess.run(command, check=True, timeout=_BUILD_SECONDS)
            draft.rename(wanted)
        finally:
            draft.unlink(missing_ok=True)
    return wanted


@dataclass(frozen=True)
class Podman:
    """A podman apart from every other. Its images stay in `store`; its containers end with the run that made them.

    `run` is where it keeps what is running, a folder in `store` where nothing is said.
    """

    store: Path
    run: Path | None = None

    @property
    def running(self) -> Path:
        return self.run or self.store / "run"

    def settings(self) -> Mapping[str, str]:
        """The environment that points podman, and whatever calls it, to this store."""
        for folder in (self.store / "graph", self.store / "networks", self.running):
            folder.mkdir(parents=True, exist_ok=True)
        for name, text in (("containers.conf", _CONTAINERS_CONF), ("storage.conf", _STORAGE_CONF)):
            (self.running.parent / name).write_text(text.format(store=self.store, run=self.running))
        return {
            "CONTAINERS_CONF": str(self.running.parent / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.running.parent / "storage.conf"),
        }

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One run at a time: a second one waits, and afterwards no container is left in the store."""
        self.settings()
        with (self.store / "lock").open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield

    def contained(self, *command: str) -> tuple[str, ...]:
        """`command` in network, process and mount namespaces of its own: no way out, and nothing left when it ends.

        What podman knows of running containers lies in a file system of that namespace, so that the next run finds
        none running, however this one ended.
        """
        inside = 'mount -t tmpfs tmpfs "$0" && ip link set lo up && podman rm --all --force >/dev/null && "$@"'
        return (
            *("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
            *("sh", "-c", inside, str(self.running), *command),
        )

    def __call__(self, *arguments: str, timeout: float = 120) -> str:
        """Run one podman command. Returns what it printed."""
        done = subprocess.run(
            ("podman", *arguments),  # noqa: S607
            env={**os.environ, **self.settings()},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        assert done.returncode == 0, f"podman {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def image(self, packages: Sequence[str] = PACKAGES) -> str:
        """The name of the image with `packages`, imported where it is missing."""
        tar = archive(packages)
        name = f"localhost/nereus-machine:{tar.stem.removeprefix('container-')}"
        if name not in self("images", "--format", "{{.Repository}}:{{.Tag}}").split():
            start = ("--change", 'CMD ["/lib/systemd/systemd"]', "--change", "STOPSIGNAL=SIGRTMIN+3")
            self("import", *start, str(tar), name, timeout=300)
        return name


def need(*programs: str) -> None:
    """Say which of the programs is missing, or that this is not root."""
    if os.geteuid():
        not_run("machines in containers", "run as root: they mount and load rules")
    if missing := [each for each in programs if shutil.which(each) is None]:
        not_run(f"machines in containers: no {', '.join(missing)}", "apt install $(cat tests/infra/*/packages.txt)")
