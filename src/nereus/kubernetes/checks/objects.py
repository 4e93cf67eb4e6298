"""Objects as kustomize built them, and the pods that will come of them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from nereus.errors import BadInput
from nereus.kubernetes.catalogue import LABEL, Catalogue
from nereus.kubernetes.sim import binaries

Object = dict[str, Any]
#: How long kustomize may take for one platform, in seconds.
_LIMIT_S = 120


@dataclass(frozen=True)
class Fault:
    """What is wrong with which object, and the change that mends it."""

    where: str
    wrong: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.wrong}\n  {self.fix}"


@dataclass(frozen=True)
class Pods:
    """The pods of one workload. `component` is its entry in components.yaml, None when its labels fit none."""

    where: str
    kind: str
    namespace: str
    replicas: int | None
    labels: Mapping[str, str]
    spec: Object
    component: str | None
    claims: Mapping[str, Object]

    def containers(self) -> Iterator[Object]:
        yield from self.spec.get("initContainers") or []
        yield from self.spec.get("containers") or []


def kubectl() -> Path | None:
    """The kubectl of the simulated cluster where it has been built, else the one on the path."""
    built = binaries.cache() / binaries.key() / "kubectl"
    if built.exists():
        return built
    found = shutil.which("kubectl")
    return Path(found) if found else None


def build(folder: Path, program: Path) -> list[Object]:
    """Every object of a kustomization. Raises BadInput with kustomize's own words."""
    done = subprocess.run(
        [str(program), "kustomize", str(folder)], capture_output=True, text=True, check=False, timeout=_LIMIT_S
    )
    if done.returncode:
        said = done.stderr.strip().removeprefix("error: ")
        raise BadInput(f"kustomize does not build {folder.name}: {said}", fix="Correct what it names.")
    return [dict(each) for each in YAML(typ="safe").load_all(done.stdout) if each]


def name(one: Object) -> str:
    """Kind NAMESPACE/NAME."""
    meta = one.get("metadata") or {}
    return f"{one.get('kind')} {meta.get('namespace', '')}/{meta.get('name', '')}".replace(" /", " ")


def pods(objects: Iterable[Object], catalogue: Catalogue) -> Iterator[Pods]:
    """The pods of every workload, of our DorisCluster and of PostgreSQL's Cluster."""
    for one in objects:
        spec, kind = one.get("spec") or {}, one.get("kind", "")
        if kind in {"Deployment", "StatefulSet", "DaemonSet", "Job"}:
            yield _of_template(one, kind, spec, catalogue)
        elif kind == "CronJob":
            yield _of_template(one, "Job", spec["jobTemplate"]["spec"], catalogue)
        elif kind == "Pod":
            yield _pods(one, kind, 1, one["metadata"].get("labels") or {}, spec, {}, catalogue)
        elif kind == "DorisCluster":
            for part in ("fe", "be"):
                if inner := spec.get(f"{part}Spec"):
                    yield _of_doris(one, part, inner, catalogue)
        elif kind == "Cluster" and str(one.get("apiVersion", "")).startswith("postgresql.cnpg.io/"):
            yield _of_postgres(one, spec, catalogue)


def _of_template(one: Object, kind: str, spec: Object, catalogue: Catalogue) -> Pods:
    template = spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    claims = {each["metadata"]["name"]: each["spec"] for each in spec.get("volumeClaimTemplates") or []}
    replicas = None if kind == "DaemonSet" else int(spec.get("replicas", 1))
    return _pods(one, kind, replicas, labels, template.get("spec") or {}, claims, catalogue)


def _of_doris(one: Object, part: str, spec: Object, catalogue: Catalogue) -> Pods:
    claims = {
        each.get("name", "?"): each["persistentVolumeClaimSpec"]
        for each in spec.get("persistentVolumes") or []
        if "persistentVolumeClaimSpec" in each
    }
    container = {
        "name": part,
        "image": spec.get("image", ""),
        "resources": {key: spec[key] for key in ("requests", "limits") if key in spec},
        "securityContext": spec.get("containerSecurityContext") or {},
    }
    if part == "be" and not spec.get("skipDefaultSystemInit"):
        init = {**container, "name": "default-init", "securityContext": {"privileged": True}}
        initial = [init]
    else:
        initial = []
    made = {
        "securityContext": spec.get("securityContext") or {},
        "affinity": spec.get("affinity") or {},
        "serviceAccountName": spec.get("serviceAccount"),
        "automountServiceAccountToken": False,
        "containers": [container],
        "initContainers": initial,
    }
    labels = spec.get("podLabels") or {}
    return _pods(one, "StatefulSet", int(spec.get("replicas", 3)), labels, made, claims, catalogue)


def _of_postgres(one: Object, spec: Object, catalogue: Catalogue) -> Pods:
    """CloudNativePG makes its pods restricted by itself; what it is told is looked at."""
    affinity: Object = {}
    if (spec.get("affinity") or {}).get("podAntiAffinityType") == "required":
        affinity = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{}]}}
    hardened = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {"name": "postgres", "image": spec.get("imageName", ""), "resources": spec.get("resources") or {}}
    made = {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "affinity": affinity,
        "priorityClassName": spec.get("priorityClassName"),
        "containers": [{**container, "securityContext": hardened}],
    }
    storage = spec.get("storage") or {}
    claim = {
        "storageClassName": storage.get("storageClass"),
        "resources": {"requests": {"storage": storage.get("size", "0")}},
    }
    labels = (spec.get("inheritedMetadata") or {}).get("labels") or {}
    return _pods(one, "Pod", int(spec.get("instances", 1)), labels, made, {"data": claim}, catalogue)


def _pods(
    one: Object,
    kind: str,
    replicas: int | None,
    labels: Mapping[str, str],
    spec: Object,
    claims: Mapping[str, Object],
    catalogue: Catalogue,
) -> Pods:
    component = labels.get(LABEL)
    if component not in catalogue.components:
        component = None
    space = one["metadata"].get("namespace", "")
    return Pods(name(one), kind, space, replicas, labels, spec, component, claims)
