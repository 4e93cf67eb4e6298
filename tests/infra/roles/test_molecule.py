"""Every role of the machines in a container with systemd: converged, again without a change, verified, reset."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nereus.paths import PROJECT
from tests.infra.containers import Podman, cache, need
from tests.infra.roles.conftest import ENVIRONMENT_S
from tests.infra.steps import step

ANSIBLE = PROJECT / "infra" / "ansible"
ROLES = ("preflight", "host_baseline", "data_disks")
#: Longest that one role may take, in seconds.
_PATIENCE_S = 600
#: The same for the image's packages, before the first role.
_IMAGE_S = 600


@pytest.fixture(scope="module")
def image() -> Iterator[tuple[Podman, str]]:
    need("podman", "runc", "mmdebstrap", "unshare", "losetup")
    podman = Podman(cache() / "podman-roles")
    with podman.alone():
        with step("image of a machine"):
            name = podman.image()
        yield podman, name


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[Path]:
    """A folder for files that are attached as disks; none stays attached."""
    folder = tmp_path / "disks"
    folder.mkdir()
    yield folder
    left = _attached({path.stat().st_ino for path in folder.iterdir()})
    for device in left:
        subprocess.run(("losetup", "--detach", device), check=True)  # noqa: S607
    assert left == [], "the scenario left disks attached"


def _attached(inodes: set[int]) -> list[str]:
    """Devices made of these files. Another name space attached them, so the kernel's names of the files are its own."""
    command = ("losetup", "--list", "--noheadings", "--output", "NAME,BACK-INO")
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [device for device, inode in (line.split() for line in listed.splitlines()) if int(inode) in inodes]


@pytest.mark.timeout(ENVIRONMENT_S + _IMAGE_S + _PATIENCE_S)
@pytest.mark.parametrize("role", ROLES)
def test_role(role: str, image: tuple[Podman, str], programs: Path, disks: Path, tmp_path: Path) -> None:
    podman, name = image
    settings = {
        **os.environ,
        **podman.settings(),
        "PATH": f"{programs}:{os.environ['PATH']}:/usr/sbin:/sbin",
        "HOME": str(tmp_path),
        "NO_COLOR": "1",
        "NEREUS_MACHINE_IMAGE": name,
        "NEREUS_MACHINE_DISKS": str(disks),
        "NEREUS_ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"),
        "MOLECULE_EPHEMERAL_DIRECTORY": str(tmp_path / "molecule"),
        "ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"),
    }
    command = podman.contained(str(programs / "molecule"), "--base-config", str(ANSIBLE / "molecule.base.yml"), "test")
    log = tmp_path / "molecule.log"
    with step(f"molecule: {role}"), log.open("w") as out:
        done = subprocess.run(
            command,
            cwd=ANSIBLE / "roles" / role,
            env=settings,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=_PATIENCE_S,
        )
    text = log.read_text("utf-8", errors="replace")
    assert done.returncode == 0, text[-8000:]
    assert "idempotence" in text, "the scenario was converged twice"
