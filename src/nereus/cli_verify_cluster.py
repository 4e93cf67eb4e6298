"""`nereus verify-cluster`: the whole platform on a real cluster, applied and then used."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from nereus.errors import BadInput
from nereus.home import Home

out = Console(soft_wrap=True, highlight=False)
DEFAULT_CONFIG = Path("platform.yaml")
Program = Annotated[str, typer.Option(help="Where it is not on PATH.")]


def verify_cluster(
    config: Annotated[Path, typer.Option("--config", help="The declared platform.")] = DEFAULT_CONFIG,
    kubeconfig: Annotated[
        Path | None, typer.Option(help="The cluster's; else KUBECONFIG, else cluster.kubeconfig of platform.yaml.")
    ] = None,
    kubectl: Program = "kubectl",
    helm: Program = "helm",
    charts: Annotated[Path | None, typer.Option(help="The bundle's charts, where there is no way out.")] = None,
) -> None:
    """Dry run of every object on the server, then apply, then `nereus verify`. Exit code 3 when it was NOT RUN."""
    from nereus.config import load
    from nereus.provision import cluster, hosts

    platform, home = load(config), Home.beside(config)
    if platform.platform.target == "local":
        raise BadInput(
            "platform.target is local, which has no cluster",
            fix="Name the target vms, hosts or cluster in platform.yaml.",
        )
    wanted = cluster.kubeconfig(platform, home, kubeconfig)
    lacking = [program for program in (kubectl, helm) if shutil.which(program) is None]
    if not wanted.is_file() or lacking:
        what = f"there is no {', no '.join(lacking)}" if lacking else f"there is no kubeconfig {wanted}"
        out.print(f"[bold red]NOT RUN[/] {escape(what)}. Nothing was tried and nothing is proved.")
        out.print("Name a cluster:   nereus verify-cluster --kubeconfig FILE --kubectl FILE --helm FILE")
        raise typer.Exit(3)
    began = time.monotonic()
    home.create()

    def tell(text: str) -> None:
        out.print(f"  {time.monotonic() - began:6.1f} s  {escape(text)}")

    disks = hosts.disk_folders(config, platform, home)
    changed = cluster.installer(platform, home, wanted, kubectl, helm, charts, disks).run(tell)
    out.print(
        f"Everything is accepted, applied and rolled out after {time.monotonic() - began:.0f} s, "
        f"{len(changed) or 'no'} changes.\n"
    )

    from nereus.cli_operations import verify

    verify(config, wanted, kubectl)
