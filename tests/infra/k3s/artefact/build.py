"""The test artefacts: old k3s built from pinned Go modules, and the small programs that its pods run.

They stand in for a release of k3s, which no registry of source packages gives. Each is built once and kept in the
user's cache under a hash of what it is made from. `python -m tests.infra.k3s.artefact.build` builds all of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from ruamel.yaml import YAML

from nereus.paths import PROJECT, user_cache

HERE = Path(__file__).parent
VERSIONS: list[str] = YAML(typ="safe").load(PROJECT / "versions.yaml")["test-artefacts"]["k3s"]
MODULE = "github.com/k3s-io/k3s"
#: What a release adds to its version.
SUFFIX = "+k3s-ci"
IMAGES = ("pause", "web")
_TAGS = "apparmor seccomp netcgo osusergo providerless urfave_cli_no_docs"
_CONTAINERD = "github.com/containerd/containerd/version"
#: Longest that one build may take, in seconds: two cores that do nothing else need six minutes.
_BUILD_SECONDS = 3600


def cache() -> Path:
    """Where the artefacts are kept, for all checkouts of this user."""
    return user_cache() / "k3s-test-artefact"


def release(version: str) -> str:
    """The release's name, as the built program prints it."""
    return version + SUFFIX


def k3s(version: str) -> Path:
    """The program of a version, built where it is missing.

    It is k3s itself and not the archive that unpacks itself: its helpers are looked for on PATH.
    """
    folder = HERE / version
    flags = _link_flags(version)
    target = _place("k3s", version, (folder / "go.mod", folder / "go.sum"), (*flags.items(), _TAGS))
    if not target.exists():
        linked = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in flags.items())])
        command = ("build", "-trimpath", "-tags", _TAGS, "-ldflags", linked)
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_suffix(f".{os.getpid()}")
        _go(folder, draft, {"CGO_ENABLED": "1"}, command, f"{MODULE}/cmd/server")
        draft.rename(target)
    return target


def installer(version: str) -> Path:
    """The version's own installer, out of the module, then what a release's program does at its first start."""
    folder = HERE / version
    target = _place("install.sh", version, (folder / "go.mod", folder / "go.sum", HERE / "unpack.sh"), ())
    if not target.exists():
        with Modules() as modules:
            came = subprocess.run(
                ("go", "mod", "download", "-json", MODULE),  # noqa: S607
                cwd=folder,
                env={**os.environ, **modules.settings},
                capture_output=True,
                text=True,
                check=True,
                timeout=_BUILD_SECONDS,
            )
            own = (Path(json.loads(came.stdout)["Dir"]) / "install.sh").read_text("utf-8")
        _write(target, own + (HERE / "unpack.sh").read_text("utf-8"))
    return target


def program(name: str) -> Path:
    """A program of the pods (`pause`, `web`) or the network plugin `flannel`, built together where it is missing."""
    folder = HERE / "programs"
    sources = (folder / "go.mod", folder / "go.sum", *sorted(folder.glob("*/*.go")))
    target = _place(name, "programs", sources, ())
    if not target.exists():
        packages = (*(f"./{own}" for own in IMAGES), "github.com/containernetworking/plugins/plugins/meta/flannel")
        draft = target.parent.with_suffix(f".{os.getpid()}")
        draft.mkdir(parents=True)
        _go(folder, draft, {"CGO_ENABLED": "0"}, ("build", "-trimpath", "-ldflags", "-s -w"), *packages)
        draft.rename(target.parent)
    return target


def images() -> Path:
    """An archive of the images `registry.invalid/ci/pause:1` and `web:1`, in docker's form, made without an engine."""
    programs = {name: program(name) for name in IMAGES}
    target = _place("images.tar", "images", (*programs.values(), Path(__file__)), ())
    if not target.exists():
        from tests.infra.k3s.artefact.image_archive import write

        draft = target.with_suffix(f".{os.getpid()}")
        target.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(draft, "w") as archive:
            write(archive, {f"registry.invalid/ci/{name}:1": path for name, path in programs.items()})
        draft.rename(target)
    return target


def _link_flags(version: str) -> dict[str, str]:
    major, minor, _ = version.removeprefix("v").split(".")
    own = f"{MODULE}/pkg/version"
    flags = {f"{own}.Version": release(version), f"{own}.GitCommit": _commit(version)}
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
        flags |= {
            f"{package}.gitVersion": release(version),
            f"{package}.gitMajor": major,
            f"{package}.gitMinor": minor,
            f"{package}.gitTreeState": "clean",
        }
    return flags | {f"{_CONTAINERD}.Version": "v1.5.13-k3s2", f"{_CONTAINERD}.Package": "github.com/k3s-io/containerd"}


def _commit(version: str) -> str:
    """The first digits of the commit that go.mod pins."""
    lines = (HERE / version / "go.mod").read_text("utf-8").splitlines()
    pinned = next(line for line in lines if line.startswith(f"require {MODULE} "))
    return pinned.rpartition("-")[2][:8]


def _place(name: str, kind: str, sources: Iterable[Path], also: Iterable[object]) -> Path:
    digest = hashlib.sha256(repr(tuple(also)).encode())
    for source in sources:
        digest.update(source.read_bytes())
    return cache() / f"{kind}-{digest.hexdigest()[:12]}" / name


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(f".{os.getpid()}")
    draft.write_text(text, "utf-8")
    draft.rename(target)


class Modules:
    """Modules and objects of one build, in a folder that goes with it: 3 GB that nothing needs again."""

    def __enter__(self) -> Modules:
        self.folder = cache() / f"build-{os.getpid()}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.settings: Mapping[str, str] = {
            "GOMODCACHE": str(self.folder / "modules"),
            "GOCACHE": str(self.folder / "objects"),
            "GOFLAGS": "-mod=readonly -modcacherw",
            "GOTOOLCHAIN": "local",
        }
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _go(folder: Path, output: Path, settings: Mapping[str, str], command: Iterable[str], *packages: str) -> None:
    """Build packages into a file, or into a folder that is there."""
    with Modules() as modules:
        subprocess.run(
            ("go", *command, "-o", str(output), *packages),  # noqa: S607
            cwd=folder,
            env={**os.environ, **modules.settings, **settings},
            check=True,
            timeout=_BUILD_SECONDS,
        )


def main() -> None:
    builders = [
        *((f"{build.__name__} {version}", build, version) for version in VERSIONS for build in (k3s, installer)),
        ("flannel", program, "flannel"),
    ]
    for name, build, argument in builders:
        began = time.monotonic()
        print(f"{name:<20} {build(argument)}  {time.monotonic() - began:.0f} s", flush=True)
    print(f"{'images':<20} {images()}")


if __name__ == "__main__":
    main()
