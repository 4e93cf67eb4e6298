"""What machines and the cluster on them are given: archives of images for each node, and the charts that helm installs.

An image that publishers have may be asked for by the machines themselves; the platform's own stand in no registry but
one of yours, so they have to be in the bundle. Charts come from the bundle, else once from their publishers.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nereus.ansible.inventory import Inventory
from nereus.bundle.check import Entry, read_manifest, sha256
from nereus.bundle.items import OWN_REGISTRY
from nereus.errors import BadInput
from nereus.home import Home
from nereus.paths import PROJECT

#: Where `make bundle` writes, and the role k3s_artefacts looks unless the inventory names another folder.
BUNDLE = PROJECT / "bundle"
#: Longest that one chart may take to come, in seconds.
_PULL_S = 120.0


@dataclass(frozen=True)
class Cargo:
    """Archives of images in the form of the role k3s_artefacts, the images that machines must fetch, charts' folder."""

    archives: tuple[Mapping[str, str], ...]
    fetched: tuple[str, ...]
    charts: Path


def gather(
    images: Mapping[str, str], charts: Iterable[Mapping[str, Any]], home: Home, inventory: Inventory | None, helm: str
) -> Cargo:
    """Look into the bundle; bring the charts that it lacks. `inventory` may name another bundle, and registries.

    Raises BadInput that names every image and chart that nobody could have, before anything is changed anywhere.
    """
    folder = bundle_of(inventory)
    there = {entry.origin: entry for entry in read_manifest(folder) if (folder / entry.path).is_file()}
    wanted = sorted(set(images.values()))
    problems = list(_unobtainable([each for each in wanted if each not in there], folder, mirrors(inventory)))
    kept = home.create().cache / "charts"
    kept.mkdir(exist_ok=True)
    problems += [problem for chart in charts if (problem := _bring(chart, folder / "charts", kept, helm))]
    if problems:
        raise BadInput("\n".join(problems))
    archives = tuple(_archive(there[each]) for each in wanted if each in there)
    return Cargo(archives, tuple(each for each in wanted if each not in there), kept)


def bundle_of(inventory: Inventory | None) -> Path:
    """The bundle's folder."""
    named = inventory and next((_text(inventory, host, "k3s_artefacts_folder") for host in inventory.hosts), None)
    return Path(named).expanduser() if named else BUNDLE


def _text(inventory: Inventory, host: Any, name: str) -> str | None:  # noqa: ANN401 - a host of that inventory
    value = inventory.value(host, name)
    return value if isinstance(value, str) else None


def _archive(entry: Entry) -> Mapping[str, str]:
    return {"file": entry.path, "sha256": entry.sha256}


def mirrors(inventory: Inventory | None) -> frozenset[str]:
    """The registries that every machine is told another address of."""
    if inventory is None:
        return frozenset()
    named = [inventory.value(host, "registries_mirrors") for host in inventory.hosts]
    return frozenset.intersection(*(frozenset(each if isinstance(each, dict) else ()) for each in named))


def _unobtainable(missing: list[str], folder: Path, named: frozenset[str]) -> Iterator[str]:
    own = [each for each in missing if each.startswith(OWN_REGISTRY)]
    registry = OWN_REGISTRY.rstrip("/")
    if own and not named & {registry, "*"}:
        yield (
            f"the bundle {folder} lacks images that no public registry has: {', '.join(own)}.\n"
            "  Run: make images && .venv/bin/nereus bundle make --only images --from .nereus/cache/images; or name in"
            f" the inventory a registry of yours that has them: registries_mirrors: {{{registry}: {{endpoint: [...]}}}}"
        )


def _bring(chart: Mapping[str, Any], bundle: Path, kept: Path, helm: str) -> str | None:
    """Have a chart's archive in `kept`; gives what is wrong where it cannot be had."""
    name, version, repository = (str(chart[key]) for key in ("name", "version", "repository"))
    archive = kept / f"{name}-{version}.tgz"
    if (given := bundle / archive.name).is_file():
        shutil.copyfile(given, archive)
    elif not archive.is_file() and (said := _pulled(name, version, repository, kept, helm)):
        return (
            f"the chart {name} {version} is neither in {bundle} nor to be had from {repository}: {said}\n"
            f"  Where there is a way out run: helm pull {name} --version {version} --repo {repository}; put the file"
            f" into a folder DIR and run here: .venv/bin/nereus bundle make --only charts --from DIR"
        )
    wanted = chart.get("sha256")
    if wanted and (seen := sha256(archive)) != wanted:
        archive.unlink()
        return (
            f"the chart {name} {version} has SHA-256 {seen}; versions.yaml says {wanted}.\n  Delete it and try again."
        )
    return None


def _pulled(name: str, version: str, repository: str, kept: Path, helm: str) -> str | None:
    """Have helm fetch an archive; gives what helm said where it did not come."""
    words = (helm, "pull", name, "--repo", repository, "--version", version, "--destination", str(kept))
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=_PULL_S)
    except subprocess.TimeoutExpired:
        return f"nothing came within {_PULL_S:.0f} s"
    if not done.returncode and (kept / f"{name}-{version}.tgz").is_file():
        return None
    return (done.stderr.strip().splitlines() or ["helm brought nothing"])[-1][-300:]
