"""A podman of this room's own, the images built in it, and containers that end with their test."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from nereus import images
from nereus.paths import PROJECT
from tests.conftest import not_run
from tests.infra.containers import Podman
from tests.infra.images import bases
from tests.infra.steps import step

#: As Kubernetes runs them under the level `restricted`: no rights to gain, no file to change.
RESTRICTED = (
    *("--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges"),
    *("--pids-limit=0", "--log-driver=k8s-file"),
)
#: Those that start from Python; the others' bases would have to be fetched from a registry.
BUILT = tuple(name for name, image in images.IMAGES.items() if image.base is None)
_BUILD_SECONDS = 2400
_HEALTHY_SECONDS = 600


@pytest.fixture(scope="session")
def podman() -> Iterator[Podman]:
    if os.geteuid():
        not_run("images", "run as root: podman mounts what it builds")
    if missing := [each for each in ("podman", "mmdebstrap", "runc") if shutil.which(each) is None]:
        not_run(f"images: no {', '.join(missing)}", "apt install $(cat tests/infra/images/packages.txt)")
    found = Podman(bases.cache() / "podman")
    with found.alone():
        found("rm", "--all", "--force")
        # A build that was ended by force leaves containers that are podman's in no other list.
        if left := found("ps", "--all", "--external", "--quiet").split():
            found("rm", "--force", *left)
        yield found


@pytest.fixture(scope="session")
def debian(podman: Podman) -> images.Bases:
    """Bases made of Debian's packages, in podman's store."""
    with step("bases of Debian packages"):
        archives = bases.archives()
    names = [f"localhost/nereus-{archive.stem.replace('base-', 'base:')}" for archive in archives]
    known = podman("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    for archive, name in zip(archives, names, strict=True):
        if name not in known:
            with step(f"import {name}"):
                podman("import", str(archive), name, timeout=300)
    return images.Bases(*names)


@dataclass(frozen=True)
class Built:
    """Every image, and what the command said of each run."""

    folder: Path
    first: str
    again: str


@pytest.fixture(scope="session")
def built(podman: Podman, debian: images.Bases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """`nereus images build` run twice, its archives in a folder of their own."""
    folder = tmp_path_factory.mktemp("bundle")

    def nereus(*arguments: str) -> str:
        done = subprocess.run(
            (str(Path(sys.executable).parent / "nereus"), "images", "build", *arguments),
            env={**os.environ, **podman.settings()},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
            timeout=_BUILD_SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    given = ("--engine", "podman", "--base", debian.run, "--build-base", debian.build, "--output", str(folder))
    told = ""
    for name in BUILT:
        with step(f"nereus images build {name}"):
            told += nereus(name, *given)
    with step("nereus images build, again"):
        again = nereus(*BUILT, *given)
    yield Built(folder, told, again)
    # Layers of earlier contents would fill the cache.
    podman("image", "prune", "--force", timeout=300)


@dataclass(frozen=True)
class Container:
    podman: Podman
    id: str

    def python(self, code: str) -> str:
        return self.podman("exec", self.id, "python3", "-c", code)

    def page(self, url: str) -> tuple[int, str]:
        """Ask from within, as a probe of the same pod would: the container has no network. 0 where nobody answers."""
        code = (
            "import json, urllib.error, urllib.request\n"
            f"try:\n    got = urllib.request.urlopen({url!r}, timeout=20); told = [got.status, got.read().decode()]\n"
            "except urllib.error.HTTPError as error:\n    told = [error.code, error.read().decode()]\n"
            "except OSError as error:\n    told = [0, str(error)]\n"
            "print(json.dumps(told))"
        )
        status, text = json.loads(self.python(code))
        return status, text

    def healthy(self, url: str, expect: str) -> None:
        """Wait until a page answers 200 with `expect`; fails with the container's log."""
        deadline = time.monotonic() + _HEALTHY_SECONDS
        status, text = 0, ""
        while time.monotonic() < deadline and self.state() == "running":
            status, text = self.page(url)
            if status == 200 and expect in text:
                return
            time.sleep(1)
        pytest.fail(f"{url}: {status} {text[:200]}, container {self.state()}\n{self.log()[-4000:]}")

    def state(self) -> str:
        return self.podman("inspect", "--format", "{{.State.Status}}", self.id).strip()

    def log(self) -> str:
        """What it wrote to both of its outputs."""
        command = ("podman", "logs", self.id)
        settings = {**os.environ, **self.podman.settings()}
        done = subprocess.run(
            command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60
        )
        return done.stdout


Start = Callable[..., Container]


@pytest.fixture
def start(podman: Podman, built: Built, tmp_path: Path) -> Iterator[Start]:
    """Start an image under the restrictions; `writable` are the only folders that it may write to.

    It has no network, or that of the container `beside`.
    """
    started: list[str] = []

    def run(
        name: str,
        *options: str,
        writable: Sequence[str] = (),
        command: Sequence[str] = (),
        beside: Container | None = None,
    ) -> Container:
        volumes = []
        for path in writable:
            # A volume, as Kubernetes gives one: runc gives a file system in memory to root.
            folder = tmp_path / f"volume-{len(started)}-{len(volumes)}"
            folder.mkdir()
            folder.chmod(0o1777)
            volumes.append(f"--volume={folder}:{path}")
        network = f"--network=container:{beside.id}" if beside else "--network=none"
        given = (*RESTRICTED, network, *volumes, *options, images.reference(name), *command)
        found = podman("run", "--detach", *given, timeout=300)
        started.append(found.strip())
        return Container(podman, found.strip())

    yield run
    for each in reversed(started):
        podman("rm", "--force", "--time=5", each)
