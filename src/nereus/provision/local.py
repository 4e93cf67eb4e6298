"""The local target: plain processes on this machine, no root, no containers.

Two phases, each safe to repeat: the platform (secrets, services), then its artefacts (warehouse users, use cases).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from nereus import secrets, usecases
from nereus.config import Platform
from nereus.errors import BadInput, Failure
from nereus.home import Home
from nereus.provision import doctor, jupyterhub, object_store, superset, tiers, users
from nereus.provision.services import Service, local_services
from nereus.provision.supervisor import Supervisor
from nereus.warehouse.client import Warehouse

READY_SECONDS = 90.0
#: Told what is going on; called often, must be quick.
Progress = Callable[[str], None]


def provision(config: Path, platform: Platform, home: Home, progress: Progress) -> list[str]:
    """Stand the platform up. Returns what changed, in words; an empty list says that nothing did."""
    services = local_services(config, platform, home)
    progress("looking at this machine")
    lacking = [finding for finding in doctor.examine(platform, home, services) if not finding.ok]
    if lacking:
        lines = [f"{finding.what}: {finding.detail}\n  {finding.fix}" for finding in lacking]
        raise BadInput("this machine cannot run the declared platform yet\n" + "\n".join(lines))
    changes = [*_platform(platform, services, home, progress), *_artefacts(platform, home, progress)]
    return [*changes, *_dashboards(platform, services, home, progress, fresh=not changes)]


def _platform(platform: Platform, services: tuple[Service, ...], home: Home, progress: Progress) -> Iterator[str]:
    home.create()
    for name in secrets.NAMES:
        if not (home.secrets / name).exists():
            secrets.ensure(home, name)
            yield f"secret {name} generated"
    object_store.prepare(home)
    progress("environments of services")
    yield from jupyterhub.ensure_environments()
    jupyterhub.prepare(home, platform)
    yield from superset.ensure_environment()
    superset.prepare(home)
    progress("starting services")
    # Superset answers only once its records are there: they are made with the dashboards, after the use cases.
    first = [one for one in services if one.name != superset.SERVICE or superset.is_set_up(home)]
    yield from Supervisor(home).apply(first)
    for service in first:
        progress(f"waiting for {service.name} to answer")
        wait_until_ready(service, home)


def wait_until_ready(service: Service, home: Home, seconds: float = READY_SECONDS) -> None:
    """Wait until the probe of `service` is answered. Raises Failure with the log's path and last lines."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            service.probe()
        except Exception as error:
            state = {process.name: process.state for process in Supervisor(home).processes()}.get(service.name)
            if state == "FATAL" or time.monotonic() > deadline:
                raise Failure(_why(service, home, state, error)) from error
            time.sleep(0.2)
        else:
            return


def _why(service: Service, home: Home, state: str | None, error: Exception) -> str:
    log = home.logs / f"{service.name}.log"
    tail = log.read_text("utf-8", errors="replace").splitlines()[-12:] if log.exists() else []
    shown = "\n".join(f"    {line}" for line in tail)
    return f"{service.name} does not answer (state {state}, last probe: {error})\n  Log: {log}\n{shown}"


def _artefacts(platform: Platform, home: Home, progress: Progress) -> Iterator[str]:
    progress("buckets")
    yield from object_store.ensure_buckets(home, platform.local.ports.object_store)
    warehouse = Warehouse.for_user(platform, home, "root")
    progress("warehouse users")
    yield from users.ensure(warehouse, home)
    progress("cold tier")
    yield from tiers.ensure(warehouse, platform, home)
    for name in platform.usecases:
        progress(f"use case {name}")
        yield from usecases.deploy(name, platform, home, _about(name, progress))
    yield from jupyterhub.ensure_roles(home, warehouse)


def _dashboards(
    platform: Platform, services: tuple[Service, ...], home: Home, progress: Progress, *, fresh: bool
) -> Iterator[str]:
    """Superset as the use cases declare it; `fresh`: nothing else changed, and its cache still holds the answers."""
    progress("dashboards")
    changes = superset.bootstrap(home, platform, superset.plan(home, platform))
    yield from changes
    if changes or not fresh:
        progress("dashboards: warming the cache")
        for failure in superset.warm(home, platform)["failed"]:
            yield f"Superset: a chart cannot be answered: {failure}"
    yield from Supervisor(home).apply(services)
    (service,) = [one for one in services if one.name == superset.SERVICE]
    progress(f"waiting for {service.name} to answer")
    wait_until_ready(service, home)


def _about(name: str, progress: Progress) -> Progress:
    return lambda text: progress(f"{name}: {text}")


def stop(home: Home) -> list[str]:
    """Stop every service. Returns what was stopped."""
    return Supervisor(home).stop()


def restart(name: str, config: Path, platform: Platform, home: Home) -> None:
    """Restart one service and wait until it answers. Raises Failure when it is not running here."""
    (service,) = [one for one in local_services(config, platform, home) if one.name == name]
    Supervisor(home).restart(name)
    wait_until_ready(service, home)
