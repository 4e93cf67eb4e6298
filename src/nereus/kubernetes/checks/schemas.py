"""Fields and types of every object, offline: Kubernetes' own schemas, and of a DorisCluster the fields we use."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate

from nereus.kubernetes.catalogue import SOURCE, load_yaml
from nereus.kubernetes.checks.objects import Fault, Object, name
from nereus.suggest import closest

Schema = Mapping[str, Any]
#: The release of Kubernetes whose schemas are taken: newer fields would be refused by an older cluster.
RELEASE = "1.36.0"
_SHIPPED = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / f"v{RELEASE}-local-strict"
_OWN = SOURCE / "sim" / "definitions"
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}


def faults(objects: Iterable[Object]) -> Iterator[Fault]:
    """Every field that its kind does not have, and every value of another type or choice."""
    for one in objects:
        schema = schema_of(one)
        if schema is not None:
            for where, wrong, fix in _walk(one, schema, ""):
                yield Fault(name(one), f"{where} {wrong}".lstrip(), fix)


def schema_of(one: Object) -> Schema | None:
    """The schema of an object's kind; None for custom resources that bring none here."""
    return _kinds().get((str(one.get("apiVersion")), str(one.get("kind"))))


@cache
def _types() -> Mapping[str, Schema]:
    """Kubernetes' types by their name in its OpenAPI description."""
    found: Mapping[str, Schema] = json.loads((_SHIPPED / "_definitions.json").read_text("utf-8"))["$defs"]
    return found


@cache
def _kinds() -> Mapping[tuple[str, str], Schema]:
    """(apiVersion, kind) -> schema."""
    found: dict[tuple[str, str], Schema] = {}
    for schema in _types().values():
        properties = schema.get("properties") or {}
        versions = (properties.get("apiVersion") or {}).get("enum")
        kinds = (properties.get("kind") or {}).get("enum")
        if versions and kinds:
            found[versions[0], kinds[0]] = schema
    for path in sorted(_OWN.glob("*.yaml")):
        spec = load_yaml(path)["spec"]
        for version in spec["versions"]:
            schema = version["schema"]["openAPIV3Schema"]
            metadata = {"$kubernetes": "apimachinery.pkg.apis.meta.v1.ObjectMeta"}
            own = {**schema, "properties": {**schema["properties"], "metadata": metadata}}
            found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = own
    return found


def _resolved(schema: Schema) -> Schema:
    """What a schema refers to; `$kubernetes` is how our own definitions name a type of Kubernetes."""
    if "$ref" in schema:
        return _types()[str(schema["$ref"]).removeprefix("#/$defs/")]
    if "$kubernetes" in schema:
        wanted = str(schema["$kubernetes"])
        return _types().get(f"io.k8s.api.{wanted}") or _types()[f"io.k8s.{wanted}"]
    return schema


def _walk(value: Any, schema: Schema, where: str) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401
    """Where, what, fix of each fault."""
    schema = _resolved(schema)
    wanted = _wanted(schema)
    if wanted and not _fits(value, wanted):
        kinds = " or ".join(sorted(wanted - {"null"}))
        yield where, f"is {_shown(value)}; expected {kinds}.", "Correct its type."
        return
    if schema.get("enum") and value not in schema["enum"] and value is not None:
        meant = closest(str(value), [str(each) for each in schema["enum"]])
        choices = ", ".join(str(each) for each in schema["enum"])
        yield where, f"is {value!r}; expected {choices}.", f"Did you mean {meant}?" if meant else "Choose one."
    if isinstance(value, dict):
        yield from _fields(value, schema, where)
    elif isinstance(value, list) and "items" in schema:
        for index, each in enumerate(value):
            yield from _walk(each, schema["items"], f"{where}[{index}]")


def _fields(value: Mapping[str, Any], schema: Schema, where: str) -> Iterator[tuple[str, str, str]]:
    properties, others = schema.get("properties") or {}, schema.get("additionalProperties")
    for key, each in value.items():
        path = f"{where}.{key}".lstrip(".")
        if key in properties:
            yield from _walk(each, properties[key], path)
        elif isinstance(others, Mapping):
            yield from _walk(each, others, path)
        elif properties:
            meant = closest(str(key), properties)
            yield path, "is no field of it.", f"Did you mean {meant}?" if meant else "Remove it."
    for key in schema.get("required") or []:
        if value.get(key) is None:
            yield f"{where}.{key}".lstrip("."), "is missing.", "Add it."


def _wanted(schema: Schema) -> frozenset[str]:
    """The JSON types that a schema takes; empty when it takes any."""
    if schema.get("x-kubernetes-int-or-string"):
        return frozenset({"string", "integer"})
    alternatives = schema.get("oneOf") or [schema]
    found: set[str] = set()
    for each in alternatives:
        given = each.get("type")
        found |= {given} if isinstance(given, str) else set(given or ())
    return frozenset(found)


def _fits(value: Any, wanted: frozenset[str]) -> bool:  # noqa: ANN401
    if value is None:
        return "null" in wanted
    # A boolean is an integer to Python, not to Kubernetes.
    if isinstance(value, bool):
        return "boolean" in wanted
    return any(isinstance(value, _TYPES[each]) for each in wanted if each != "null")


def _shown(value: Any) -> str:  # noqa: ANN401
    return "a section" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)
