"""`nereus scientist`: people who work in JupyterHub, each with a warehouse user of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from nereus.home import Home

if TYPE_CHECKING:
    from nereus.config import Platform
    from nereus.kubernetes.operations.kubectl import Kubectl
    from nereus.warehouse.client import Warehouse

app = typer.Typer(help="Who works in JupyterHub.", no_args_is_help=True)
out = Console(soft_wrap=True, highlight=False)

Config = Annotated[Path, typer.Option("--config", help="The declared platform.", show_default=True)]
Name = Annotated[str, typer.Argument(help="Login name: small letters, digits and -.")]
Kubeconfig = Annotated[Path | None, typer.Option(help="The cluster's; by default the one that provisioning keeps.")]
Program = Annotated[str, typer.Option("--kubectl", help="kubectl, where it is not on PATH.")]
DEFAULT_CONFIG = Path("platform.yaml")


@app.command("list")
def list_scientists(config: Config = DEFAULT_CONFIG) -> None:
    """Every account of JupyterHub."""
    from nereus.provision import jupyterhub

    for name, account in sorted(jupyterhub.accounts(Home.beside(config)).items()):
        out.print(f"{escape(name)}{'  administers JupyterHub' if account['admin'] else ''}")


@app.command()
def add(
    name: Name,
    config: Config = DEFAULT_CONFIG,
    admin: Annotated[bool, typer.Option(help="May administer JupyterHub.")] = False,
    kubeconfig: Kubeconfig = None,
    program: Program = "kubectl",
) -> None:
    """Give a person an account and a warehouse user; the password is printed once and kept nowhere."""
    from nereus.kubernetes.operations import accounts
    from nereus.provision import jupyterhub

    with _opened(config, kubeconfig, program) as (platform, home, warehouse, kubectl):
        if kubectl is None:
            password = jupyterhub.add(home, warehouse, name, admin=admin)
        else:
            password = accounts.add(platform, home, warehouse, kubectl, name, admin=admin)
    if issuer := _issuer(platform, home):
        out.print(
            f"{escape(name)} has a warehouse user. They sign in to JupyterHub with {escape(issuer)}, which has to call"
            f" them {escape(name)} and have them in a group that may come in; no password is needed here."
        )
        return
    where = f" at https://jupyter.{platform.kubernetes.domain} in about a minute" if kubectl else ""
    out.print(
        f"{escape(name)} can log in to JupyterHub{where} with this password, which is shown once: {escape(password)}"
    )


@app.command()
def remove(
    name: Name, config: Config = DEFAULT_CONFIG, kubeconfig: Kubeconfig = None, program: Program = "kubectl"
) -> None:
    """Take a person's account and warehouse user away; their home stays."""
    from nereus.kubernetes.operations import accounts
    from nereus.provision import jupyterhub

    with _opened(config, kubeconfig, program) as (platform, home, warehouse, kubectl):
        if kubectl is None:
            jupyterhub.remove(home, warehouse, name)
            kept = f"the home folder stays in {jupyterhub.homes(home) / name}"
        else:
            accounts.remove(platform, home, warehouse, kubectl, name)
            kept = "the volume with the home stays on the cluster"
    out.print(f"{escape(name)} is removed; {escape(kept)}.")
    if issuer := _issuer(platform, home):
        out.print(f"{escape(issuer)} still lets them in to JupyterHub: take them out of the group there.")


@contextmanager
def _opened(
    config: Path, kubeconfig: Path | None, program: str
) -> Iterator[tuple[Platform, Home, Warehouse, Kubectl | None]]:
    """The warehouse as root: the local one, or a cluster's through kubectl, which is given with it."""
    from nereus.cli_operations import warehouse_on_cluster
    from nereus.config import load
    from nereus.warehouse.client import Warehouse

    platform, home = load(config), Home.beside(config)
    if platform.platform.target == "local":
        yield platform, home, Warehouse.for_user(platform, home, "root"), None
    else:
        with warehouse_on_cluster(platform, home.create(), kubeconfig, program) as (warehouse, kubectl):
            yield platform, home, warehouse, kubectl


def _issuer(platform: Platform, home: Home) -> str | None:
    """Who signs people in, where passwords do not."""
    from nereus.provision import jupyterhub

    if platform.platform.target == "local":
        return "the provider" if jupyterhub.provider(home) else None
    return platform.kubernetes.identity.issuer if platform.kubernetes.identity else None
