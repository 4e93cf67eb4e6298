"""``/metrics`` in Prometheus' text format, under the names of Doris' frontend and backend where they have one."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.counters import QueryTotals
from nereus.warehouse.embedded.http.counters import LoadCounters

if TYPE_CHECKING:
    from nereus.warehouse.embedded.warehouse import Warehouse

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

#: What Doris' frontend shows of its latencies.
_QUANTILES = (0.75, 0.95, 0.98, 0.99, 0.999)
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


@dataclass(frozen=True, slots=True)
class Sample:
    """One value; `suffix` makes the _sum and _count of a summary."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric and its samples; `kind` is counter, gauge or summary."""

    name: str
    kind: str
    help: str
    samples: tuple[Sample, ...]


def exposition(metrics: Iterator[Metric]) -> str:
    """Prometheus' text format, version 0.0.4."""
    lines: list[str] = []
    for metric in metrics:
        lines.append(f"# HELP {metric.name} {metric.help}")
        lines.append(f"# TYPE {metric.name} {metric.kind}")
        for sample in metric.samples:
            labels = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in sample.labels.items())
            value = f"{sample.value:.15g}"
            lines.append(f"{metric.name}{sample.suffix}{'{' + labels + '}' if labels else ''} {value}")
    return "\n".join(lines) + "\n"


def collect(warehouse: Warehouse, loads: LoadCounters) -> Iterator[Metric]:
    """Everything that is measured, as it is now."""
    yield from _frontend(warehouse, warehouse.counters.totals())
    yield from _loads(loads)
    yield from _disk(warehouse)
    yield from _process()


def _frontend(warehouse: Warehouse, queries: QueryTotals) -> Iterator[Metric]:
    yield _one("doris_fe_connection_total", "gauge", "total connections", len(warehouse.processes))
    yield _one("doris_fe_request_total", "counter", "total request", queries.statements)
    yield _one("doris_fe_query_total", "counter", "total query", queries.queries)
    yield _one("doris_fe_query_err", "counter", "total error query", queries.errors)
    latencies = [Sample(queries.quantile_ms(each), {"quantile": f"{each:g}"}) for each in _QUANTILES]
    latencies.append(Sample(queries.total_ms, suffix="_sum"))
    latencies.append(Sample(queries.queries - queries.errors, suffix="_count"))
    yield Metric("doris_fe_query_latency_ms", "summary", "latency of good queries in ms", tuple(latencies))
    databases = warehouse.catalog.snapshot().databases
    tables = sum(isinstance(found, Table) for db in databases.values() for found in db.relations.values())
    yield _one("doris_fe_internal_database_num", "gauge", "databases", len(databases))
    yield _one("doris_fe_internal_table_num", "gauge", "tables", tables)
    nodes = [
        Sample(1, {"type": "fe_node_num", "state": "total"}),
        Sample(1, {"type": "be_node_num", "state": "total"}),
        Sample(1, {"type": "be_node_num", "state": "alive"}),
        Sample(0, {"type": "be_node_num", "state": "decommissioned"}),
        Sample(1, {"type": "is_master"}),
    ]
    yield Metric("node_info", "gauge", "nodes; the embedded warehouse stands for one of each", tuple(nodes))


def _loads(loads: LoadCounters) -> Iterator[Metric]:
    requests = (
        Sample(loads.committed + loads.failed, {"type": "begin"}),
        Sample(loads.committed, {"type": "success"}),
        Sample(loads.failed, {"type": "failed"}),
    )
    yield Metric("doris_fe_txn_counter", "counter", "stream loads by what became of them", requests)
    name = "doris_be_streaming_load"
    yield _one(f"{name}_requests_total", "counter", "stream loads asked for", loads.requests)
    yield _one(f"{name}_duration_ms", "counter", "time spent on stream loads in ms", loads.duration_ms)
    yield _one(f"{name}_current_processing", "gauge", "stream loads under way", loads.running)
    taken = (
        Sample(loads.received_bytes, {"type": "receive_bytes"}),
        Sample(loads.loaded_rows, {"type": "load_rows"}),
    )
    yield Metric("doris_be_stream_load", "counter", "bytes and rows of the stream loads that succeeded", taken)


def _disk(warehouse: Warehouse) -> Iterator[Metric]:
    data = warehouse.engine.spool.parent
    usage = shutil.disk_usage(data)
    labels = {"path": str(data)}
    own = sum(map(_size, data.rglob("*")))
    yield _one("doris_be_disks_total_capacity", "gauge", "size of the disk in bytes", usage.total, labels)
    yield _one("doris_be_disks_avail_capacity", "gauge", "free bytes of the disk", usage.free, labels)
    yield _one("doris_be_disks_local_used_capacity", "gauge", "bytes the warehouse takes", own, labels)
    yield _one("doris_be_disks_state", "gauge", "1: the disk is in use", 1, labels)


def _size(path: Path) -> int:
    """Bytes of a file; 0 for a folder and for a file that is gone by now."""
    try:
        status = path.stat()
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _process() -> Iterator[Metric]:
    process = psutil.Process()
    with process.oneshot():
        memory = process.memory_info()
        times = process.cpu_times()
        started = process.create_time()
        files, threads = process.num_fds(), process.num_threads()
    yield _one("process_resident_memory_bytes", "gauge", "memory of the process in bytes", memory.rss)
    yield _one("process_virtual_memory_bytes", "gauge", "address space of the process in bytes", memory.vms)
    yield _one("process_cpu_seconds_total", "counter", "CPU time of the process", times.user + times.system)
    yield _one("process_start_time_seconds", "gauge", "start of the process since the epoch", started)
    yield _one("process_open_fds", "gauge", "open files and sockets", files)
    yield _one("process_threads", "gauge", "threads of the process", threads)


def _one(name: str, kind: str, help: str, value: float, labels: Mapping[str, str] | None = None) -> Metric:
    return Metric(name, kind, help, (Sample(value, labels or {}),))
