"""plan + components.yaml -> what each component asks for: replicas, requests, limits, volumes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from nereus.cases import Case
from nereus.config import Platform
from nereus.kubernetes.catalogue import BySize, Catalogue, Component
from nereus.kubernetes.quantities import GI, MI, in_bytes, millicores
from nereus.sizing import Plan, Year
from nereus.sizing import constants as k
from nereus.sizing.year import backend_cores, notebooks_at_once, usable_cores, usable_memory_gb

GB, TB = 10**9, 10**12
#: Where the platform has fewer machines than this there is one of everything.
HA_FROM = 3
#: A frontend may use this many times the cores it is promised, while it plans or loads metadata.
_FRONTEND_BURST = 2
#: Java beside the backend's own memory, and what the kernel counts for it: not for queries.
_BACKEND_BESIDE_GB = 3.0


@dataclass(frozen=True)
class Demand:
    """One component's needs. CPU in thousandths of a core, memory and volumes in bytes; volumes are per replica."""

    name: str
    component: Component
    replicas: int
    cpu_request: int
    cpu_limit: int
    memory_request: int
    memory_limit: int
    volumes: Mapping[str, int]

    def on_disk(self, disk: str) -> int:
        """Bytes that one replica claims on the `hot` or `cold` disks."""
        return sum(size for name, size in self.volumes.items() if self.component.volumes[name].disk == disk)


@dataclass(frozen=True)
class Sized:
    """A plan's year, laid out on machines."""

    plan: Plan
    year: Year
    nodes: int
    demands: Mapping[str, Demand]

    @property
    def overlay(self) -> str:
        return "ha" if self.nodes >= HA_FROM else "small"

    @property
    def file_cache_bytes(self) -> int:
        """The file cache of one backend."""
        return math.ceil(self.year.file_cache_tb.value * TB / self.backends)

    @property
    def backends(self) -> int:
        return self.demands["doris-be"].replicas

    @property
    def frontends(self) -> int:
        return self.demands["doris-fe"].replicas

    @property
    def backend_mem_limit(self) -> int:
        """Bytes that a backend may use for queries and caches: its container's limit less what runs beside it."""
        limit = self.demands["doris-be"].memory_limit
        return limit - max(limit // 10, round(_BACKEND_BESIDE_GB * GB))


def facilities(platform: Platform) -> frozenset[str]:
    """What is there already and is therefore not installed; `own_authority` where no ACME address is given."""
    found = set() if platform.kubernetes.acme_email else {"own_authority"}
    if platform.cluster is not None and platform.platform.target == "cluster":
        found |= {name for name, given in platform.cluster.existing if given is not None} | {"storage_class"}
    return frozenset(found)


def lay_out(platform: Platform, plan: Plan, catalogue: Catalogue, year: int | None = None) -> Sized:
    """What every component needs in one year (the last when `year` is None) on the planned machines."""
    at = plan.last if year is None else plan.at(year)
    nodes, there = int(plan.nodes.value), facilities(platform)
    demands = {
        name: _demand(name, one, plan, at, nodes)
        for name, one in catalogue.components.items()
        if one.unless not in there
    }
    return Sized(plan, at, nodes, demands)


def _demand(name: str, one: Component, plan: Plan, year: Year, nodes: int) -> Demand:
    cpu, memory = one.cpu, one.memory
    if cpu == "plan" or memory == "plan":
        cores, cores_limit, gb = _planned(name, plan, year, nodes)
        numbers = (cores, cores_limit, gb, gb)
    else:
        where = f"components.yaml: {name}"
        numbers = (
            millicores(cpu[0], f"{where}.cpu[0]"),
            millicores(cpu[1], f"{where}.cpu[1]"),
            in_bytes(memory[0], f"{where}.memory[0]"),
            in_bytes(memory[1], f"{where}.memory[1]"),
        )
    replicas = nodes if one.kind == "DaemonSet" else _replicas(one, plan, year, nodes)
    volumes = {
        volume: _planned_volume(name, volume, year, replicas, numbers[3])
        if each.size == "plan"
        else in_bytes(each.size, f"components.yaml: {name}.volumes.{volume}.size")
        for volume, each in one.volumes.items()
    }
    return Demand(name, one, replicas, *numbers, volumes)


def _replicas(one: Component, plan: Plan, year: Year, nodes: int) -> int:
    match one.replicas:
        case "frontends":
            return int(year.frontends.value)
        case "backends":
            return nodes
        case "notebooks":
            return math.ceil(notebooks_at_once(plan.requirements, year.case))
        case BySize() as sizes:
            return sizes.ha if nodes >= HA_FROM else sizes.small
        case number:
            return number


def _planned(name: str, plan: Plan, year: Year, nodes: int) -> tuple[int, int, int]:
    """Cores asked for, cores at most (both in thousandths), bytes of memory: of one replica."""
    need, case = plan.requirements, year.case
    if name == "doris-be":
        cores = backend_cores(need, case, year.dashboard_cores.value + year.science_cores.value) / nodes
        return _milli(cores), _milli(usable_cores(need)), _mebibytes(cores * k.MEMORY_PER_CORE.at(case))
    if name == "doris-fe":
        cores = k.FRONTEND_CORES.at(case)
        limit = min(cores * _FRONTEND_BURST, usable_cores(need))
        return _milli(cores), _milli(max(cores, limit)), _mebibytes(k.FRONTEND_MEMORY.at(case))
    cores = k.NOTEBOOK_CORES.at(Case.TYPICAL)
    return _milli(cores), _milli(cores * 2), _mebibytes(k.NOTEBOOK_MEMORY.at(Case.TYPICAL))


def _planned_volume(name: str, volume: str, year: Year, replicas: int, memory: int) -> int:
    tb = {
        ("doris-be", "data"): year.hot_disk_tb.value + year.views_tb.value,
        # Spilled queries may take as much disk as the backend has memory, beside the file cache.
        ("doris-be", "cache"): year.file_cache_tb.value + replicas * memory / TB,
        ("seaweedfs-volume", "data"): year.cold_disk_tb.value,
    }[name, volume]
    return max(1, math.ceil(tb * TB / replicas / GI - 1e-9)) * GI


def _milli(cores: float) -> int:
    return math.floor(cores * 1000 + 1e-6)


def _mebibytes(gigabytes: float) -> int:
    return math.floor(gigabytes * GB / MI + 1e-6) * MI


def node_capacity(plan: Plan) -> tuple[int, int]:
    """What one machine offers to pods: thousandths of a core, bytes of memory."""
    need = plan.requirements
    return _milli(usable_cores(need)), _mebibytes(usable_memory_gb(need))
