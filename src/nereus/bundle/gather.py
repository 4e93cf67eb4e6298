"""Filling the bundle: from folders that hold the files already, else from their publishers, each by its checksum."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import requests
from ruamel.yaml import YAML

from nereus.bundle import image
from nereus.bundle.check import MANIFEST, Entry, Problem, read_manifest, sha256, unknown
from nereus.bundle.items import LOCKS, OWN_REGISTRY, Item
from nereus.errors import Failure

Tell = Callable[[str], None]
Files = Mapping[str, list[Path]]

_CONNECT_S, _READ_S = 10, 60
#: Longest that a lock's packages may take to come, in seconds.
_PATIENCE_S = 3600
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Gathered:
    """What one run did: files that came, how many were there already, and what is still missing or refused."""

    came: list[str]
    present: int
    problems: list[Problem]


def make(
    items: Sequence[Item],
    parts: Sequence[str],
    folder: Path,
    sources: Sequence[Path],
    locks: Path,
    *,
    fetch: bool,
    tell: Tell,
) -> Gathered:
    """Bring everything into `folder` and write its manifest. Again: brings only what is missing.

    Args:
        items: what belongs into these parts of the bundle.
        parts: the parts that are made; others are left.
        folder: the bundle; made where it is missing.
        sources: folders to look in first, for files with the right checksum.
        locks: folder of the locks, for wheels.
        fetch: whether publishers are asked for what no folder has.
        tell: is told what is being done.

    What could not be had is listed, not raised: the next run goes on from there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = {entry.path: entry for entry in read_manifest(folder)}
    files = _index(sources)
    came: list[str] = []
    problems: list[Problem] = []
    entries: list[Entry] = []
    for item in (item for item in items if item.path):
        tell(item.name)
        before = kept.get(item.path)
        outcome = _place(item, folder, files, before, fetch=fetch)
        if isinstance(outcome, Problem):
            problems.append(outcome)
            continue
        entries.append(outcome)
        if outcome != before:
            came.append(outcome.path)
    wheels = [item for item in items if not item.path]
    if wheels:
        found, new, lacking = _wheels(wheels, folder, files, locks, fetch=fetch, tell=tell)
        entries, came, problems = entries + found, came + new, problems + lacking
    ours = {path: entry for path, entry in kept.items() if entry.part in parts}
    _remove_others(folder, {entry.path for entry in entries}, ours)
    others = [entry for path, entry in kept.items() if path not in ours]
    _write_manifest(folder, entries + others)
    return Gathered(came, len(entries) - len(came), problems)


def _index(sources: Iterable[Path]) -> dict[str, list[Path]]:
    """Files of the given folders by their name."""
    found: dict[str, list[Path]] = {}
    for source in sources:
        for path in sorted(source.rglob("*")):
            if path.is_file():
                found.setdefault(path.name, []).append(path)
    return found


def _place(item: Item, folder: Path, files: Files, before: Entry | None, *, fetch: bool) -> Entry | Problem:
    target = folder / item.path
    if item.part == "images":
        return _place_image(item, target, files, before, fetch=fetch)
    candidates = [path for path in (target, *files.get(target.name, [])) if path.is_file()]
    if not item.sha256:
        return unknown(item, sha256(candidates[0]) if candidates else None)
    for path in candidates:
        if (digest := sha256(path)) in item.sha256:
            _copy(path, target)
            return _entry(item, target, digest)
    if not fetch:
        seen = "".join(f" {path} has another checksum." for path in candidates)
        expected = next(iter(item.sha256))
        return Problem(f"{item.name} is missing: {item.path}; expected SHA-256 {expected}.{seen}", item.get)
    try:
        address = _chart_address(item) if item.part == "charts" else item.source
        digest = _download(address, target, item.sha256)
    except (requests.RequestException, OSError, Failure) as error:
        return Problem(
            f"{item.name} did not come: {error}", f"{item.get}, put it into a folder and name it with --from"
        )
    return _entry(item, target, digest)


def _copy(path: Path, target: Path) -> None:
    if path == target:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(path, draft)
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)


def _entry(item: Item, path: Path, digest: str) -> Entry:
    return Entry(item.path, item.part, item.name, item.source, digest, path.stat().st_size)


def _download(address: str, target: Path, expected: frozenset[str]) -> str:
    """Fetch a file; it gets its name only with the expected checksum. Returns that."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with requests.get(address, stream=True, timeout=(_CONNECT_S, _READ_S)) as answer:
            answer.raise_for_status()
            with draft.open("wb") as stream:
                for block in answer.iter_content(_BLOCK):
                    stream.write(block)
        digest = sha256(draft)
        if digest not in expected:
            raise Failure(f"{address} gave SHA-256 {digest}; expected {next(iter(expected))}")
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)
    return digest


def _chart_address(item: Item) -> str:
    """Where a repository keeps a chart's archive, from its index."""
    repository = item.source.rstrip("/") + "/"
    answer = requests.get(urljoin(repository, "index.yaml"), timeout=(_CONNECT_S, _READ_S))
    answer.raise_for_status()
    _, name, version = item.name.split(" ")
    listed = YAML(typ="safe").load(answer.text)["entries"].get(name, [])
    for chart in listed:
        if str(chart["version"]) == version:
            return str(urljoin(repository, chart["urls"][0]))
    raise Failure(f"{repository} lists no {name} {version}")


