"""The services of the local target: what is started, where it listens and how it is probed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nereus import paths
from nereus.config import Platform
from nereus.config.rules import PORTS_TAKEN
from nereus.home import Home
from nereus.provision import jupyterhub, object_store, probes, superset


@dataclass(frozen=True)
class Service:
    """One supervised process.

    Attributes:
        command: argument list; no shell sees it.
        ports: number -> the key of platform.yaml that declares it.
        probe: raises when the service does not really answer.
        stop_seconds: how long a clean stop may take before the process is killed.
    """

    name: str
    title: str
    command: tuple[str, ...]
    url: str
    ports: Mapping[int, str]
    probe: Callable[[], None]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: int = 20


def local_services(config: Path, platform: Platform, home: Home) -> tuple[Service, ...]:
    """The services that `platform` declares for this machine, in the order they start."""
    return (
        _object_store(platform, home),
        _warehouse(platform, home),
        _superset(platform, home),
        _jupyterhub(platform, home),
        _portal(config, platform, home),
    )


def _object_store(platform: Platform, home: Home) -> Service:
    port = platform.local.ports.object_store
    return Service(
        name="object-store",
        title="Object store (SeaweedFS, S3)",
        command=object_store.command(home, port),
        url=f"http://{object_store.HOST}:{port}",
        ports={port + behind: "local.ports.object_store" for behind in range(object_store.PORTS)},
        probe=object_store.probe(home, port),
        environment=object_store.environment(),
        # Its files are closed within a second; then it waits for clients that will not come.
        stop_seconds=5,
    )


def _warehouse(platform: Platform, home: Home) -> Service:
    local, ports = platform.local, platform.local.ports
    host = probes.reachable(local.bind)
    return Service(
        name="warehouse",
        title="Warehouse (embedded, Doris SQL)",
        command=(
            *(sys.executable, "-m", "nereus.warehouse.embedded"),
            *("--data", str(home.data / "warehouse"), "--bind", local.bind),
            *("--mysql-port", str(ports.warehouse_mysql), "--http-port", str(ports.warehouse_http)),
            *("--flight-port", str(ports.warehouse_flight)),
            *("--memory-gb", str(local.memory_gb), "--threads", str(local.threads)),
            *("--root-password-file", str(home.secrets / "warehouse-root")),
        ),
        url=f"mysql://{host}:{ports.warehouse_mysql}",
        ports={
            ports.warehouse_mysql: "local.ports.warehouse_mysql",
            ports.warehouse_http: "local.ports.warehouse_http",
            ports.warehouse_flight: "local.ports.warehouse_flight",
        },
        probe=probes.query(host, ports.warehouse_mysql, home),
        # A checkpoint of the whole database may be under way.
        stop_seconds=60,
    )


def _superset(platform: Platform, home: Home) -> Service:
    local, port = platform.local, platform.local.ports.superset
    host = probes.reachable(local.bind)
    return Service(
        name=superset.SERVICE,
        title="Superset (business analysts)",
        command=superset.command(platform),
        url=f"http://{host}:{port}",
        ports={port: "local.ports.superset"},
        probe=superset.probe(host, port),
        environment=superset.environment(home, platform),
        stop_seconds=superset.STOP_SECONDS,
    )


def _jupyterhub(platform: Platform, home: Home) -> Service:
    local, port = platform.local, platform.local.ports.jupyterhub
    host = probes.reachable(local.bind)
    return Service(
        name="jupyterhub",
        title="JupyterHub (data scientists)",
        command=jupyterhub.command(),
        url=f"http://{host}:{port}",
        ports={port + behind: "local.ports.jupyterhub" for behind in range(PORTS_TAKEN["jupyterhub"])},
        probe=jupyterhub.probe(home, host, port),
        environment=jupyterhub.environment(home),
    )


def _portal(config: Path, platform: Platform, home: Home) -> Service:
    local, port = platform.local, platform.local.ports.portal
    host = probes.reachable(local.bind)
    return Service(
        name="portal",
        title="Management portal",
        command=(
            *(sys.executable, "-m", "streamlit", "run", str(paths.PORTAL / "serve.py")),
            *("--server.address", local.bind, "--server.port", str(port), "--server.headless", "true"),
            *("--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false"),
            *("--client.toolbarMode", "minimal", "--client.showErrorDetails", "none"),
        ),
        url=f"http://{host}:{port}",
        ports={port: "local.ports.portal"},
        probe=probes.page(f"http://{host}:{port}/_stcore/health", expect="ok"),
        environment={"NEREUS_CONFIG": str(config.absolute()), "NEREUS_HOME": str(home.root)},
    )
