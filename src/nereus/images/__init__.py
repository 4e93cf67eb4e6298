"""The platform's own container images: what each is made of, building them, saving them for machines without network.

An image's name and tag stand in versions.yaml; a label of it carries a hash of everything it was made of, so that one
that is there already is not built again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from nereus.errors import BadInput, Failure
from nereus.images.index import Index
from nereus.paths import PROJECT
from nereus.suggest import closest

#: The label with the hash of what an image was made of.
LABEL = "nereus.content"
CHECKSUMS = "SHA256SUMS"
ENGINES = ("podman", "docker")
#: Longest that one image may take, its packages from a slow index included, in seconds.
_BUILD_SECONDS = 3600
_ASK_SECONDS = 60


@dataclass(frozen=True)
class Image:
    """One image. Paths are relative to the project; `sources` are what its Dockerfile copies.

    `base` is a name of versions.yaml's image-bases where the image starts from another one than Python's.
    """

    name: str
    dockerfile: str
    sources: tuple[str, ...]
    title: str
    base: str | None = None


_COMMON = ("tools/image_environment.sh", "locks/image-build.txt")
IMAGES: Mapping[str, Image] = {
    image.name: image
    for image in (
        Image(
            "superset",
            "superset/Dockerfile",
            (*_COMMON, "locks/superset.txt", "superset/superset_config.py", "superset/nereus_superset"),
            "Superset and its bootstrap",
        ),
        Image(
            "hub",
            "jupyterhub/Dockerfile",
            (*_COMMON, "locks/hub.txt", "jupyterhub/nereus_hub"),
            "JupyterHub, which starts scientists' servers",
        ),
        Image(
            "notebook",
            "jupyterhub/notebook.Dockerfile",
            (
                *(*_COMMON, "locks/notebooks.txt", "usecases"),
                *("jupyterhub/nereus_notebook", "jupyterhub/nereus_start", "jupyterhub/lab"),
            ),
            "a scientist's server",
        ),
        Image(
            "portal",
            "portal/Dockerfile",
            (
                *(*_COMMON, "locks/portal.txt", "src/nereus", "portal", "superset/assets", "usecases"),
                *("benchmarks/results", "benchmarks/published.yaml"),
                *("versions.yaml", "platform.yaml"),
            ),
            "the portal, and the platform's own jobs",
        ),
        *(
            Image(name, "k8s/images/doris.Dockerfile", (), f"Apache Doris' {what}, not as root", base=name)
            for name, what in (("doris-fe", "frontend"), ("doris-be", "backend"))
        ),
    )
}


@dataclass(frozen=True)
class Bases:
    """What images start from: `run` has Python 3.11 and root certificates, `build` Python's venv module, too."""

    run: str
    build: str

    @classmethod
    def declared(cls, name: str = "python") -> Bases:
        """Those of versions.yaml."""
        declared = _versions()["image-bases"][name]
        return cls(declared, declared)

    def of(self, image: Image) -> Bases:
        """These, or the image's own."""
        return Bases.declared(image.base) if image.base else self


@dataclass(frozen=True)
class Engine:
    """podman or docker. Every call ends within a time limit; a failure carries what the engine said."""

    program: str

    @classmethod
    def find(cls, wanted: str | None = None) -> Engine:
        """The one that is wanted, or the first that is installed. Raises BadInput."""
        if wanted is not None and wanted not in ENGINES:
            raise BadInput(f"there is no container engine {wanted!r}", fix=f"Choose one of: {', '.join(ENGINES)}.")
        for program in (wanted,) if wanted else ENGINES:
            if shutil.which(program):
                return cls(program)
        raise BadInput(
            f"{wanted or 'neither podman nor docker'} is not installed here", fix="Install one: apt install podman"
        )

    def __call__(self, *arguments: str, seconds: float = _ASK_SECONDS) -> str:
        done = self._run(arguments, seconds)
        if done.returncode:
            said = (done.stderr or done.stdout).strip()[-3000:]
            raise Failure(f"{self.program} {arguments[0]} failed: {said}")
        return done.stdout

    def content_of(self, reference: str) -> str | None:
        """The label of an image that is there, or None."""
        done = self._run(("image", "inspect", reference), _ASK_SECONDS)
        if done.returncode:
            return None
        found = json.loads(done.stdout)[0]
        labels = found.get("Labels") or found.get("Config", {}).get("Labels") or {}
        return labels.get(LABEL)

    def _run(self, arguments: tuple[str, ...], seconds: float) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                (self.program, *arguments), capture_output=True, text=True, check=False, timeout=seconds, cwd=PROJECT
            )
        except subprocess.TimeoutExpired as error:
            raise Failure(f"{self.program} {arguments[0]} was not done within {seconds:.0f} s") from error


