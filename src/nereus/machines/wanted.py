"""The plan -> the machines Terraform shall make, given those that are there. Pure functions.

Data stays: a disk is never made smaller, larger or removed, a machine with data is never dropped. What a machine can
only get by being made anew (cores, memory, image) waits until that is asked for by its name.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from nereus.config import Platform
from nereus.errors import BadInput
from nereus.machines.contract import Disk
from nereus.machines.known import GIB, KnownNode, in_order, serial_of, tier_of
from nereus.sizing import Plan

NETWORK = "10.77.0.0/24"
DOMAIN = "nereus.internal"
SSH_USER = "ops"
#: The system, container images and logs; assumed.
ROOT_GIB = 40
#: So many vote, where there are so many; one otherwise.
SERVERS = 3
#: The first addresses are the host's and for machines that people add by hand.
FIRST_ADDRESS = 10
#: What is less is rounding, not growth.
SMALLEST_GROWTH_GIB = 1


@dataclass(frozen=True)
class Node:
    """One machine as the root module `platform` takes it."""

    address: str
    roles: tuple[str, ...]
    cores: int
    memory_gib: float
    root_gib: float
    image: str
    disks: tuple[Disk, ...]

    def as_json(self) -> dict[str, object]:
        """The machine as a value of the Terraform variable `nodes`."""
        return {**asdict(self), "disks": [disk.model_dump() for disk in self.disks]}


@dataclass(frozen=True)
class Wanted:
    """The machines by name, and what a person should know about them."""

    nodes: Mapping[str, Node]
    notes: tuple[str, ...] = ()


def of(platform: Platform, plan: Plan, image: str) -> Wanted:
    """The machines that the plan asks for, as if none were there. Raises BadInput when the host cannot carry them."""
    count = int(plan.nodes.value)
    network = ipaddress.ip_network(NETWORK)
    if count > network.num_addresses - FIRST_ADDRESS - 1:
        raise BadInput(
            f"the plan needs {count} machines; the network {NETWORK} has room for "
            f"{network.num_addresses - FIRST_ADDRESS - 1}",
            fix="Use larger machines (machines.cores, memory_gb, nvme_tb), or the target hosts.",
        )
    machine = platform.machines
    _check_host(platform, count)
    servers = SERVERS if count >= SERVERS else 1
    disks = _disks(platform, plan, count)
    return Wanted(
        {
            f"{platform.platform.name}-node-{number}": Node(
                address=str(network[FIRST_ADDRESS + number]),
                roles=("server",) if number < servers else ("agent",),
                cores=machine.cores,
                memory_gib=_whole(machine.memory_gb * 1e9 / GIB, 0.25),
                root_gib=ROOT_GIB,
                image=image,
                disks=disks,
            )
            for number in range(count)
        }
    )


def beside(asked: Wanted, known: Mapping[str, KnownNode], rebuild: Collection[str] = ()) -> Wanted:
    """What was asked for, beside what is there. `rebuild` names machines that may be made anew.

    Raises BadInput when `rebuild` names a machine that is not there.
    """
    for name in rebuild:
        if name not in known:
            raise BadInput(
                f"there is no machine {name} to rebuild; expected one of {', '.join(sorted(known)) or 'none yet'}",
                fix="Correct the name, or leave it out: a machine that is missing is made without it.",
            )
    nodes: dict[str, Node] = {}
    notes: list[str] = []
    for name, node in asked.nodes.items():
        nodes[name], said = _merged(name, node, known.get(name), name in rebuild)
        notes += said
    pattern = next(iter(asked.nodes.values()))
    for name, there in known.items():
        if name not in nodes and there.address is not None and there.disks:
            nodes[name] = _as_it_is(pattern, there)
            notes.append(f"{name} is not needed by the plan and stays: it may hold data.")
    return Wanted(nodes, (*asked.notes, *notes))


def _as_it_is(pattern: Node, there: KnownNode) -> Node:
    return Node(
        address=there.address or pattern.address,
        roles=("agent",),
        cores=there.cores or pattern.cores,
        memory_gib=there.memory_gib or pattern.memory_gib,
        root_gib=there.root_gib or pattern.root_gib,
        image=there.image or pattern.image,
        disks=there.disks,
    )


def _merged(name: str, node: Node, there: KnownNode | None, rebuild: bool) -> tuple[Node, list[str]]:
    if there is None:
        return node, []
    disks, notes = _grown(name, node.disks, there.disks)
    merged = replace(node, disks=disks)
    if rebuild:
        return merged, notes
    # Where the machine itself is gone and its root disk is there, it comes back from that disk.
    kept = replace(
        merged,
        cores=there.cores or node.cores,
        memory_gib=there.memory_gib or node.memory_gib,
        root_gib=there.root_gib or node.root_gib,
        image=there.image or node.image,
    )
    differing = [
        f"{old:g} {what}, not {new:g}"
        for what, old, new in (
            ("cores", kept.cores, node.cores),
            ("GiB of memory", kept.memory_gib, node.memory_gib),
            ("GiB of root disk", kept.root_gib, node.root_gib),
        )
        if old != new
    ]
    if kept.image != node.image:
        differing.append("the image it was made of")
    if differing:
        change = ", ".join(differing)
        notes.append(f"{name} keeps {change}: to make it anew, its data disks kept, add --rebuild {name}.")
    return kept, notes


def _grown(name: str, asked: tuple[Disk, ...], there: tuple[Disk, ...]) -> tuple[tuple[Disk, ...], list[str]]:
    """The disks that are there, and for a tier that shall be larger one more, of the difference."""
    if not there:
        return asked, []
    disks, notes = list(there), []
    for group in (("hot", "cache"), ("cold",)):
        # NVMe grows as a whole: how it was split between hot data and cache at first stays as it is.
        have = sum(disk.gib for disk in there if disk.tier in group)
        want = sum(disk.gib for disk in asked if disk.tier in group)
        tier = group[0]
        if want - have >= SMALLEST_GROWTH_GIB:
            number = 1 + max((tier_of(disk.serial)[1] for disk in there if disk.tier == tier), default=-1)
            disks.append(_disk(tier, number, want - have))
        elif have - want >= SMALLEST_GROWTH_GIB:
            notes.append(f"{name} keeps {have:g} GiB of {' and '.join(group)} disks, not {want:g}: disks never shrink.")
    return in_order(tuple(disks)), notes


def _disks(platform: Platform, plan: Plan, count: int) -> tuple[Disk, ...]:
    machine, last = platform.machines, plan.last
    nvme, hdd = machine.nvme_tb * 1e12 / GIB, machine.hdd_tb * 1e12 / GIB
    # What each tier needs decides how the NVMe is split; all of it is used.
    cold = last.cold_disk_tb.value if not machine.hdd_tb else 0.0
    parts = {"hot": last.hot_disk_tb.value + last.views_tb.value, "cache": last.file_cache_tb.value, "cold": cold}
    whole = sum(parts.values())
    sizes = {tier: nvme * part / whole for tier, part in parts.items()}
    if machine.hdd_tb:
        sizes["cold"] = hdd
    return tuple(_disk(tier, 0, size) for tier, size in sizes.items() if size >= SMALLEST_GROWTH_GIB)


def _disk(tier: str, number: int, gib: float) -> Disk:
    return Disk.model_validate({"serial": serial_of(tier, number), "tier": tier, "gib": _whole(gib, 1)})


def _whole(value: float, step: float) -> float:
    """`value` rounded down to a multiple of `step`, never to nothing."""
    rounded = max(math.floor(value / step) * step, step)
    return int(rounded) if rounded == int(rounded) else rounded


def _check_host(platform: Platform, count: int) -> None:
    host, machine = platform.vms, platform.machines
    if host is None:
        raise BadInput(
            "platform.yaml has no section vms; expected the host of the virtual machines",
            fix="Add for example `vms: {host_memory_gb: 512, host_nvme_tb: 16}`.",
        )
    for key, each, most in (
        ("memory_gb", machine.memory_gb, host.host_memory_gb),
        ("nvme_tb", machine.nvme_tb, host.host_nvme_tb),
    ):
        if each * count > most:
            raise BadInput(
                f"the plan needs {count} machines of {each:g} {key.rpartition('_')[2].upper()}, "
                f"{each * count:g} together; vms.host_{key} is {most:g}",
                fix=f"Lower machines.{key}, declare fewer machines.nodes, or use a larger host.",
            )


def describe(node: Node) -> Iterator[str]:
    """The machine in words, for a person."""
    yield f"{node.cores} {'core' if node.cores == 1 else 'cores'}"
    yield f"{node.memory_gib:g} GiB memory"
    for disk in node.disks:
        yield f"{disk.gib:g} GiB {disk.tier}"
