"""What belongs into the bundle: read from versions.yaml and the locks, nothing is looked up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nereus.errors import BadInput
from nereus.suggest import closest

#: The parts of a bundle, in the order in which they are gathered.
PARTS = ("k3s", "charts", "images", "wheels")
#: The locks of what runs beside the cluster; every other lock is inside an image. `infrastructure` holds the package
#: `ansible`, and with it the collections; `image-build` what makes a wheel of the few packages that come as source.
LOCKS = ("nereus", "infrastructure", "image-build")
#: Where images of `make images` are named; a registry is never asked for them.
OWN_REGISTRY = "registry.nereus.internal/"

_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(.*?)(?=^[A-Za-z0-9]|\Z)", re.M | re.S)
_SHA256 = re.compile(r"^[0-9a-f]{64}$")


@dataclass(frozen=True)
class Item:
    """One thing of the bundle.

    Attributes:
        part: one of PARTS.
        name: as people call it.
        path: where it lies in the bundle; empty for a wheel, which is found by its checksum.
        sha256: checksums of which it must have one; empty where versions.yaml names none.
        source: an address, a chart's repository or an image's reference.
        get: how a person gets it.
    """

    part: str
    name: str
    path: str
    sha256: frozenset[str]
    source: str
    get: str


def declared(versions: Mapping[str, Any], locks: Path, parts: Sequence[str] = PARTS) -> list[Item]:
    """Everything that belongs into the chosen parts. Raises BadInput for an unknown part or a malformed checksum."""
    for part in parts:
        if part not in PARTS:
            near = closest(part, PARTS)
            raise BadInput(
                f"the bundle has no part {part!r}; it has {', '.join(PARTS)}",
                fix=f"Did you mean {near}?" if near else None,
            )
    readers = {"k3s": _k3s, "charts": _charts, "images": _images}
    found = [item for part, read in readers.items() if part in parts for item in read(versions.get(part, {}))]
    if "wheels" in parts:
        found += _wheels(locks)
    return found


def _checksum(where: str, value: object) -> frozenset[str]:
    if value is None:
        return frozenset()
    if not _SHA256.match(str(value)):
        raise BadInput(
            f"versions.yaml: {where} has the checksum {value!r}; expected SHA-256 as 64 lower-case hexadecimal digits",
            fix="Copy it from the publisher's list of checksums.",
        )
    return frozenset({str(value)})


def _k3s(release: Mapping[str, Any]) -> Iterator[Item]:
    if not release:
        return
    for role, files in (
        ("binary", [release["binary"]]),
        ("installer", [release["installer"]]),
        ("images", release["images"]),
    ):
        for file in files:
            yield Item(
                part="k3s",
                name=f"k3s {release['version']} {role}: {Path(file['file']).name}",
                path=file["file"],
                sha256=_checksum(f"k3s.{role}", file.get("sha256")),
                source=file.get("url", ""),
                get=f"Download {file['url']}" if file.get("url") else "No address is known: build it.",
            )


def _charts(charts: Mapping[str, Any]) -> Iterator[Item]:
    for name, chart in charts.items():
        archive = f"{name}-{chart['version']}.tgz"
        yield Item(
            part="charts",
            name=f"chart {name} {chart['version']}",
            path=f"charts/{archive}",
            sha256=_checksum(f"charts.{name}", chart.get("sha256")),
            source=chart["repository"],
            get=f"Run: helm pull {name} --version {chart['version']} --repo {chart['repository']}",
        )


def _images(images: Mapping[str, str]) -> Iterator[Item]:
    for name, reference in images.items():
        tagged, _, digest = reference.partition("@sha256:")
        yield Item(
            part="images",
            name=f"image {tagged}",
            path=f"images/{name}.tar",
            sha256=_checksum(f"images.{name}", digest or None),
            source=reference,
            get=_way_to(reference, pinned=bool(digest)),
        )


def _way_to(reference: str, *, pinned: bool) -> str:
    """How a person gets an image, or learns its digest where none is known."""
    if reference.startswith(OWN_REGISTRY):
        return "Run: make images"
    if pinned:
        return f"Let this machine reach {reference.partition('/')[0]}"
    return f"Run: podman pull {reference} && podman image inspect --format '{{{{.RepoDigests}}}}' {reference}"


def _wheels(locks: Path) -> list[Item]:
    found: dict[tuple[str, str], set[str]] = {}
    for lock in LOCKS:
        for name, version, rest in _REQUIREMENT.findall((locks / f"{lock}.txt").read_text("utf-8")):
            found.setdefault((name, version), set()).update(re.findall(r"sha256:([0-9a-f]{64})", rest))
    return [
        Item(
            "wheels",
            f"{name}=={version}",
            "",
            frozenset(hashes),
            name,
            f"Run: pip download --no-deps {name}=={version}",
        )
        for (name, version), hashes in sorted(found.items())
    ]
