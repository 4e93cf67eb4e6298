"""`nereus backup`, `nereus backups` and `nereus restore`: the warehouse's databases in the object store and back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nereus.home import Home

out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 160)

Config = Annotated[Path, typer.Option("--config", help="The declared platform.", show_default=True)]
DEFAULT_CONFIG = Path("platform.yaml")


def backup(
    names: Annotated[list[str] | None, typer.Argument(help="Which databases; without one, all.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Back up databases of the warehouse, each as it is at one moment, into the bucket `backup`."""
    from nereus import backups
    from nereus.config import load
    from nereus.warehouse.client import Warehouse

    platform, home = load(config), Home.beside(config)
    warehouse = Warehouse.for_user(platform, home, "root")
    backups.ensure_repository(warehouse, platform, home)
    for name in names or backups.databases(warehouse):
        with out.status(f"backing up {escape(name)}"):
            taken = backups.take(warehouse, name)
        out.print(f"{escape(taken.db)}: {escape(taken.label)} in {taken.seconds:.1f} s")
        if taken.left_out:
            tables = ", ".join(taken.left_out)
            out.print(f"  [yellow]NOT in it, since Doris backs up no table with a storage policy:[/] {escape(tables)}")


def listed(config: Config = DEFAULT_CONFIG) -> None:
    """The backups that there are."""
    from nereus import backups
    from nereus.config import load
    from nereus.warehouse.client import Warehouse

    platform, home = load(config), Home.beside(config)
    warehouse = Warehouse.for_user(platform, home, "root")
    backups.ensure_repository(warehouse, platform, home)
    table = Table("database", "backup", "taken (UTC)", box=None, pad_edge=False)
    for one in backups.kept(warehouse):
        table.add_row(escape(one.db), escape(one.label), one.timestamp)
    out.print(table)


def restore(
    name: Annotated[str, typer.Argument(help="The database.")],
    label: Annotated[str | None, typer.Option(help="Which backup; without it, the last.")] = None,
    into: Annotated[str | None, typer.Option(help="Another database to bring it back into.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Bring a database back. Tables that are there get the backup's rows; others in the database stay."""
    from nereus import backups
    from nereus.config import load
    from nereus.warehouse.client import Warehouse

    platform, home = load(config), Home.beside(config)
    warehouse = Warehouse.for_user(platform, home, "root")
    backups.ensure_repository(warehouse, platform, home)
    with out.status(f"restoring {escape(name)}"):
        found, seconds = backups.restore(warehouse, name, label, into)
    out.print(f"{escape(into or name)}: as it was in {escape(found.label)}, in {seconds:.1f} s")