def chosen(names: list[str]) -> list[Image]:
    """The images of these names, all for none. Raises BadInput for a name that is none."""
    for name in names:
        if name not in IMAGES:
            near = closest(name, IMAGES)
            raise BadInput(
                f"there is no image {name!r}",
                fix=f"Did you mean {near}?" if near else f"Choose one of: {', '.join(IMAGES)}.",
            )
    return [image for image in IMAGES.values() if not names or image.name in names]


def reference(name: str) -> str:
    """How manifests call an image, from versions.yaml."""
    return str(_versions()["images"][name])


def content(image: Image, bases: Bases) -> str:
    """A hash of everything the image is made of: Dockerfile, sources, bases."""
    bases = bases.of(image)
    total = hashlib.sha256(repr((bases.run, bases.build)).encode())
    for path in _files(image):
        total.update(f"{path.relative_to(PROJECT)}\0{path.stat().st_mode & 0o111}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


def _files(image: Image) -> Iterator[Path]:
    for name in (image.dockerfile, ".dockerignore", *sorted(image.sources)):
        path = PROJECT / name
        if path.is_file():
            yield path
        else:
            yield from sorted(each for each in path.rglob("*") if each.is_file() and "__pycache__" not in each.parts)


def build(image: Image, engine: Engine, bases: Bases) -> bool:
    """Build an image where it is not there yet. Returns whether it had to. Raises Failure with what the engine said."""
    bases = bases.of(image)
    wanted, name = content(image, bases), reference(image.name)
    if engine.content_of(name) == wanted:
        return False
    with Index.of(os.environ).files() as settings:
        secrets = [part for key, path in settings.items() for part in ("--secret", f"id={key},src={path}")]
        # The host's network: an index may be reached through it alone.
        engine(
            *("build", "--network=host", "--file", image.dockerfile, "--tag", name, *secrets),
            *("--build-arg", f"BASE={bases.run}", "--build-arg", f"BUILD_BASE={bases.build}"),
            *("--label", f"{LABEL}={wanted}", "--label", f"org.opencontainers.image.title={image.title}", "."),
            seconds=_BUILD_SECONDS,
        )
    return True


def save(image: Image, engine: Engine, bases: Bases, folder: Path) -> bool:
    """Write a built image into `folder` as NAME.tar, which `podman load` and k3s read, with its checksum.

    Returns False where the file of the same content is there already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    archive, mark = folder / f"{image.name}.tar", folder / f".{image.name}.content"
    wanted = content(image, bases)
    known = checksums(folder)
    if archive.exists() and archive.name in known and mark.exists() and mark.read_text("ascii") == wanted:
        return False
    draft = archive.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    try:
        form = ("--format", "docker-archive") if engine.program == "podman" else ()
        engine("save", *form, "--output", str(draft), reference(image.name), seconds=_BUILD_SECONDS)
        with draft.open("rb") as file:
            known[archive.name] = hashlib.file_digest(file, "sha256").hexdigest()
        draft.rename(archive)
    finally:
        draft.unlink(missing_ok=True)
    mark.write_text(wanted, "ascii")
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(known.items()))
    (folder / CHECKSUMS).write_text(lines, "ascii")
    return True


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 by file, as `sha256sum --check SHA256SUMS` reads them; none where nothing was saved yet."""
    try:
        lines = (folder / CHECKSUMS).read_text("ascii").splitlines()
    except FileNotFoundError:
        return {}
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _versions() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = YAML(typ="safe").load(PROJECT / "versions.yaml")
    return found
