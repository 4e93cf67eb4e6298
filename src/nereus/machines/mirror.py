"""Terraform's libvirt provider, built from pinned sources where the provider registry is out of reach.

infra/terraform/provider-mirror is a Go module whose go.mod names the provider and whose go.sum holds the hash of
every source. What is built from it lies in the user's cache under a name made of both files and the Go version.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nereus.errors import BadInput, Failure
from nereus.machines import binary
from nereus.machines.places import TERRAFORM, user_cache

MODULE = "github.com/dmacvicar/terraform-provider-libvirt"
SOURCES = TERRAFORM / "provider-mirror"
OLDEST_GO = (1, 26)
BUILD_MINUTES = 15
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Mirror:
    """A filesystem mirror and the Terraform CLI configuration that names nothing but it."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "terraform.rc"


def version() -> str:
    """The provider's version, as go.mod requires it."""
    found = re.search(rf"^require {re.escape(MODULE)} v(\S+)", (SOURCES / "go.mod").read_text("utf-8"), re.M)
    if found is None:
        raise Failure(f"{SOURCES / 'go.mod'} does not require {MODULE}", fix="Restore the file from git.")
    return found[1]


def present() -> Mirror | None:
    """The mirror of these very sources, if it was built."""
    mirror = Mirror(_folder())
    return mirror if mirror.config.exists() else None


def ensure(tell: Callable[[str], None]) -> tuple[Mirror, bool]:
    """The mirror, built unless it is there; and whether it was built. One to four minutes, network needed."""
    if mirror := present():
        return mirror, False
    go = _go()
    folder = _folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    address = _address()
    with tempfile.TemporaryDirectory(prefix="mirror-", dir=folder.parent) as scratch:
        work = Path(scratch) / "mirror"
        place = work / address / version() / f"linux_{_ARCHITECTURES[platform.machine()]}"
        place.mkdir(parents=True)
        tell(f"building the libvirt provider {version()} from its sources (a few minutes)")
        _compile(go, place / f"terraform-provider-libvirt_v{version()}")
        (work / "terraform.rc").write_text(
            "disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n"
            f'    path = "{folder}"\n  }}\n}}\n',
            "utf-8",
        )
        if folder.exists():
            shutil.rmtree(folder)
        work.replace(folder)
    return Mirror(folder), True


def _folder() -> Path:
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum"):
        digest.update((SOURCES / name).read_bytes())
    return user_cache() / f"provider-{digest.hexdigest()[:12]}"


def _go() -> str:
    go = shutil.which("go")
    wanted = ".".join(str(part) for part in OLDEST_GO)
    fix = f"Install Go {wanted} or newer and put it on the PATH."
    if go is None:
        raise BadInput("the libvirt provider cannot be built: there is no `go` on the PATH", fix=fix)
    if platform.machine() not in _ARCHITECTURES:
        raise BadInput(
            f"the libvirt provider cannot be built for {platform.machine()}; expected x86_64 or aarch64",
            fix="Use a machine of one of these.",
        )
    said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, timeout=60, check=False).stdout
    found = re.match(r"go(\d+)\.(\d+)", said)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_GO:
        raise BadInput(f"{go} is {said.strip() or 'not a Go tool'}; expected Go {wanted} or newer", fix=fix)
    return go


def _compile(go: str, target: Path) -> None:
    command = [go, "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", str(target), MODULE]
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local"}
    try:
        built = subprocess.run(
            command,
            cwd=SOURCES,
            env=environment,
            capture_output=True,
            text=True,
            timeout=BUILD_MINUTES * 60,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Failure(
            f"building the libvirt provider took longer than {BUILD_MINUTES} minutes", fix="Run it again: it goes on."
        ) from None
    if built.returncode != 0:
        lines = built.stderr.strip().splitlines()[-6:]
        raise Failure(
            "the libvirt provider could not be built:\n  " + "\n  ".join(lines),
            fix="A checksum that does not match is never ignored; a source out of reach needs GOPROXY.",
        )


def _address() -> str:
    """The provider's address with Terraform's default host in front, as Terraform itself says it."""
    with tempfile.TemporaryDirectory(prefix="nereus-") as folder:
        block = 'terraform {\n  required_providers {\n    libvirt = { source = "dmacvicar/libvirt" }\n  }\n}\n'
        (Path(folder) / "versions.tf").write_text(block, "utf-8")
        said = subprocess.run(
            [binary.find(), "providers"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
        )
    found = re.search(r"provider\[([^\]]+)\]", said.stdout)
    if found is None:
        raise Failure(f"terraform does not say where providers come from: {said.stderr.strip()}")
    return found[1]
