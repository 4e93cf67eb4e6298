"""Predicts where Kubernetes will put every pod, and which it will leave pending.

Pods are placed as the scheduler does once preemption has settled: higher priority first, each on the machine that is
left with most room. What it decides by requests, spread and disks is the same; ties may fall otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nereus.kubernetes.quantities import GI, bytes_text, cpu_text
from nereus.kubernetes.render.demand import TB, Demand, Sized, node_capacity

#: The values of the platform's priority classes. Doris' pods cannot name a class: they stand at 0, all others below.
PRIORITIES = {"warehouse": 0, "services": -100, "notebooks": -1000}


@dataclass
class Machine:
    """One planned machine and what is left of it. CPU in thousandths of a core, the rest in bytes."""

    name: str
    cpu: int
    memory: int
    hot: int | None
    cold: int | None
    pods: list[str] = field(default_factory=list)

    def lacks(self, one: Demand) -> str | None:
        """Why a pod of this component cannot run here; None when it can."""
        if one.component.spread == "required" and one.name in self.pods:
            return "one there already"
        if one.cpu_request > self.cpu:
            return "not enough cpu"
        if one.memory_request > self.memory:
            return "not enough memory"
        hot, cold = one.on_disk("hot"), one.on_disk("cold")
        if self.hot is not None and hot and hot + (cold if self.cold is None else 0) > self.hot:
            return "not enough hot disk"
        if self.cold is not None and cold > self.cold:
            return "not enough cold disk"
        return None

    def take(self, one: Demand) -> None:
        self.cpu -= one.cpu_request
        self.memory -= one.memory_request
        hot, cold = one.on_disk("hot"), one.on_disk("cold")
        if self.hot is not None:
            self.hot -= hot + (cold if self.cold is None else 0)
        if self.cold is not None:
            self.cold -= cold
        self.pods.append(one.name)


@dataclass(frozen=True)
class Placed:
    """One pod: the machine it goes to, or why none takes it."""

    component: str
    machine: str | None
    why: str = ""


@dataclass(frozen=True)
class Schedule:
    """Every pod's place on the planned machines."""

    placed: tuple[Placed, ...]
    machines: tuple[Machine, ...]

    @property
    def pending(self) -> tuple[Placed, ...]:
        return tuple(each for each in self.placed if each.machine is None)


def machines(sized: Sized, *, local_disks: bool, nodes: int | None = None) -> list[Machine]:
    """The planned machines, or another number of them, empty. Disks count only where volumes are local to a machine."""
    cpu, memory = node_capacity(sized.plan)
    machine = sized.plan.requirements.machine
    hot = round(machine.nvme_tb * TB) if local_disks else None
    cold = round(machine.hdd_tb * TB) if local_disks and machine.hdd_tb else None
    return [Machine(f"node-{i + 1}", cpu, memory, hot, cold) for i in range(nodes or sized.nodes)]


def predict(sized: Sized, empty: list[Machine]) -> Schedule:
    """Place every pod of `sized` on `empty` machines."""
    placed = []
    for one in sorted(sized.demands.values(), key=_order):
        if one.component.kind == "DaemonSet":
            for machine in empty:
                why = machine.lacks(one)
                if why is None:
                    machine.take(one)
                placed.append(Placed(one.name, machine.name if why is None else None, why or ""))
            continue
        for _ in range(one.replicas):
            placed.append(_place(one, empty))
    return Schedule(tuple(placed), tuple(empty))


def _order(one: Demand) -> tuple[int, bool, int]:
    """Priority first; then those that must be on every machine; then the largest, which find a place least easily."""
    return -PRIORITIES[one.component.priority], one.component.kind != "DaemonSet", -one.memory_request


def _place(one: Demand, found: list[Machine]) -> Placed:
    reasons = [machine.lacks(one) for machine in found]
    able = [machine for machine, why in zip(found, reasons, strict=True) if why is None]
    if not able:
        counted = {why: reasons.count(why) for why in dict.fromkeys(reasons)}
        why = ", ".join(f"{count} {text}" for text, count in counted.items())
        return Placed(one.name, None, f"0/{len(found)} machines take it: {why}")
    spread = one.component.spread == "preferred"
    best = max(able, key=lambda machine: (not (spread and one.name in machine.pods), machine.cpu, machine.memory))
    best.take(one)
    return Placed(one.name, best.name)


def budget(sized: Sized) -> Iterator[tuple[str, Mapping[str, str]]]:
    """What each component asks for while idle, and all of them together: rows of a table."""
    cpu = memory = hot = cold = 0
    for name, one in sized.demands.items():
        cpu += one.replicas * one.cpu_request
        memory += one.replicas * one.memory_request
        hot += one.replicas * one.on_disk("hot")
        cold += one.replicas * one.on_disk("cold")
        yield (
            name,
            {
                "pods": str(one.replicas),
                "cpu": cpu_text(one.cpu_request),
                "memory": bytes_text(one.memory_request),
                "hot disk": f"{one.on_disk('hot') // GI}Gi",
                "cold disk": f"{one.on_disk('cold') // GI}Gi",
            },
        )
    yield (
        "together",
        {
            "pods": str(sum(one.replicas for one in sized.demands.values())),
            "cpu": cpu_text(cpu),
            "memory": bytes_text(memory),
            "hot disk": f"{hot // GI}Gi",
            "cold disk": f"{cold // GI}Gi",
        },
    )
