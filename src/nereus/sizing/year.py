"""Requirements -> what one year needs in one case."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nereus.cases import Case
from nereus.sizing import constants as k
from nereus.sizing.figures import Figure, Year
from nereus.sizing.requirements import Requirements

YOURS = "platform.yaml"
COMPUTED = "computed from the figures above"
#: Sums of binary fractions may land a hair above a whole machine.
_HAIR = 1e-9


@dataclass(frozen=True)
class Load:
    """The quantities that limits are measured by: use without headroom, in TB, cores and GB, over all machines."""

    nvme_tb: float
    hdd_tb: float
    cores: float
    memory_gb: float


def raw_tb(need: Requirements, year: int) -> float:
    """TB of raw data in `year`, growth compounded."""
    return need.raw_tb * float((1 + need.growth_per_year) ** year)


def share_of_newest(months: float, history_months: float, growth_per_year: float) -> float:
    """The share of all data that the newest `months` hold when each month is larger than the one before.

    Without growth it is months / history; with growth it is more, because the newest months are the largest.
    """
    if months >= history_months:
        return 1.0
    rate = math.log1p(growth_per_year) / 12
    if rate < _HAIR:
        return months / history_months
    return math.expm1(-rate * months) / math.expm1(-rate * history_months)


def load(need: Requirements, case: Case, year: int) -> Load:
    """What is really used in `year`, without the headroom that a purchase adds."""
    needed = size(need, case, year)
    spare = 1 + need.headroom
    nvme = (needed.hot_disk_tb.value + needed.views_tb.value) / spare + needed.file_cache_tb.value
    hdd = needed.cold_disk_tb.value / spare
    if need.machine.hdd_tb == 0:
        nvme, hdd = nvme + hdd, 0.0
    return Load(nvme, hdd, needed.cores.value, needed.memory_gb.value)


def size(need: Requirements, case: Case, year: int) -> Year:
    """Everything one year needs in one case.

    More data, growth, replicas, people or a stricter promise never need less, with one exception that is real: a
    faster growth makes the newest months a larger part of the same data, so that less of it is cold today.
    """
    raw = raw_tb(need, year)
    stored = raw * need.stored_share[case]
    hot_share = share_of_newest(need.hot_months, need.history_months, need.growth_per_year)
    hot, cold = stored * hot_share, stored * (1 - hot_share)
    spare = 1 + need.headroom

    hot_disk = hot * need.replicas * spare
    views = hot_disk * k.VIEWS_SHARE.at(case)
    cache = cold * k.CACHE_SHARE.at(case)
    copies = k.STORE_COPIES.at(case)
    cold_disk = (cold + hot * need.backups_kept) * copies * spare
    nvme = hot_disk + views + cache + (cold_disk if need.machine.hdd_tb == 0 else 0)

    dashboard = _dashboard_cores(need, case, raw * hot_share)
    science = _science_cores(need, case)
    frontends = _frontends(need)
    backends = backend_cores(need, case, dashboard.value + science.value)
    cores = _cores(need, case, backends, frontends)
    memory = _memory(need, case, backends, frontends)
    nodes = _nodes(need, nvme, cold_disk, cores, memory)
    growth = f"{need.raw_tb:g} TB x {1 + need.growth_per_year:g}^{year}"
    return Year(
        year=year,
        case=case,
        raw_tb=Figure(raw, "TB", growth, YOURS),
        stored_tb=Figure(stored, "TB", f"raw x {need.stored_share[case]:g}, one copy", YOURS),
        hot_disk_tb=Figure(
            hot_disk,
            "TB",
            f"{hot_share:.0%} of {stored:.2f} TB stored x {need.replicas} replicas x {spare:g} headroom",
            k.SIZING_GUIDE,
        ),
        views_tb=Figure(views, "TB", f"{k.VIEWS_SHARE.at(case):.0%} of the hot disk", k.VIEWS_SHARE.cited),
        file_cache_tb=Figure(cache, "TB", f"{k.CACHE_SHARE.at(case):.0%} of cold data", k.CACHE_SHARE.cited),
        nvme_tb=Figure(
            nvme,
            "TB",
            "hot disk + views + file cache" + (" + cold disk (no HDD)" if need.machine.hdd_tb == 0 else ""),
            COMPUTED,
        ),
        cold_stored_tb=Figure(
            cold, "TB", f"{1 - hot_share:.0%} of {stored:.2f} TB stored, older than the window", YOURS
        ),
        cold_disk_tb=Figure(
            cold_disk,
            "TB",
            f"(cold + {need.backups_kept} backups of hot data) x {copies:g} copies x {spare:g} headroom",
            k.STORE_COPIES.cited,
        ),
        dashboard_cores=dashboard,
        science_cores=science,
        cores=cores,
        memory_gb=memory,
        nodes=nodes,
        frontends=frontends,
        backends=Figure(nodes.value, "backends", "one on each machine", k.HARDWARE_GUIDE),
        buckets_per_partition=_buckets(need, stored, int(nodes.value)),
    )


def backend_cores(need: Requirements, case: Case, busy: float) -> float:
    """Cores of all backends together: what queries keep `busy`, and never less than each replica's backend needs."""
    return max(busy, need.replicas * k.BACKEND_CORES.at(case))


