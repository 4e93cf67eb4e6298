"""What a bundle lacks: every declared thing is there, has its checksum, and nothing else is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nereus.bundle import image
from nereus.bundle.items import OWN_REGISTRY, PARTS, Item
from nereus.errors import BadInput

MANIFEST = "manifest.json"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Entry:
    """One file of a bundle, as the manifest lists it. `origin` is what it was made from: a reference or an address."""

    path: str
    part: str
    name: str
    origin: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Problem:
    """What is missing or wrong, and how it is mended."""

    what: str
    fix: str


def sha256(path: Path) -> str:
    """The SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def read_manifest(folder: Path) -> list[Entry]:
    """The manifest of a bundle; empty where there is none. Raises BadInput where it is damaged."""
    path = folder / MANIFEST
    if not path.exists():
        return []
    try:
        return [Entry(**entry) for entry in json.loads(path.read_text("utf-8"))["files"]]
    except (ValueError, TypeError, KeyError) as error:
        raise BadInput(f"{path} is damaged: {error}", fix="Delete it, then run: make bundle") from error


def check(items: Sequence[Item], folder: Path) -> list[Problem]:
    """Everything that is missing or wrong in a bundle; empty for a whole one. Changes nothing."""
    if not folder.is_dir():
        raise BadInput(f"there is no bundle at {folder}", fix="Make one where there is a way out: make bundle")
    entries = {entry.path: entry for entry in read_manifest(folder)}
    present = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
    seen = {name: sha256(path) for name, path in present.items() if name != MANIFEST}
    problems = [problem for item in items if (problem := _missing(item, folder, seen, entries))]
    wrong = [item.path for item in items]
    for name, digest in seen.items():
        entry = entries.get(name)
        if entry is None:
            problems.append(Problem(f"{name} is not in the manifest", f"Delete {folder / name}, or run: make bundle"))
        elif entry.sha256 != digest and name not in wrong:
            problems.append(_changed(name, digest, entry.sha256))
    return problems


def _changed(name: str, seen: str, expected: str) -> Problem:
    return Problem(f"{name} has SHA-256 {seen}; expected {expected}", "Delete it, then run: make bundle")


def _missing(item: Item, folder: Path, seen: dict[str, str], entries: dict[str, Entry]) -> Problem | None:
    if item.part == "wheels":
        if item.sha256 & set(seen.values()):
            return None
        return Problem(f"{item.name} is missing: no file has one of its {len(item.sha256)} checksums", item.get)
    own = item.source.startswith(OWN_REGISTRY)
    if not item.sha256 and not own:
        return unknown(item, seen.get(item.path))
    if item.path not in seen:
        checksum = "" if item.part == "images" else f"; expected SHA-256 {next(iter(item.sha256))}"
        return Problem(f"{item.name} is missing: {item.path}{checksum}", f"{item.get}; then run: make bundle")
    digest = seen[item.path]
    if item.part == "images":
        entry = entries.get(item.path)
        if entry and entry.origin != item.source:
            return Problem(f"{item.path} was made from {entry.origin}; wanted is {item.source}", "Run: make bundle")
        if entry and entry.sha256 != digest:
            return _changed(item.path, digest, entry.sha256)
        if item.sha256 and not image.holds(folder / item.path, next(iter(item.sha256))):
            return Problem(f"{item.path} does not hold {item.source}", "Delete it, then run: make bundle")
        return None
    return None if digest in item.sha256 else _changed(item.path, digest, next(iter(item.sha256)))


def unknown(item: Item, seen: str | None) -> Problem:
    """That versions.yaml has no checksum for a thing, which is therefore refused."""
    kind = "digest" if item.part == "images" else "SHA-256"
    found = f" The file here has SHA-256 {seen}." if seen and item.part != "images" else ""
    return Problem(
        f"{item.name} has no {kind} in versions.yaml: it is refused",
        f"{item.get}; compare its {kind} with the publisher's and write that into versions.yaml.{found}",
    )


def by_part(items: Sequence[Item]) -> dict[str, int]:
    """How many things each part has."""
    return {part: sum(item.part == part for item in items) for part in PARTS}
