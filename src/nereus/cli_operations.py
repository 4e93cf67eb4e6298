"""`nereus verify`, and what keeps a platform on Kubernetes going: scale, upgrade, history, exporter."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from nereus.errors import BadInput
from nereus.home import Home

if TYPE_CHECKING:
    from nereus.config import Platform
    from nereus.kubernetes.operations.kubectl import Kubectl
    from nereus.kubernetes.operations.verify import Doors

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
    doors: AbstractContextManager[Doors]
    if platform.platform.target == "local":
        doors = nullcontext(operation.local_doors(platform, home))
    else:
        doors = operation.cluster_doors(platform, home, cluster(platform, home, kubeconfig, kubectl))
    bad = False
    with doors as opened:
        for finding in operation.verify(platform, home, opened):
            mark = {True: "[green]ok[/]     ", False: "[red]FAILED[/] ", None: "[yellow]NOT RUN[/]"}[finding.ok]
            out.print(f"{mark} {finding.name:<10} {finding.seconds:5.1f} s  {escape(finding.detail)}")
            bad = bad or finding.ok is False
    if bad:
        raise typer.Exit(1)


def cluster(platform: Platform, home: Home, kubeconfig: Path | None, program: str) -> Kubectl:
    """kubectl for the declared cluster. Raises BadInput for the local target, or without a kubeconfig."""
    from nereus.kubernetes.operations.kubectl import Kubectl

    if platform.platform.target == "local":
        raise BadInput(
            "platform.target is local, which has one of everything", fix="This is for the targets vms, hosts, cluster."
        )
    declared = Path(platform.cluster.kubeconfig).expanduser() if platform.cluster else home.secrets / "kubeconfig"
    return Kubectl(kubeconfig or declared, program)
