"""Requirements -> plan: machines, cores, memory, disks, replicas and buckets, year by year. Pure functions.

plan = sizing.plan(Requirements.of(platform))
plan.nodes.value, plan.at(3).hot_disk_tb, plan.limits[Case.HIGH]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType

from nereus.cases import Case
from nereus.sizing import constants as k
from nereus.sizing.figures import Figure, Limit, Plan, Year
from nereus.sizing.requirements import Machine, Requirements
from nereus.sizing.year import YOURS, Load, load, size, usable_cores, usable_memory_gb

__all__ = ["Case", "Figure", "Limit", "Machine", "Plan", "Requirements", "Year", "plan"]


def plan(need: Requirements) -> Plan:
    """The plan for these requirements. The machines are those the typical last year needs, or those declared."""
    years = {case: tuple(size(need, case, year) for year in range(need.horizon_years + 1)) for case in Case}
    last = years[Case.TYPICAL][-1].nodes
    if need.nodes is None:
        nodes = Figure(last.value, "machines", f"year {need.horizon_years}, typical: {last.reason}", last.source)
    else:
        nodes = Figure(need.nodes, "machines", "declared as machines.nodes", YOURS)
    limits = {case: tuple(_limits(need, case, int(nodes.value))) for case in Case}
    warnings = tuple(_warnings(need, years[Case.TYPICAL], nodes))
    return Plan(need, MappingProxyType(years), nodes, MappingProxyType(limits), warnings)


def _limits(need: Requirements, case: Case, nodes: int) -> Iterator[Limit]:
    loads = [load(need, case, year) for year in range(k.SEARCH_YEARS + 1)]
    nvme, hdd = nodes * need.machine.nvme_tb, nodes * need.machine.hdd_tb

    def limit(name: str, used: Callable[[Load], float], at_most: float, reason: str, source: str) -> Limit:
        first = next((year for year, each in enumerate(loads) if used(each) > at_most), None)
        return Limit(name, first, used(loads[0]) / at_most, reason, source)

    for name, share in (
        ("NVMe alarm", k.DISK_ALARM),
        ("NVMe watermark", k.DISK_WATERMARK),
        ("NVMe flood", k.DISK_FLOOD),
    ):
        part = share.at(case)
        reason = f"{part:.0%} of {nodes} x {need.machine.nvme_tb:g} TB"
        yield limit(name, lambda each: each.nvme_tb, nvme * part, reason, share.source)
    if hdd:
        part = k.DISK_ALARM.at(case)
        reason = f"{part:.0%} of {nodes} x {need.machine.hdd_tb:g} TB"
        yield limit("HDD alarm", lambda each: each.hdd_tb, hdd * part, reason, k.DISK_ALARM.source)
    memory = nodes * usable_memory_gb(need)
    reason = f"{nodes} x {usable_memory_gb(need):g} GB usable"
    yield limit("machine memory", lambda each: each.memory_gb, memory, reason, k.MEMORY_PER_CORE.source)
    cores = nodes * usable_cores(need)
    promise = f"the promise of {need.dashboard_average_s:g} s is at risk beyond"
    reason = f"{nodes} x {usable_cores(need):g} cores usable; {promise}"
    yield limit("machine cores", lambda each: each.cores, cores, reason, k.SCAN_CPU_S_PER_TB.source)


def _warnings(need: Requirements, years: tuple[Year, ...], nodes: Figure) -> Iterator[str]:
    smallest = k.BACKEND_CORES.low + k.MACHINE_CORES.low
    if need.machine.cores < smallest:
        yield (
            f"machines.cores is {need.machine.cores}; a backend with its machine needs {smallest:g} "
            f"({k.BACKEND_CORES.source})."
        )
    smallest_gb = k.BACKEND_MEMORY.low + k.MACHINE_MEMORY.low
    if need.machine.memory_gb < smallest_gb:
        yield (
            f"machines.memory_gb is {need.machine.memory_gb:g}; a backend with its machine needs {smallest_gb:g} "
            f"({k.BACKEND_MEMORY.source})."
        )
    short = next((each for each in years if each.nodes.value > nodes.value), None)
    if short is not None:
        yield (
            f"machines.nodes is {nodes.value:g}; year {short.year} needs {short.nodes.value:g} ({short.nodes.reason})."
        )
    if need.replicas < 3:
        yield f"data.replicas is {need.replicas}: losing one machine makes data unreadable or unwritable; 3 is usual."
    elif nodes.value == need.replicas:
        yield (
            f"{nodes.value:g} machines carry {need.replicas} replicas: when one fails, nothing is lost and loads go "
            "on; its copies are made again only when it is back."
        )
