"""k8s/*.yaml -> what runs where and who talks to whom: what manifests, policies and predictions come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from nereus import secrets
from nereus.errors import BadInput
from nereus.paths import PROJECT
from nereus.suggest import closest

#: The folder of everything that is rendered.
SOURCE = PROJECT / "k8s"
#: The label by which policies, budgets and predictions know a pod.
LABEL = "nereus/component"

Facility = Literal["ingress", "certificates", "monitoring", "object_store", "storage_class"]
Word = Literal["plan"]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Namespace(_Entry):
    """One namespace. `reason` says why its Pod Security is not restricted."""

    purpose: str = Field(alias="for")
    unless: Facility | None = None
    pod_security: Literal["restricted", "baseline", "privileged"] = "restricted"
    reason: str | None = None


class Volume(_Entry):
    """One claim of each replica. `size` is a quantity, or `plan`."""

    size: str
    disk: Literal["hot", "cold"]


class BySize(_Entry):
    """A number that differs between one or two machines and three or more."""

    small: Annotated[int, Field(ge=0)]
    ha: Annotated[int, Field(ge=0)]


class Component(_Entry):
    """One kind of pod; components.yaml explains the keys."""

    namespace: str
    kind: Literal["Deployment", "StatefulSet", "DaemonSet", "Job", "Pod"]
    replicas: Annotated[int, Field(ge=0)] | Literal["frontends", "backends", "notebooks"] | BySize = 1
    cpu: tuple[str | float, str | float] | Word
    memory: tuple[str, str] | Word
    spread: Literal["required", "preferred"] | None = None
    volumes: Mapping[str, Volume] = Field(default_factory=dict)
    ports: Mapping[str, Annotated[int, Field(ge=1, le=65535)]] = Field(default_factory=dict)
    priority: Literal["warehouse", "services", "notebooks"] = "warehouse"
    selector: Mapping[str, str] | None = None
    chart: str | None = None
    operator: str | None = None
    unless: Facility | None = None


class Flow(_Entry):
    """One allowed direction of traffic."""

    source: str = Field(alias="from")
    target: str = Field(alias="to")
    ports: tuple[str | int, ...]
    why: str
    after: Literal["setup"] | None = None


class SecretKey(_Entry):
    """What one key of a Secret holds: a generated password by its name, a text around passwords, or a file.

    `file` is a file of .nereus/secrets that nereus.kubernetes.identity keeps. `previous` asks for what the password was
    before it was rotated.
    """

    secret: str | None = None
    text: str | None = None
    file: str | None = None
    previous: bool = False


class Secret(_Entry):
    """One Secret of Kubernetes."""

    namespace: str
    type: str = "Opaque"
    unless: Facility | None = None
    keys: Mapping[str, SecretKey]


#: What a flow may name beside components.
PLACES = ("world", "kubernetes-api", "nodes", "ingress", "s3")


@dataclass(frozen=True)
class Catalogue:
    """Everything the tables of k8s/ say, checked against each other."""

    namespaces: Mapping[str, Namespace]
    components: Mapping[str, Component]
    flows: tuple[Flow, ...]
    secrets: Mapping[str, Secret]
    images: Mapping[str, str]
    charts: Mapping[str, Mapping[str, str]]

    def labels(self, name: str) -> Mapping[str, str]:
        """The labels that select a component's pods."""
        return self.components[name].selector or {LABEL: name}


def read(source: Path = SOURCE, versions: Path = PROJECT / "versions.yaml") -> Catalogue:
    """The tables beneath `source`. Raises BadInput that names file, entry and fix."""
    pinned = load_yaml(versions)
    found = Catalogue(
        namespaces=_table(source / "namespaces.yaml", Mapping[str, Namespace]),
        components=_table(source / "components.yaml", Mapping[str, Component]),
        flows=_table(source / "flows.yaml", tuple[Flow, ...]),
        secrets=_table(source / "secrets.yaml", Mapping[str, Secret]),
        images=pinned["images"],
        charts=pinned["charts"],
    )
    if faults := list(_faults(found)):
        raise BadInput("\n".join(faults))
    return found


def load_yaml(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """One YAML document. Raises BadInput with the line."""
    try:
        return YAML(typ="safe").load(path.read_text("utf-8"))
    except FileNotFoundError:
        raise BadInput(f"there is no file {path}", fix="It is a part of the project: restore it.") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise BadInput(f"{path.name}: line {line} is no YAML: {error.problem}.", fix="Correct that line.") from None


def _table(path: Path, kind: Any) -> Any:  # noqa: ANN401 - pydantic takes any type
    try:
        return TypeAdapter(kind).validate_python(load_yaml(path))
    except ValidationError as error:
        lines = []
        for each in error.errors(include_url=False):
            where = ".".join(str(part) for part in each["loc"])
            lines.append(f"{path.name}: {where} is {each['input']!r}; {each['msg'][:1].lower()}{each['msg'][1:]}.")
        raise BadInput("\n".join(lines), fix=f"Correct {path.name}; its first lines explain the keys.") from None


def _faults(found: Catalogue) -> Iterator[str]:
    for name, space in found.namespaces.items():
        if space.pod_security != "restricted" and not space.reason:
            yield (
                f"namespaces.yaml: {name} is {space.pod_security} without a reason; expected `reason:` beside it.\n"
                "  Say what cannot be restricted, or remove pod_security."
            )
    for name, one in found.components.items():
        yield from _known(f"components.yaml: {name}.namespace", one.namespace, found.namespaces, "namespaces.yaml")
        if one.chart:
            yield from _known(f"components.yaml: {name}.chart", one.chart, found.charts, "versions.yaml, charts")
    for secret, declared in found.secrets.items():
        yield from _known(f"secrets.yaml: {secret}.namespace", declared.namespace, found.namespaces, "namespaces.yaml")
        for key, each in declared.keys.items():
            if sum(value is not None for value in (each.secret, each.text, each.file)) != 1:
                yield f"secrets.yaml: {secret}.{key} needs one of `secret`, `text`, `file`.\n  Write one of the three."
            elif each.secret:
                yield from _known(f"secrets.yaml: {secret}.{key}", each.secret, secrets.NAMES, "nereus.secrets.NAMES")
    for flow in found.flows:
        yield from _flow_faults(found, flow)
    for flow in {each for each in found.flows if found.flows.count(each) > 1}:
        yield f"flows.yaml: {flow.source} to {flow.target} stands there twice.\n  Remove one."


def _flow_faults(found: Catalogue, flow: Flow) -> Iterator[str]:
    where = f"flows.yaml: {flow.source} to {flow.target}"
    both = {**found.components, **dict.fromkeys(PLACES)}
    for end in (flow.source, flow.target):
        yield from _known(where, end, both, "components.yaml")
    target = found.components.get(flow.target)
    for port in flow.ports:
        if target is None:
            if isinstance(port, str) and flow.target != "s3":
                yield f"{where}: port {port!r} has no number there.\n  Write the number."
        elif port not in target.ports:
            known = ", ".join(target.ports) or "none"
            yield (
                f"{where}: {flow.target} has no port {port!r}; expected one of {known}.\n"
                "  Correct the name, or add the port to components.yaml."
            )


def _known(where: str, name: str, known: Mapping[str, object], home: str) -> Iterator[str]:
    if name not in known:
        meant = closest(name, known)
        fix = f"Did you mean {meant}?" if meant else f"Add it to {home}, or correct the name."
        yield f"{where}: {name!r} is not in {home}.\n  {fix}"