def notebooks_at_once(need: Requirements, case: Case) -> float:
    """Notebook servers at work in the same minute."""
    return need.scientists * k.ACTIVE_SCIENTISTS.at(case)


def _dashboard_cores(need: Requirements, case: Case, hot_raw_tb: float) -> Figure:
    cpu_s = hot_raw_tb * k.SCANNED_SHARE.at(case) * k.SCAN_CPU_S_PER_TB.at(case)
    per_second = need.readers * k.ACTIVE_READERS.at(case) * k.QUERIES_PER_MINUTE.at(case) / 60
    alone = cpu_s / need.dashboard_average_s
    together = cpu_s * per_second / k.BUSY_CEILING.at(case)
    if together > alone:
        reason = f"{per_second:.2f} queries/s x {cpu_s:.1f} core seconds / {k.BUSY_CEILING.at(case):g} busy"
    else:
        reason = f"one query of {cpu_s:.1f} core seconds within {need.dashboard_average_s:g} s"
    return Figure(max(alone, together), "cores", reason, f"{k.SCAN_CPU_S_PER_TB.cited}; {k.SCANNED_SHARE.cited}")


def _science_cores(need: Requirements, case: Case) -> Figure:
    active = need.scientists * k.ACTIVE_SCIENTISTS.at(case)
    cores = active * k.CORES_PER_SCIENTIST.at(case)
    reason = f"{active:g} scientists at once x {k.CORES_PER_SCIENTIST.at(case):g} cores"
    return Figure(cores, "cores", reason, k.CORES_PER_SCIENTIST.cited)


def _frontends(need: Requirements) -> Figure:
    followers = int(k.FOLLOWERS.at(Case.TYPICAL))
    if need.replicas >= followers:
        return Figure(followers, "frontends", "one may fail", k.FOLLOWERS.source)
    return Figure(
        1, "frontends", "fewer than three replicas: one machine's loss stops the platform", k.FOLLOWERS.source
    )


def _cores(need: Requirements, case: Case, backend_cores: float, frontends: Figure) -> Figure:
    notebooks = notebooks_at_once(need, case) * k.NOTEBOOK_CORES.at(case)
    front = frontends.value * k.FRONTEND_CORES.at(case)
    services = k.SERVICE_CORES.at(case)
    reason = f"backends {backend_cores:.1f} + frontends {front:g} + services {services:g} + notebooks {notebooks:g}"
    return Figure(backend_cores + front + services + notebooks, "cores", reason, k.BACKEND_CORES.cited)


def _memory(need: Requirements, case: Case, backend_cores: float, frontends: Figure) -> Figure:
    backend = backend_cores * k.MEMORY_PER_CORE.at(case)
    front = frontends.value * k.FRONTEND_MEMORY.at(case)
    services = k.SERVICE_MEMORY.at(case)
    notebooks = notebooks_at_once(need, case) * k.NOTEBOOK_MEMORY.at(case)
    reason = f"backends {backend:.0f} + frontends {front:g} + services {services:g} + notebooks {notebooks:g}"
    return Figure(backend + front + services + notebooks, "GB", reason, k.MEMORY_PER_CORE.cited)


def usable_cores(need: Requirements) -> float:
    """Cores of one machine that the platform's services may use."""
    return max(need.machine.cores - k.MACHINE_CORES.at(Case.TYPICAL), 0.5)


def usable_memory_gb(need: Requirements) -> float:
    """GB of one machine that the platform's services may use."""
    return max(need.machine.memory_gb - k.MACHINE_MEMORY.at(Case.TYPICAL), 0.5)


def _nodes(need: Requirements, nvme_tb: float, cold_disk_tb: float, cores: Figure, memory: Figure) -> Figure:
    wanted = {
        f"{need.replicas} replicas on different machines": need.replicas,
        f"{nvme_tb:.2f} TB NVMe at {need.machine.nvme_tb:g} TB each": nvme_tb / need.machine.nvme_tb,
        f"{cores.value:.0f} cores at {usable_cores(need):g} usable each": cores.value / usable_cores(need),
        f"{memory.value:.0f} GB memory at {usable_memory_gb(need):g} usable each": memory.value
        / usable_memory_gb(need),
    }
    if need.machine.hdd_tb:
        wanted[f"{cold_disk_tb:.2f} TB HDD at {need.machine.hdd_tb:g} TB each"] = cold_disk_tb / need.machine.hdd_tb
    reason = max(wanted, key=lambda why: math.ceil(wanted[why] - _HAIR))
    return Figure(math.ceil(wanted[reason] - _HAIR), "machines", reason, COMPUTED)


def _buckets(need: Requirements, stored_tb: float, nodes: int) -> Figure:
    partition_gb = stored_tb * 1000 * share_of_newest(1, need.history_months, need.growth_per_year)
    by_size = next((buckets for bound, buckets in k.BUCKETS_BY_GB if partition_gb <= bound), None)
    if by_size is None:
        by_size = max(k.BUCKETS_BY_GB[-1][1], math.ceil(partition_gb / k.TABLET_GB))
    buckets = max(by_size, nodes)
    reason = f"newest month {partition_gb:.1f} GB in one copy"
    if buckets > by_size:
        reason += f"; at least one for each of {nodes} backends"
    return Figure(buckets, "buckets", reason, k.BUCKET_GUIDE)
