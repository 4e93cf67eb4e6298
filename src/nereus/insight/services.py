"""Every service measured at once, and its address as a browser elsewhere sees it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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


def seen_from(url: str, page: str | None) -> str:
    """The address of a service on the host that the browser reached the portal by.

    >>> seen_from("http://127.0.0.1:8088", "http://nereus.example:8501/cost")
    'http://nereus.example:8088'
    """
    host = urlsplit(page or "").hostname
    parts = urlsplit(url)
    if host is None or parts.hostname is None:
        return url
    shown = f"[{host}]" if ":" in host else host
    return urlunsplit(parts._replace(netloc=f"{shown}:{parts.port}" if parts.port else shown))
