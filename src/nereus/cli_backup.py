"""`nereus backup`, `backups`, `restore` and `drill`: the warehouse's databases in the object store and back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from nereus.warehouse.client import Warehouse

out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 160)

Config = Annotated[Path, typer.Option("--config", help="The declared platform.", show_default=True)]
Kubeconfig = Annotated[Path | None, typer.Option(help="The cluster's; by default the one that provisioning keeps.")]
Program = Annotated[str, typer.Option(help="kubectl, where it is not on PATH.")]
DEFAULT_CONFIG = Path("platform.yaml")


def backup(
    names: Annotated[list[str] | None, typer.Argument(help="Which databases; without one, all.")] = None,
    config: Config = DEFAULT_CONFIG,
    kubeconfig: Kubeconfig = None,
    kubectl: Program = "kubectl",
) -> None:
    """Back up databases of the warehouse, each as it is at one moment, into the bucket `backup`."""
    from nereus import backups

    with _opened(config, kubeconfig, kubectl) as warehouse:
        for name in names or backups.databases(warehouse):
            with out.status(f"backing up {escape(name)}"):
                taken = backups.take(warehouse, name)
            out.print(f"{escape(taken.db)}: {escape(taken.label)} in {taken.seconds:.1f} s")
            if taken.left_out:
                tables = escape(", ".join(taken.left_out))
                out.print(f"  [yellow]NOT in it, since Doris backs up no table with a storage policy:[/] {tables}")


def listed(config: Config = DEFAULT_CONFIG, kubeconfig: Kubeconfig = None, kubectl: Program = "kubectl") -> None:
    """The backups that there are."""
    from nereus import backups

    table = Table("database", "backup", "taken (UTC)", box=None, pad_edge=False)
    with _opened(config, kubeconfig, kubectl) as warehouse:
        for one in backups.kept(warehouse):
            table.add_row(escape(one.db), escape(one.label), one.timestamp)
    out.print(table)


def restore(
    name: Annotated[str, typer.Argument(help="The database.")],
    label: Annotated[str | None, typer.Option(help="Which backup; without it, the last.")] = None,
    into: Annotated[str | None, typer.Option(help="Another database to bring it back into.")] = None,
    config: Config = DEFAULT_CONFIG,
    kubeconfig: Kubeconfig = None,
    kubectl: Program = "kubectl",
) -> None:
    """Bring a database back. Tables that are there get the backup's rows; others in the database stay."""
    from nereus import backups

    with _opened(config, kubeconfig, kubectl) as warehouse:
        with out.status(f"restoring {escape(name)}"):
            found, seconds = backups.restore(warehouse, name, label, into)
        out.print(f"{escape(into or name)}: as it was in {escape(found.label)}, in {seconds:.1f} s")


def drill(
    names: Annotated[list[str] | None, typer.Argument(help="Which databases; without one, all that have one.")] = None,
    config: Config = DEFAULT_CONFIG,
    kubeconfig: Kubeconfig = None,
    kubectl: Program = "kubectl",
) -> None:
    """Bring the newest backups back beside what is there, count, time, remove them. Exit code 1: a promise missed."""
    from nereus import backups
    from nereus.backups import drill as drilling
    from nereus.kubernetes.operations.drill import told

    missed = False
    with _opened(config, kubeconfig, kubectl) as warehouse:
        for name in names or sorted({one.db for one in backups.kept(warehouse)}):
            with out.status(f"bringing {escape(name)} back"):
                done = drilling.run(warehouse, name)
            out.print(escape(told(done)))
            missed = missed or not done.kept
    if missed:
        raise typer.Exit(1)


@contextmanager
def _opened(config: Path, kubeconfig: Path | None, program: str) -> Iterator[Warehouse]:
    """The warehouse as root, which knows its repository: the local one, or a cluster's through kubectl."""
    from nereus import backups
    from nereus.cli_operations import warehouse_on_cluster
    from nereus.config import load
    from nereus.home import Home
    from nereus.kubernetes.operations.store import backup_bucket
    from nereus.warehouse.client import Warehouse

    platform, home = load(config), Home.beside(config)
    if platform.platform.target == "local":
        warehouse = Warehouse.for_user(platform, home, "root")
        backups.ensure_repository(warehouse, platform, home)
        yield warehouse
    else:
        with warehouse_on_cluster(platform, home.create(), kubeconfig, program) as (warehouse, _):
            backups.ensure_repository_at(warehouse, backup_bucket(platform, home))
            yield warehouse
