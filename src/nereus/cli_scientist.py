"""`nereus scientist`: people who work in JupyterHub, each with a warehouse user of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from nereus.home import Home

app = typer.Typer(help="Who works in JupyterHub.", no_args_is_help=True)
out = Console(soft_wrap=True, highlight=False)

Config = Annotated[Path, typer.Option("--config", help="The declared platform.", show_default=True)]
Name = Annotated[str, typer.Argument(help="Login name: small letters, digits and -.")]
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
) -> None:
    """Give a person an account; their password is printed once and kept nowhere."""
    from nereus.config import load
    from nereus.provision import jupyterhub
    from nereus.warehouse.client import Warehouse

    home = Home.beside(config)
    password = jupyterhub.add(home, Warehouse.for_user(load(config), home, "root"), name, admin=admin)
    out.print(f"{escape(name)} can log in to JupyterHub with this password, which is shown once: {escape(password)}")


@app.command()
def remove(name: Name, config: Config = DEFAULT_CONFIG) -> None:
    """Take a person's account and warehouse user away; their home stays."""
    from nereus.config import load
    from nereus.provision import jupyterhub
    from nereus.warehouse.client import Warehouse

    home = Home.beside(config)
    jupyterhub.remove(home, Warehouse.for_user(load(config), home, "root"), name)
    out.print(f"{escape(name)} is removed; the home folder stays in {escape(str(jupyterhub.homes(home) / name))}.")
