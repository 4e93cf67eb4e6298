"""What helm charts make that cannot be had from a registry: the workloads that components.yaml says they make.

Names, labels, replicas, requests, limits, spread and claims are those that the platform counts on; whether the chart's
values really bring them about is for the chart itself to show. Pods that come with a user are made as if all planned
users were at work.
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
_SCALED = ("Deployment", "StatefulSet")


def workloads(
    demands: Mapping[str, Demand], catalogue: Catalogue, classes: Mapping[str, str], priorities: Mapping[str, str]
) -> Iterator[Object]:
    """The workloads and claims of every component that a chart makes.

    `classes` gives the storage class of the `hot` and the `cold` disk, `priorities` the priority class of each priority
    that has one.
    """
    for name, demand in demands.items():
        if demand.component.chart is not None:
            yield from _of_component(_Made(name, demand, catalogue.labels(name), classes, priorities))


class _Made:
    """One component and what its objects need to know."""

    def __init__(
        self,
        name: str,
        demand: Demand,
        labels: Mapping[str, str],
        classes: Mapping[str, str],
        priorities: Mapping[str, str],
    ) -> None:
        self.name = name
        self.demand = demand
        self.one = demand.component
        self.labels = dict(labels)
        self.classes = classes
        self.priority = priorities.get(self.one.priority)
        self.mark = {MARK: f"chart {self.one.chart}"}

    def meta(self, name: str) -> Object:
        return {"name": name, "namespace": self.one.namespace, "labels": self.labels, "annotations": self.mark}


def _of_component(made: _Made) -> Iterator[Object]:
    kind, volumes = made.one.kind, made.demand.volumes
    if kind == "Pod":
        for number in range(made.demand.replicas):
            name = f"{made.name}-{number}"
            yield from (_claim(made, f"{name}-{volume}", volume) for volume in volumes)
            held = {volume: f"{name}-{volume}" for volume in volumes}
            yield {"apiVersion": "v1", "kind": "Pod", "metadata": made.meta(name), "spec": _pod(made, held)}
        return
    held = {} if kind == "StatefulSet" else {volume: f"{made.name}-{volume}" for volume in volumes}
    yield from (_claim(made, claim, volume) for volume, claim in held.items())
    spec: Object = {
        "template": {"metadata": {"labels": made.labels, "annotations": made.mark}, "spec": _pod(made, held)}
    }
    if kind != "Job":
        spec["selector"] = {"matchLabels": made.labels}
    if kind in _SCALED:
        spec["replicas"] = made.demand.replicas
    if kind == "StatefulSet":
        spec |= {"serviceName": made.name, "podManagementPolicy": "Parallel"}
        spec["volumeClaimTemplates"] = [_claim(made, volume, volume) for volume in volumes]
    yield {"apiVersion": _VERSIONS[kind], "kind": kind, "metadata": made.meta(made.name), "spec": spec}


def _claim(made: _Made, name: str, volume: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": made.meta(name),
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": made.classes[made.one.volumes[volume].disk],
            "resources": {"requests": {"storage": bytes_text(made.demand.volumes[volume])}},
        },
    }


def _pod(made: _Made, held: Mapping[str, str]) -> Object:
    one, demand = made.one, made.demand
    container = {
        "name": made.name,
        "image": f"stand-in.nereus.invalid/{made.name}:0",
        "securityContext": _RESTRICTED,
        "ports": [{"name": port[:15], "containerPort": number} for port, number in one.ports.items()],
        "resources": {
            "requests": {"cpu": cpu_text(demand.cpu_request), "memory": bytes_text(demand.memory_request)},
            "limits": {"cpu": cpu_text(demand.cpu_limit), "memory": bytes_text(demand.memory_limit)},
        },
        "volumeMounts": [{"name": volume, "mountPath": f"/{volume}"} for volume in demand.volumes],
    }
    pod: Object = {"containers": [container], "automountServiceAccountToken": False}
    if held:
        pod["volumes"] = [
            {"name": volume, "persistentVolumeClaim": {"claimName": claim}} for volume, claim in held.items()
        ]
    if one.kind == "Job":
        pod["restartPolicy"] = "Never"
    if made.priority is not None:
        pod["priorityClassName"] = made.priority
    if one.spread is not None:
        pod["affinity"] = {"podAntiAffinity": _apart(one.spread, made.labels)}
    return pod


def _apart(spread: str, labels: Mapping[str, str]) -> Object:
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": dict(labels)}}
    key = f"{spread}DuringSchedulingIgnoredDuringExecution"
    return {key: [term if spread == "required" else {"weight": 100, "podAffinityTerm": term}]}
