"""Volumes that are there and volumes that are planned: claims of pods keep their size, so a difference is refused.

Kubernetes lets nobody change the claims that a StatefulSet was made with, and an operator that tries it stalls with
half of the pods changed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from nereus.errors import BadInput
from nereus.kubernetes.operations.kubectl import Kubectl
from nereus.kubernetes.quantities import GI, in_bytes
from nereus.kubernetes.render import Rendered

_FIX = (
    "Plan more machines (machines.nodes) instead of larger volumes, or leave in platform.yaml what decided the size "
    "(data, machines, usecases)."
)


def refuse_other_sizes(rendered: Rendered, kubectl: Kubectl) -> None:
    """Raises BadInput that names every component whose pods hold volumes of another size than planned."""
    listed = json.loads(kubectl("get", "pods,persistentvolumeclaims", "--all-namespaces", "--output", "json"))["items"]
    if lines := list(differences(rendered, listed)):
        raise BadInput("\n".join(lines), fix=_FIX)


def differences(rendered: Rendered, listed: list[dict[str, Any]]) -> Iterator[str]:
    """One line for each component; `listed` are the pods and claims of a cluster."""
    sizes: dict[tuple[str, str], int] = {}
    pods: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in listed:
        meta = one["metadata"]
        if one["kind"] == "Pod":
            pods[meta["namespace"]].append(one)
        else:
            asked = one["spec"]["resources"]["requests"]["storage"]
            sizes[meta["namespace"], meta["name"]] = in_bytes(asked, f"PersistentVolumeClaim {meta['name']}")
    for name, demand in rendered.sized.demands.items():
        wanted, labels = sorted(demand.volumes.values()), rendered.catalogue.labels(name)
        if not wanted:
            continue
        for pod in pods[demand.component.namespace]:
            held = sorted(_held(pod, sizes))
            if _has(pod, labels) and held and held != wanted:
                there, planned = (" and ".join(f"{size / GI:.0f} Gi" for size in each) for each in (held, wanted))
                yield f"{name}: {pod['metadata']['name']} has volumes of {there}; the plan wants {planned}."
                break


def _held(pod: Mapping[str, Any], sizes: Mapping[tuple[str, str], int]) -> Iterator[int]:
    for volume in pod["spec"].get("volumes") or ():
        claim = (pod["metadata"]["namespace"], volume.get("persistentVolumeClaim", {}).get("claimName"))
        if claim in sizes:
            yield sizes[claim]


def _has(pod: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    own = pod["metadata"].get("labels") or {}
    return all(own.get(key) == value for key, value in labels.items())
