"""Custom resource definitions for the simulated cluster: our own schemas, and those that Go modules carry."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from nereus.errors import Failure
from nereus.kubernetes.sim.api import Json, Object
from nereus.kubernetes.sim.binaries import MODULE, Tell, cache, go
from nereus.paths import PROJECT

OWN = MODULE / "definitions"
_TYPES = "io.k8s.api."
_REFERENCE = "$kubernetes"
#: Keywords of the server's schemas that a definition may repeat; texts, defaults and unions are not among them.
_KEYWORDS = {"type", "format", "properties", "items", "additionalProperties", "required", "enum"}
#: Structural schemas write quantities and ports like this.
_INT_OR_STRING = {"x-kubernetes-int-or-string": True}


def own(types: Mapping[str, Json]) -> Iterator[Object]:
    """Our own definitions, with Kubernetes' types taken from `types`, the definitions of the server's /openapi/v2."""
    for path in sorted(OWN.glob("*.yaml")):
        content = YAML(typ="safe").load(path.read_text("utf-8"))
        resolved: Object = _resolve(json.loads(json.dumps(content)), types)
        yield resolved


def _resolve(node: Json, types: Mapping[str, Json]) -> Json:
    if isinstance(node, list):
        return [_resolve(each, types) for each in node]
    if not isinstance(node, dict):
        return node
    if _REFERENCE in node:
        return _schema(_TYPES + node[_REFERENCE], types)
    return {key: _resolve(each, types) for key, each in node.items()}


def _schema(name: str, types: Mapping[str, Json]) -> Json:
    """A type of Kubernetes as a structural schema: references filled in, texts left out."""
    if name.endswith((".Quantity", ".IntOrString")):
        return dict(_INT_OR_STRING)
    if name not in types:
        raise Failure(f"the API server has no type {name}", fix="Look for its name in /openapi/v2 of the server.")
    return _structural(types[name], types)


def _structural(node: Json, types: Mapping[str, Json]) -> Json:
    if isinstance(node, list):
        return [_structural(each, types) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _schema(node["$ref"].removeprefix("#/definitions/"), types)
    # `properties` holds names, not keywords: a property may be called "description".
    return {
        key: {name: _structural(each, types) for name, each in value.items()}
        if key == "properties"
        else _structural(value, types)
        for key, value in node.items()
        if key in _KEYWORDS
    }


@dataclass(frozen=True)
class Published:
    """Definitions that a Go module carries: its version (that of the image it belongs to), checksum and files."""

    module: str
    version: str
    sum: str
    folder: str
    files: tuple[str, ...]

    @property
    def names(self) -> set[str]:
        """Names of the definitions: a file is called GROUP_PLURAL."""
        return {f"{plural}.{group}" for group, plural in (each.split("_") for each in self.files)}


def modules() -> Iterator[Published]:
    """What versions.yaml says of published definitions."""
    pinned = YAML(typ="safe").load((PROJECT / "versions.yaml").read_text("utf-8"))
    for name, pin in pinned["definitions"].items():
        tag = pinned["images"][name].partition("@")[0].rsplit(":", 1)[1]
        version = f"v{tag.removeprefix('v')}"
        yield Published(pin["module"], version, pin["sum"], pin["folder"], tuple(pin["files"]))


def folder(pin: Published, tell: Tell = lambda text: None) -> Path:
    """The folder with the files of one module, downloaded once."""
    found = cache() / "definitions" / hashlib.sha256(repr(pin).encode()).hexdigest()[:16]
    if not found.is_dir():
        tell(f"getting the definitions of {pin.module} {pin.version}, once for this machine")
        _download(pin, found)
    return found


def _download(pin: Published, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # Outside of any module, so that the version asked for is the version that comes.
    with tempfile.TemporaryDirectory(dir=target.parent) as empty:
        got = json.loads(go("mod", "download", "-json", f"{pin.module}@{pin.version}", cwd=Path(empty)))
        if got["Sum"] != pin.sum:
            raise Failure(
                f"{pin.module} {pin.version} has the checksum {got['Sum']}; versions.yaml expects {pin.sum}",
                fix="Do not use it before you know why; after a change of the image's version, write the new one.",
            )
        draft = Path(empty) / "draft"
        draft.mkdir()
        for name in pin.files:
            shutil.copyfile(Path(got["Dir"], pin.folder, f"{name}.yaml"), draft / f"{name}.yaml")
        draft.rename(target)
