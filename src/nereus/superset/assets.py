"""Reads the dashboards of use cases: the YAML that Superset imports, and who sees which rows.

usecases/retail/dashboards/charts/revenue.yaml -> Asset(kind="charts", name="retail/revenue.yaml", content={...})
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from nereus.errors import BadInput
from nereus.paths import PROJECT, USECASES
from nereus.superset import access

COMMON = PROJECT / "superset" / "assets"
FOLDER = "dashboards"
#: Folders of YAML beside each other, in the order in which one refers to another.
KINDS = ("datasets", "charts", "dashboards")


@dataclass(frozen=True)
class Asset:
    """One file. `usecase` is empty for what all use cases share; `shown` names the file to people."""

    kind: str
    usecase: str
    path: Path
    text: str
    content: dict[str, Any]

    @property
    def shown(self) -> str:
        return "/".join(self.path.parts[-4:] if self.usecase else self.path.parts[-3:])

    @property
    def imported(self) -> str:
        """Where it stands in the import."""
        return "/".join((self.kind, *((self.usecase,) if self.usecase else ()), self.path.name))

    @property
    def uuid(self) -> str:
        return str(self.content.get("uuid"))


@dataclass(frozen=True)
class Bundle:
    """Everything that is imported at once."""

    assets: tuple[Asset, ...]
    access: dict[str, access.Access]

    def of(self, kind: str, usecase: str | None = None) -> list[Asset]:
        return [one for one in self.assets if one.kind == kind and usecase in (None, one.usecase)]

    def datasets(self, usecase: str | None = None) -> list[str]:
        """The datasets as `schema.table`."""
        return [_name(one) for one in self.of("datasets", usecase)]


def _name(dataset: Asset) -> str:
    return f"{dataset.content.get('schema')}.{dataset.content.get('table_name')}"


def read(usecases: Iterable[str], folder: Path = USECASES) -> Bundle:
    """The dashboards of these use cases and the database they ask. Raises BadInput for what is no YAML mapping."""
    found = [_asset("databases", "", path) for path in sorted((COMMON / "databases").glob("*.yaml"))]
    rows: dict[str, access.Access] = {}
    for usecase in usecases:
        place = folder / usecase / FOLDER
        own = list(_own(usecase, place))
        tables = {str(one.content.get("table_name")) for one in own if one.kind == "datasets"}
        rows[usecase] = access.load(place, tables)
        found += own
    return Bundle(tuple(found), rows)


def _own(usecase: str, place: Path) -> Iterator[Asset]:
    for kind in KINDS:
        for path in sorted((place / kind).glob("*.yaml")):
            yield _asset(kind, usecase, path)


def _asset(kind: str, usecase: str, path: Path) -> Asset:
    text = path.read_text("utf-8")
    shown = "/".join(path.parts[-4:])
    try:
        content = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        said = " ".join(str(error).split())
        raise BadInput(f"{shown}: this is not YAML: {said}", fix="Correct the line, or export it anew.") from None
    if not isinstance(content, dict):
        raise BadInput(f"{shown}: expected keys and values.", fix="Correct it, or export it anew.")
    return Asset(kind, usecase, path, text, content)
