"""`nereus verify`, and what keeps a platform on Kubernetes going: scale, upgrade."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from nereus.errors import BadInput
from nereus.home import Home

if TYPE_CHECKING:
    from nereus.config import Platform
    from nereus.kubernetes.operations.cluster import Cluster
    from nereus.kubernetes.operations.doris import Wait
    from nereus.kubernetes.operations.kubectl import Kubectl
    from nereus.warehouse.client import Warehouse

out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 160)

Config = Annotated[Path, typer.Option("--config", help="The declared platform.", show_default=True)]
Kubeconfig = Annotated[Path | None, typer.Option(help="The cluster's; by default the one that provisioning keeps.")]
Program = Annotated[str, typer.Option(help="kubectl, where it is not on PATH.")]
DEFAULT_CONFIG = Path("platform.yaml")


def verify(config: Config = DEFAULT_CONFIG, kubeconfig: Kubeconfig = None, kubectl: Program = "kubectl") -> None:
    """Whether it works: a real query, a real dashboard, a real notebook, the portal. Exit code 1 where one does not."""
    from nereus.config import load
    from nereus.kubernetes.operations import verify as operation

    platform, home = load(config), Home.beside(config).create()
    bad = False
    with ExitStack() as stack:
        if platform.platform.target == "local":
            doors = operation.local_doors(platform, home)
        else:
            there = stack.enter_context(cluster(platform, home, kubeconfig, kubectl))
            doors = stack.enter_context(operation.cluster_doors(platform, home, there))
        for finding in operation.verify(platform, home, doors):
            mark = {True: "[green]ok[/]     ", False: "[red]FAILED[/] ", None: "[yellow]NOT RUN[/]"}[finding.ok]
            out.print(f"{mark} {finding.name:<10} {finding.seconds:5.1f} s  {escape(finding.detail)}")
            bad = bad or finding.ok is False
    if bad:
        raise typer.Exit(1)


@contextmanager
def cluster(platform: Platform, home: Home, kubeconfig: Path | None, program: str) -> Iterator[Kubectl]:
    """kubectl for the declared cluster. Raises BadInput for the local target, or without a kubeconfig."""
    from nereus.kubernetes.operations.kubectl import Kubectl
    from nereus.provision import cluster as provisioned
    from nereus.provision import way_in

    if platform.platform.target == "local":
        raise BadInput(
            "platform.target is local, which has one of everything", fix="This is for the targets vms, hosts, cluster."
        )
    if kubeconfig is None and platform.platform.target != "cluster":
        with way_in.reached(home) as path:
            yield Kubectl(path, program)
    else:
        yield Kubectl(provisioned.kubeconfig(platform, home, kubeconfig), program)


def scale(
    backends: Annotated[int | None, typer.Option(help="How many backends there are to be.")] = None,
    frontends: Annotated[int | None, typer.Option(help="How many frontends: 1, 3 or 5.")] = None,
    config: Config = DEFAULT_CONFIG,
    kubeconfig: Kubeconfig = None,
    kubectl: Program = "kubectl",
) -> None:
    """Another number of backends or frontends, emptied or dropped in SQL first. Broken off: run it again."""
    from nereus.kubernetes.operations.scale import scale_backends, scale_frontends

    if backends is None and frontends is None:
        raise BadInput("nothing to scale", fix="Give --backends N or --frontends N.")
    with _operated(config, kubeconfig, kubectl) as (platform, warehouse, there, wait):
        changes = []
        if frontends is not None:
            changes += scale_frontends(warehouse, there, frontends, wait)
        if backends is not None:
            changes += scale_backends(warehouse, there, backends, min(platform.data.replicas, backends), wait)
    _told(changes)


def upgrade(config: Config = DEFAULT_CONFIG, kubeconfig: Kubeconfig = None, kubectl: Program = "kubectl") -> None:
    """Bring Doris to versions.yaml's version: backends, then frontends, one at a time. Broken off: run it again."""
    from nereus.kubernetes import catalogue
    from nereus.kubernetes.operations import upgrade as operation

    images = catalogue.read().images
    with _operated(config, kubeconfig, kubectl) as (_, warehouse, there, wait):
        changes = operation.upgrade(warehouse, there, images["doris-fe"], images["doris-be"], wait)
    _told(changes)


@contextmanager
def _operated(
    config: Path, kubeconfig: Path | None, program: str
) -> Iterator[tuple[Platform, Warehouse, Cluster, Wait]]:
    """The declared cluster's warehouse as root, through kubectl; progress is printed."""
    from nereus.config import load
    from nereus.kubernetes.operations.cluster import OnKubernetes
    from nereus.kubernetes.operations.doris import Wait

    platform, home = load(config), Home.beside(config).create()
    with warehouse_on_cluster(platform, home, kubeconfig, program) as (root, kubectl):
        yield platform, root, OnKubernetes(kubectl), Wait(lambda text: out.print(f"  {escape(text)}"))


@contextmanager
def warehouse_on_cluster(
    platform: Platform, home: Home, kubeconfig: Path | None, program: str
) -> Iterator[tuple[Warehouse, Kubectl]]:
    """A cluster's warehouse as root, through a port that kubectl forwards while the block runs."""
    from nereus.kubernetes.operations.cluster import NAMESPACE
    from nereus.warehouse.client import Warehouse

    with (
        cluster(platform, home, kubeconfig, program) as kubectl,
        kubectl.forwarded("svc/warehouse-fe-service", NAMESPACE, 9030) as port,
    ):
        yield replace(Warehouse.for_user(platform, home, "root"), host="127.0.0.1", mysql_port=port), kubectl


def _told(changes: list[str]) -> None:
    for change in changes:
        out.print(f"  [green]+[/] {escape(change)}")
    if not changes:
        out.print("Nothing changed.")
