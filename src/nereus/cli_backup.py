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
    from nereus.backups.history import Store
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
    """Back up databases, each as it is at one moment, and export their cooled history, into the bucket `backup`."""
    from nereus import backups
    from nereus.backups import history

    with _opened(config, kubeconfig, kubectl) as (warehouse, store):
        for name in names or backups.databases(warehouse):
            with out.status(f"backing up {escape(name)}"):
                taken = backups.take(warehouse, name)
            out.print(f"{escape(taken.db)}: {escape(taken.label)} in {taken.seconds:.1f} s")
            # Doris backs up no table with a storage policy.
            for table in taken.left_out:
                with out.status(f"exporting {escape(name)}.{escape(table)}"):
                    notes = list(history.export(warehouse, store, name, table))
                rows = sum(note.rows for note in notes)
                told = f"{len(notes)} partitions that changed, {rows:,} rows" if notes else "nothing changed"
                out.print(f"  history of {escape(table)}: {told}")


def listed(config: Config = DEFAULT_CONFIG, kubeconfig: Kubeconfig = None, kubectl: Program = "kubectl") -> None:
    """The backups that there are, and the cooled history beside them."""
    from nereus import backups

    table = Table("database", "backup", "taken (UTC)", box=None, pad_edge=False)
    with _opened(config, kubeconfig, kubectl) as (warehouse, store):
        for one in backups.kept(warehouse):
            table.add_row(escape(one.db), escape(one.label), one.timestamp)
        for (db, name), at in store.tables().items():
            table.add_row(escape(db), f"history of {escape(name)}", f"{at:%Y-%m-%d-%H-%M-%S}" if at else "never whole")
    out.print(table)


def restore(
    name: Annotated[str, typer.Argument(help="The database.")],
    label: Annotated[str | None, typer.Option(help="Which backup; without it, the last.")] = None,
    into: Annotated[str | None, typer.Option(help="Another database to bring it back into.")] = None,
    config: Config = DEFAULT_CONFIG,
    kubeconfig: Kubeconfig = None,
    kubectl: Program = "kubectl",
) -> None:
    """Bring a database back. Tables that are there get the backup's rows; cooled ones, and others, stay."""
    from nereus import backups
    from nereus.backups import history

    with _opened(config, kubeconfig, kubectl) as (warehouse, store):
        exported = {table: at for (db, table), at in store.tables().items() if db == name}
        target = into or name
        if backups.has(warehouse, name) or label or not exported:
            with out.status(f"restoring {escape(name)}"):
                found, seconds = backups.restore(warehouse, name, label, into)
            out.print(f"{escape(target)}: as it was in {escape(found.label)}, in {seconds:.1f} s")
        else:
            backups.ensure_database(warehouse, target)
        there = history.tables(warehouse, target)
        for table, at in exported.items():
            if table in there:
                out.print(
                    f"  [yellow]{escape(table)} is there and stays as it is:[/] drop it first to have its history back,"
                    " or use --into"
                )
                continue
            with out.status(f"bringing the history of {escape(table)} back") as spinner:
                rows = history.bring_back(
                    warehouse, store, name, table, target, tell=lambda text: spinner.update(escape(text))
                )
            when = f"{at:%Y-%m-%d %H:%M} UTC" if at else "its last export, which did not end"
            out.print(f"  history of {escape(table)}: {rows:,} rows, as it was at {when}")


def drill(
    names: Annotated[list[str] | None, typer.Argument(help="Which databases; without one, all that have one.")] = None,
    config: Config = DEFAULT_CONFIG,
    kubeconfig: Kubeconfig = None,
    kubectl: Program = "kubectl",
) -> None:
    """Bring newest backups and history back beside what is there, compare, remove them. Exit code 1: promise missed."""
    from nereus.backups import drill as drilling
    from nereus.kubernetes.operations.drill import told

    missed = False
    with _opened(config, kubeconfig, kubectl) as (warehouse, store):
        for name in names or drilling.databases(warehouse, store):
            with out.status(f"bringing {escape(name)} back"):
                done = drilling.run(warehouse, store, name)
            out.print(escape(told(done)))
            missed = missed or not done.kept
    if missed:
        raise typer.Exit(1)


@contextmanager
def _opened(config: Path, kubeconfig: Path | None, program: str) -> Iterator[tuple[Warehouse, Store]]:
    """The warehouse as root, which knows its repository, and the bucket: the local one, or a cluster's by kubectl."""
    from nereus import backups
    from nereus.backups.history import Store
    from nereus.cli_operations import warehouse_on_cluster
    from nereus.config import load
    from nereus.home import Home
    from nereus.kubernetes.operations.store import history_store
    from nereus.provision import object_store
    from nereus.warehouse.client import Warehouse

    platform, home = load(config), Home.beside(config)
    if platform.platform.target == "local":
        warehouse = Warehouse.for_user(platform, home, "root")
        backups.ensure_repository(warehouse, platform, home)
        yield warehouse, Store(object_store.access(home, platform.local.ports.object_store, "backup"))
    else:
        with (
            warehouse_on_cluster(platform, home.create(), kubeconfig, program) as (warehouse, way),
            history_store(platform, home, way) as store,
        ):
            backups.ensure_repository_at(warehouse, store.access)
            yield warehouse, store
