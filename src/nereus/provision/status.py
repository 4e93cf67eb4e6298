"""What is up: one row per service, measured now."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import psutil
from rich.table import Table

from nereus.home import Home
from nereus.provision.services import Service
from nereus.provision.supervisor import Process, Supervisor


@dataclass(frozen=True)
class ServiceStatus:
    """One service as it is now.

    Attributes:
        up: the process runs and the probe was answered.
        since: start of the process, ISO 8601 UTC; None when it does not run.
        rss_mb: resident memory of the process and its children, in MB (10^6 bytes).
        probe_ms: how long the real probe took; None when it failed.
        error: why the service is not up.
    """

    name: str
    up: bool
    since: str | None
    rss_mb: float | None
    probe_ms: float | None
    url: str
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def gather(services: Sequence[Service], home: Home) -> list[ServiceStatus]:
    """Measure every service. Takes at most one probe timeout per service."""
    found = {process.name: process for process in Supervisor(home).processes()}
    return [measure(service, found.get(service.name)) for service in services]


def measure(service: Service, process: Process | None) -> ServiceStatus:
    """One service: its process as the supervisor sees it, then a real probe."""
    if process is None or not process.running:
        state = "not started" if process is None else process.state.lower()
        return ServiceStatus(service.name, False, None, None, None, service.url, state)
    since = datetime.fromtimestamp(process.since, UTC).isoformat(timespec="seconds")
    started = time.perf_counter()
    try:
        service.probe()
    except Exception as error:
        # Whatever a probe raises, the service is not up and the reason is shown.
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        return ServiceStatus(service.name, False, since, _rss_mb(process.pid), None, service.url, reason)
    probe_ms = round((time.perf_counter() - started) * 1000, 1)
    return ServiceStatus(service.name, True, since, _rss_mb(process.pid), probe_ms, service.url)


def _rss_mb(pid: int) -> float | None:
    try:
        parent = psutil.Process(pid)
        return round(sum(one.memory_info().rss for one in (parent, *parent.children(recursive=True))) / 1e6, 1)
    except psutil.Error:
        return None


def table(rows: Sequence[ServiceStatus], now: datetime) -> Table:
    """The rows for a terminal."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("service", "state", "up for", "memory", "probe", "where"):
        shown.add_column(heading, justify="right" if heading in ("memory", "probe") else "left", no_wrap=True)
    for row in rows:
        shown.add_row(
            row.name,
            "[green]up[/]" if row.up else "[red]down[/]",
            _age(row.since, now),
            f"{row.rss_mb:.0f} MB" if row.rss_mb is not None else "",
            f"{row.probe_ms:.0f} ms" if row.probe_ms is not None else "",
            row.url if row.error is None else f"{row.url}  [red]{row.error}[/]",
        )
    return shown


def _age(since: str | None, now: datetime) -> str:
    if since is None:
        return ""
    seconds = max(0, int((now - datetime.fromisoformat(since)).total_seconds()))
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
