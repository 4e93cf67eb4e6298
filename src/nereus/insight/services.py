"""Every service measured at once, and its address as a browser elsewhere sees it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit

from nereus.home import Home
from nereus.provision.services import Service
from nereus.provision.status import ServiceStatus, measure
from nereus.provision.supervisor import Supervisor


def gather(services: Sequence[Service], home: Home) -> list[ServiceStatus]:
    """Measure every service at the same time, in the order given: as slow as the slowest, not as all together."""
    found = {process.name: process for process in Supervisor(home).processes()}
    with ThreadPoolExecutor(max(1, len(services))) as pool:
        return list(pool.map(lambda service: measure(service, found.get(service.name)), services))


def reached(services: Sequence[Service]) -> list[ServiceStatus]:
    """The same for services of other machines: only what they answer is known, not since when they run."""

    def ask(service: Service) -> ServiceStatus:
        started = time.perf_counter()
        try:
            service.probe()
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            return ServiceStatus(service.name, False, None, None, None, service.url, reason)
        probe_ms = round((time.perf_counter() - started) * 1000, 1)
        return ServiceStatus(service.name, True, None, None, probe_ms, service.url)

    with ThreadPoolExecutor(max(1, len(services))) as pool:
        return list(pool.map(ask, services))


def seen_from(url: str, page: str | None) -> str:
    """The address of a service on the host that the browser reached the portal by; one by name is the same everywhere.

    >>> seen_from("http://127.0.0.1:8088", "http://nereus.example:8501/cost")
    'http://nereus.example:8088'
    >>> seen_from("https://superset.nereus.example", "https://portal.nereus.example/cost")
    'https://superset.nereus.example'
    """
    host = urlsplit(page or "").hostname
    parts = urlsplit(url)
    if host is None or parts.hostname is None or not _is_number(parts.hostname):
        return url
    shown = f"[{host}]" if ":" in host else host
    return urlunsplit(parts._replace(netloc=f"{shown}:{parts.port}" if parts.port else shown))


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