def _place_image(item: Item, target: Path, files: Files, before: Entry | None, *, fetch: bool) -> Entry | Problem:
    kept = before if before and before.origin == item.source and _unchanged(target, before) else None
    if item.source.startswith(OWN_REGISTRY):
        return _place_own(item, target, files, kept)
    if kept:
        return kept
    if not item.sha256:
        return unknown(item, None)
    (digest,) = item.sha256
    for path in files.get(target.name, []):
        if image.holds(path, digest):
            _copy(path, target)
            return _entry(item, target, sha256(target))
    if not fetch:
        return Problem(f"{item.name} is missing: {item.path}", f"{item.get}; then run: make bundle")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        image.pull(item.source, draft)
        draft.rename(target)
    except (requests.RequestException, OSError, Failure) as error:
        return Problem(
            f"{item.name} did not come: {error}",
            f"{item.get}; or name with --from a folder with {target.name} of another bundle",
        )
    finally:
        draft.unlink(missing_ok=True)
    return _entry(item, target, sha256(target))


def _place_own(item: Item, target: Path, files: Files, kept: Entry | None) -> Entry | Problem:
    """An image of `make images`: built again it keeps its name, so another archive replaces the one that is kept."""
    for path in files.get(target.name, []):
        digest = sha256(path)
        if _listed(path, digest):
            if kept is None or kept.sha256 != digest:
                _copy(path, target)
            return _entry(item, target, digest)
    return kept or Problem(f"{item.name} is missing: {item.path}", f"{item.get}; then run: make bundle")


def _unchanged(path: Path, entry: Entry) -> bool:
    return path.is_file() and sha256(path) == entry.sha256


def _listed(path: Path, digest: str) -> bool:
    """Whether the SHA256SUMS beside an archive names it with this checksum."""
    sums = path.parent / "SHA256SUMS"
    return sums.is_file() and f"{digest}  {path.name}" in sums.read_text("utf-8").splitlines()


def _run(command: Sequence[str]) -> str:
    """Run a program. Returns the end of what it said where it failed, else nothing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        return f"nothing came within {_PATIENCE_S} s"
    if not done.returncode:
        return ""
    return (done.stderr or done.stdout).strip()[-500:] or f"exit code {done.returncode}"


def _wheels(
    items: Sequence[Item], folder: Path, files: Files, locks: Path, *, fetch: bool, tell: Tell
) -> tuple[list[Entry], list[str], list[Problem]]:
    """Packages of the locks, found by their content: a lock names checksums, not files."""
    wanted = {digest: item for item in items for digest in item.sha256}
    target = folder / "wheels"
    target.mkdir(exist_ok=True)
    came = _take(target, wanted, (path for paths in files.values() for path in paths))
    said = ""
    if fetch and not _complete(target, items):
        with tempfile.TemporaryDirectory(dir=folder, prefix=".wheels-") as drafts:
            for lock in LOCKS:
                tell(f"packages of locks/{lock}.txt")
                pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes")
                said = _run((*pip, "--dest", drafts, "--requirement", str(locks / f"{lock}.txt"))) or said
            came += _take(target, wanted, Path(drafts).iterdir())
    here = {sha256(path): path for path in target.iterdir()}
    entries = [
        Entry(f"wheels/{path.name}", "wheels", wanted[digest].name, wanted[digest].source, digest, path.stat().st_size)
        for digest, path in here.items()
        if digest in wanted
    ]
    reason = f" pip said: {said}" if said else ""
    problems = [
        Problem(f"{item.name} is missing: no file has one of its {len(item.sha256)} checksums.{reason}", item.get)
        for item in items
        if not item.sha256 & here.keys()
    ]
    return entries, came, problems


def _take(target: Path, wanted: Mapping[str, Item], files: Iterable[Path]) -> list[str]:
    came = []
    for path in files:
        package = path.name.endswith((".whl", ".tar.gz", ".zip"))
        if package and not (target / path.name).exists() and sha256(path) in wanted:
            _copy(path, target / path.name)
            came.append(f"wheels/{path.name}")
    return came


def _complete(target: Path, items: Sequence[Item]) -> bool:
    here = {sha256(path) for path in target.iterdir()}
    return all(item.sha256 & here for item in items)


def _remove_others(folder: Path, wanted: set[str], kept: Mapping[str, Entry]) -> None:
    """Remove what an earlier run brought and nothing wants now; a stranger's file is left for `check` to name."""
    for path in kept.keys() - wanted:
        (folder / path).unlink(missing_ok=True)


def _write_manifest(folder: Path, entries: Sequence[Entry]) -> None:
    files = [dataclasses.asdict(entry) for entry in sorted(entries, key=lambda entry: entry.path)]
    text = json.dumps({"files": files}, indent=1) + "\n"
    path = folder / MANIFEST
    if not path.exists() or path.read_text("utf-8") != text:
        draft = path.with_name(f".{MANIFEST}.{os.getpid()}")
        draft.write_text(text, "utf-8")
        draft.rename(path)
