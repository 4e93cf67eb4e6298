"""Simulated nodes of exactly the sizes that the plan says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nereus.kubernetes.quantities import bytes_text, cpu_text
from nereus.kubernetes.render.demand import GB, node_capacity
from nereus.kubernetes.sim.api import Object
from nereus.sizing import Plan

#: As the kubelet sets it unless told otherwise.
PODS_PER_NODE = 110
#: Room of the system disk for images, logs and emptyDir volumes; the plan sizes data disks only.
SYSTEM_DISK_GB = 100


def planned(plan: Plan, count: int | None = None, labels: Mapping[str, str] | None = None) -> Iterator[Object]:
    """Node objects, one for each machine of the plan, or `count` of them.

    Pods may have what the sizing leaves beside the operating system and Kubernetes.
    """
    machine = plan.requirements.machine
    capacity = _quantities(machine.cores * 1000, round(machine.memory_gb * GB))
    left = _quantities(*node_capacity(plan))
    for number in range(int(plan.nodes.value) if count is None else count):
        yield node(f"node-{number + 1}", capacity, left, labels or {})


def node(name: str, capacity: Mapping[str, str], allocatable: Mapping[str, str], labels: Mapping[str, str]) -> Object:
    """One Node, ready as soon as the simulator has seen it."""
    own = {"kubernetes.io/hostname": name, "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": own | dict(labels), "annotations": {"node.alpha.kubernetes.io/ttl": "0"}},
        "status": {"capacity": dict(capacity), "allocatable": dict(allocatable)},
    }


def _quantities(millicores: int, memory: int) -> dict[str, str]:
    return {
        "cpu": cpu_text(millicores),
        "memory": bytes_text(memory),
        "pods": str(PODS_PER_NODE),
        "ephemeral-storage": f"{SYSTEM_DISK_GB}G",
    }
