"""What helm charts make that cannot be had from a registry: the workloads that components.yaml says they make.

Names, labels, replicas, requests, limits, spread and claims are those that the platform counts on; whether the chart's
values really bring them about is for the chart itself to show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nereus.kubernetes.catalogue import Catalogue
from nereus.kubernetes.quantities import bytes_text, cpu_text
from nereus.kubernetes.render.demand import Demand
from nereus.kubernetes.sim.api import Object
from nereus.kubernetes.standins import MARK

_RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
_VERSIONS = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "DaemonSet": "apps/v1", "Job": "batch/v1"}


def workloads(
    demands: Mapping[str, Demand], catalogue: Catalogue, classes: Mapping[str, str], made: Mapping[str, str]
) -> Iterator[Object]:
    """One workload for each component of a chart.

    `classes` gives the storage class of the `hot` and the `cold` disk; `made` the priority class of each priority, for
    those that have one.
    """
    for name, demand in demands.items():
        if demand.component.chart is not None and demand.component.kind in _VERSIONS:
            yield _workload(name, demand, catalogue, classes, made)


def _workload(
    name: str, demand: Demand, catalogue: Catalogue, classes: Mapping[str, str], made: Mapping[str, str]
) -> Object:
    one = demand.component
    labels = dict(catalogue.labels(name))
    mark = {MARK: f"chart {one.chart}"}
    spec: Object = {
        "template": {"metadata": {"labels": labels, "annotations": mark}, "spec": _pod(name, demand, labels, made)}
    }
    if one.kind != "Job":
        spec["selector"] = {"matchLabels": labels}
    if one.kind in ("Deployment", "StatefulSet"):
        spec["replicas"] = demand.replicas
    if one.kind == "StatefulSet":
        spec["serviceName"] = name
        spec["podManagementPolicy"] = "Parallel"
        spec["volumeClaimTemplates"] = [
            _claim(volume, size, classes[one.volumes[volume].disk]) for volume, size in demand.volumes.items()
        ]
    meta = {"name": name, "namespace": one.namespace, "labels": labels, "annotations": mark}
    return {"apiVersion": _VERSIONS[one.kind], "kind": one.kind, "metadata": meta, "spec": spec}


def _claim(name: str, size: int, storage_class: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class,
            "resources": {"requests": {"storage": bytes_text(size)}},
        },
    }


def _pod(name: str, demand: Demand, labels: Mapping[str, str], made: Mapping[str, str]) -> Object:
    one = demand.component
    container = {
        "name": name,
        "image": f"stand-in.nereus.invalid/{name}:0",
        "securityContext": _RESTRICTED,
        "ports": [{"name": port[:15], "containerPort": number} for port, number in one.ports.items()],
        "resources": {
            "requests": {"cpu": cpu_text(demand.cpu_request), "memory": bytes_text(demand.memory_request)},
            "limits": {"cpu": cpu_text(demand.cpu_limit), "memory": bytes_text(demand.memory_limit)},
        },
    }
    pod: Object = {"containers": [container], "automountServiceAccountToken": False}
    if one.kind == "Job":
        pod["restartPolicy"] = "Never"
    if one.priority in made:
        pod["priorityClassName"] = made[one.priority]
    if one.spread is not None:
        pod["affinity"] = {"podAntiAffinity": _apart(one.spread, labels)}
    return pod


def _apart(spread: str, labels: Mapping[str, str]) -> Object:
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": dict(labels)}}
    key = f"{spread}DuringSchedulingIgnoredDuringExecution"
    return {key: [term if spread == "required" else {"weight": 100, "podAffinityTerm": term}]}
