"""The programs of the simulated cluster: built once from the pinned Go module k8s/sim, kept by their content.

What is finished lies in the user's cache folder under the hash of everything that decides its bytes, so a second
checkout, or a second run, builds nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nereus.errors import Failure
from nereus.paths import PROJECT, user_cache

MODULE = PROJECT / "k8s" / "sim"
#: Name of the finished program -> Go package. The first one holds API server, controllers and scheduler.
PROGRAMS: Mapping[str, str] = {
    "control-plane": ".",
    "etcd": "go.etcd.io/etcd/server/v3",
    "helm": "helm.sh/helm/v3/cmd/helm",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    "kwok": "sigs.k8s.io/kwok/cmd/kwok",
}
#: Longest that a build may take, in seconds; about 800 core seconds, 7 minutes on two idle cores.
BUILD_LIMIT_S = 3000
_TELL_EVERY_S = 15
_SIMULATOR = "sigs.k8s.io/kwok"
_STAGES = ("node/fast", "node/heartbeat-with-lease", "pod/fast")

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Programs:
    """Where the finished programs are. `build_s` is 0 when nothing had to be built."""

    folder: Path
    build_s: float = 0.0

    def path(self, name: str) -> Path:
        return self.folder / name

    @property
    def stages(self) -> Path:
        """The node simulator's own rules for nodes and pods, as one YAML file."""
        return self.folder / "stages.yaml"


def cache() -> Path:
    """The folder of this user for everything that the simulated cluster keeps."""
    return user_cache() / "cluster-sim"


def kubernetes_version() -> str:
    """The version that k8s/sim/go.mod pins, with its v."""
    return _pinned("k8s.io/kubernetes")


def _pinned(module: str) -> str:
    found = re.search(rf"^\s*(?:require )?{re.escape(module)} (v\S+)", (MODULE / "go.mod").read_text("utf-8"), re.M)
    if found is None:
        raise Failure(f"k8s/sim/go.mod does not require {module}", fix="Restore the file from git.")
    return found[1]


def _flags() -> list[str]:
    version = kubernetes_version()
    major, minor = version.removeprefix("v").split(".")[:2]
    stamps = {"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    linker = ["-s", "-w"]
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
        linker += [f"-X {package}.{name}={value}" for name, value in stamps.items()]
    return ["-trimpath", "-mod=readonly", "-buildvcs=false", "-ldflags", " ".join(linker)]


def key() -> str:
    """What decides the bytes of the programs, as 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum", "main.go"):
        digest.update((MODULE / name).read_bytes())
    digest.update(repr((_flags(), sorted(PROGRAMS.items()), _STAGES, go("version"))).encode())
    return digest.hexdigest()[:16]


def go(*arguments: str, cwd: Path = MODULE, limit_s: float = 300) -> str:
    """What `go ARGUMENTS` prints. Raises Failure when Go is missing or refuses."""
    program = shutil.which("go")
    if program is None:
        raise Failure(
            "the simulated cluster is built with Go, and there is no program 'go'",
            fix=f"Install Go {_go_version()} or newer and put it into PATH.",
        )
    try:
        done = subprocess.run(
            (program, *arguments), cwd=cwd, capture_output=True, text=True, check=False, timeout=limit_s, env=_clean()
        )
    except subprocess.TimeoutExpired as error:
        raise Failure(f"go {arguments[0]} did not end within {limit_s:.0f} s", fix="Look at the network.") from error
    if done.returncode:
        raise Failure(f"go {' '.join(arguments[:2])} failed: {(done.stderr or done.stdout).strip()[-1500:]}")
    return done.stdout


def _go_version() -> str:
    found = re.search(r"^go (\S+)$", (MODULE / "go.mod").read_text("utf-8"), re.M)
    return found[1] if found else "1.26"


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("GOFLAGS", "GOOS", "GOARCH", "GOWORK")}


def ensure(tell: Tell = lambda text: None) -> Programs:
    """The programs, built where they are missing. Tells every quarter of a minute that it is still building."""
    folder = cache() / key()
    if folder.is_dir():
        return Programs(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "build.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if folder.is_dir():
            return Programs(folder)
        return _build(folder, tell)


def _build(folder: Path, tell: Tell) -> Programs:
    began = time.monotonic()
    draft = folder.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    tell(f"building Kubernetes {kubernetes_version()} from {MODULE}, once for this machine")
    # The command of a `main` package is named after its folder: etcd's is `server`.
    command = ("go", "build", *_flags(), "-o", f"{draft}/", *PROGRAMS.values())
    _run_long(command, began, tell)
    for name, package in PROGRAMS.items():
        built = draft / (MODULE.name if package == "." else _command_name(package))
        built.rename(draft / name)
    source = Path(go("list", "-m", "-f", "{{.Dir}}", _SIMULATOR).strip())
    _write_stages(source / "kustomize" / "stage", draft / "stages.yaml")
    draft.rename(folder)
    return Programs(folder, time.monotonic() - began)


def _command_name(package: str) -> str:
    parts = package.split("/")
    return parts[-2] if re.fullmatch(r"v\d+", parts[-1]) else parts[-1]


def _write_stages(source: Path, target: Path) -> None:
    files = [path for name in _STAGES for path in sorted((source / name).glob("*.yaml"))]
    wanted = [path for path in files if path.name != "kustomization.yaml"]
    target.write_text("\n---\n".join(path.read_text("utf-8").strip() for path in wanted) + "\n", "utf-8")


def _run_long(command: Sequence[str], began: float, tell: Tell) -> None:
    with subprocess.Popen(
        command, cwd=MODULE, env=_clean(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        while True:
            try:
                said, _ = running.communicate(timeout=_TELL_EVERY_S)
                break
            except subprocess.TimeoutExpired:
                passed = time.monotonic() - began
                tell(f"still building, {passed:.0f} s (about 7 minutes on two idle cores)")
                if passed > BUILD_LIMIT_S:
                    running.kill()
                    raise Failure(f"the build did not end within {BUILD_LIMIT_S} s") from None
    if running.returncode:
        raise Failure(
            f"the simulated cluster cannot be built: {said.strip()[-2000:]}",
            fix="Look at the network (the Go module proxy) and the free disk (5 GB), then run it again.",
        )
