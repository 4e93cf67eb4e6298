"""Writes what people changed in Superset back into the use cases' folders, in the one form that diffs well.

A file that says the same stays untouched, comments and all; a new chart gets a file named after its title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from nereus.superset import normal
from nereus.superset.assets import FOLDER, KINDS, Bundle

_TITLES = {"datasets": "table_name", "charts": "slice_name", "dashboards": "dashboard_title"}


def write(exported: Mapping[str, str], bundle: Bundle, schemas: Mapping[str, Path]) -> list[Path]:
    """Write what differs. `exported` is Superset's export, path -> YAML; `schemas` a database's use case folder.

    Returns the files written. Assets of databases that no use case owns are left out.
    """
    assets = {kind: list(_parsed(exported, kind)) for kind in KINDS}
    places = _places(assets, schemas)
    known = {one.uuid: one for one in bundle.assets}
    written: list[Path] = []
    for kind in KINDS:
        for content in assets[kind]:
            uuid = str(content["uuid"])
            if uuid not in places:
                continue
            text = normal.dump(kind, content)
            before = known.get(uuid)
            if before is not None and normal.dump(kind, before.content) == text:
                continue
            path = before.path if before is not None else _new(places[uuid] / FOLDER / kind, kind, content)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            written.append(path)
    return written


def _parsed(exported: Mapping[str, str], kind: str) -> Iterator[dict[str, Any]]:
    for path, text in sorted(exported.items()):
        if path.startswith(f"{kind}/"):
            yield YAML(typ="safe", pure=True).load(text)


def _places(assets: Mapping[str, list[dict[str, Any]]], schemas: Mapping[str, Path]) -> dict[str, Path]:
    """uuid -> the folder of the use case whose data it shows."""
    places: dict[str, Path] = {}
    for content in assets["datasets"]:
        if content.get("schema") in schemas:
            places[str(content["uuid"])] = schemas[content["schema"]]
    for content in assets["charts"]:
        if str(content.get("dataset_uuid")) in places:
            places[str(content["uuid"])] = places[str(content["dataset_uuid"])]
    for content in assets["dashboards"]:
        for each in content.get("position", {}).values():
            uuid = str(each["meta"].get("uuid")) if isinstance(each, dict) and each.get("type") == "CHART" else ""
            if uuid in places:
                places.setdefault(str(content["uuid"]), places[uuid])
    return places


def _new(folder: Path, kind: str, content: Mapping[str, Any]) -> Path:
    stem = re.sub(r"[^a-z0-9]+", "_", str(content[_TITLES[kind]]).lower()).strip("_") or kind
    path, number = folder / f"{stem}.yaml", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}_{number}.yaml"
    return path
