"""Every number the plan rests on that is not the user's, with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from nereus.cases import Case


@dataclass(frozen=True)
class Constant:
    """A number in three cases (LOW needs least). `assumed` when no source was found for it."""

    low: float
    typical: float
    high: float
    unit: str
    source: str
    assumed: bool = False

    def at(self, case: Case) -> float:
        return float(getattr(self, case.value))

    @property
    def cited(self) -> str:
        """The source as it is printed beside a number."""
        return f"assumption: {self.source}" if self.assumed else self.source


def same(value: float, unit: str, source: str, *, assumed: bool = False) -> Constant:
    """A constant that is the same in every case."""
    return Constant(value, value, value, unit, source, assumed)


SIZING_GUIDE = "Doris documentation 4.x, cluster planning: raw x 0.3 to 0.5 x replicas x 1.4"
HARDWARE_GUIDE = "Doris documentation 4.x, environment checking"
DISK_GUIDE = "Doris documentation 4.x, disk capacity"

# Disk
VIEWS_SHARE = Constant(0.10, 0.20, 0.30, "", "materialised views take 10 to 30 % of the hot data", assumed=True)
CACHE_SHARE = Constant(0.10, 0.20, 0.30, "", "the part of cold data that is read again and again", assumed=True)
STORE_COPIES = Constant(
    1.2, 2.0, 2.0, "copies", "Doris writes cold data once; the object store keeps it by erasure code (1.2) or twice"
)
DISK_ALARM = same(0.75, "", "keep a quarter of each disk free: compaction needs it")
DISK_WATERMARK = same(0.85, "", f"{DISK_GUIDE}: above 85 % no replica is placed on the disk")
DISK_FLOOD = same(0.90, "", f"{DISK_GUIDE}: above 90 % a backend refuses loads")

# Cores
SCAN_CPU_S_PER_TB = same(
    0.84 * 96 / 0.6, "core seconds per TB", "SSB at 0.6 TB raw, Doris 4.1.0: 0.84 s on average on 96 cores"
)
SCANNED_SHARE = Constant(
    0.02,
    0.05,
    0.10,
    "",
    "what a dashboard query reads of the hot data, with partitions, views and caches",
    assumed=True,
)
ACTIVE_READERS = Constant(0.1, 0.2, 0.3, "", "analysts and managers at work in the same minute", assumed=True)
QUERIES_PER_MINUTE = Constant(
    2, 4, 8, "queries a minute", "one reader who filters a dashboard of eight charts", assumed=True
)
BUSY_CEILING = same(0.6, "", "above this share of busy cores, queues lengthen the average", assumed=True)
ACTIVE_SCIENTISTS = Constant(0.2, 0.4, 0.6, "", "scientists who run a heavy scan in the same minute", assumed=True)
CORES_PER_SCIENTIST = Constant(
    2, 4, 8, "cores", "the share of one heavy scan, bounded by its workload group", assumed=True
)
BACKEND_CORES = Constant(8, 8, 16, "cores", f"{HARDWARE_GUIDE}: a backend has 8 cores for tests, 16 in production")
FRONTEND_CORES = same(4, "cores", "doris-operator README: 4 cores to start")
SERVICE_CORES = Constant(
    4, 6, 8, "cores", "Superset, JupyterHub, PostgreSQL, cache, object store, monitoring", assumed=True
)
NOTEBOOK_CORES = same(1, "cores", "one notebook server at work", assumed=True)
MACHINE_CORES = same(1, "cores", "operating system and Kubernetes on each machine", assumed=True)

# Memory
BACKEND_MEMORY = same(16, "GB", f"{HARDWARE_GUIDE}: a backend has 16 GB for tests")
MEMORY_PER_CORE = Constant(4, 8, 8, "GB per core", f"{HARDWARE_GUIDE}: at least 4 GB a core, 8 recommended")
FRONTEND_MEMORY = Constant(8, 16, 16, "GB", f"{HARDWARE_GUIDE}: 8 GB for tests; 16 in doris-operator's example")
SERVICE_MEMORY = Constant(
    6, 12, 24, "GB", "Superset 0.3 GB and JupyterHub 0.14 GB measured; databases and monitoring estimated", assumed=True
)
NOTEBOOK_MEMORY = Constant(2, 4, 8, "GB", "a notebook with data frames (0.3 GB measured when idle)", assumed=True)
MACHINE_MEMORY = same(2, "GB", "k3s measured at 0.6 GB; operating system and page cache beside it")

# Machines
FOLLOWERS = same(3, "frontends", "Doris documentation 4.x: an odd number, 3 or more, survives the loss of one")

#: Stored GB of one monthly partition of one copy -> buckets, up to and including the bound.
BUCKETS_BY_GB = ((0.5, 4), (5.0, 8), (20.0, 16), (50.0, 32))
TABLET_GB = 10.0
BUCKET_GUIDE = (
    "Doris documentation 4.x, data bucketing: tablets of 1 to 10 GB; 4 buckets for 0.5 GB, 8 for 5, 32 for 50"
)

#: How far past the horizon a limit is looked for.
SEARCH_YEARS = 30
