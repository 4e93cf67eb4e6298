"""`nereus usecase`: list, deploy, check and remove use cases."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from nereus.cli_superset import warm_cache
from nereus.errors import BadInput
from nereus.home import Home
from nereus.paths import USECASES

app = typer.Typer(help="What the warehouse is filled with: one folder per use case.", no_args_is_help=True)
#: Tables in a file or a pipe are not squeezed into the 80 columns that no terminal has.
out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 160)

Config = Annotated[Path, typer.Option("--config", help="The declared platform.", show_default=True)]
Folder = Annotated[Path, typer.Option("--folder", help="Where use cases are kept.", show_default=False)]
DEFAULT_CONFIG = Path("platform.yaml")


@app.command("list")
def list_usecases(config: Config = DEFAULT_CONFIG, folder: Folder = USECASES) -> None:
    """Every use case: what it is, and what the warehouse holds of it."""
    from nereus.config import load
    from nereus.usecases import overview
    from nereus.warehouse.client import Warehouse

    home = Home.beside(config)
    rows = overview.gather(Warehouse.for_user(load(config), home, "root"), folder)
    table = Table("name", "title", "database", "deployed", "rows", "checks", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(escape(text) for text in row.cells()))
    out.print(table)
    if any(row.state is None for row in rows):
        out.print("[dim]The warehouse does not answer: what it holds is unknown. See: make status[/]")


@app.command()
def deploy(
    names: Annotated[list[str] | None, typer.Argument(help="Which; without one, those of platform.yaml.")] = None,
    config: Config = DEFAULT_CONFIG,
    folder: Folder = USECASES,
) -> None:
    """Create schema and roles, load what is missing, run the quality checks. Again: changes nothing and says so.

    Dashboards are computed anew where something was loaded, so that they answer at once.
    """
    from nereus import usecases
    from nereus.config import load
    from nereus.provision import superset

    platform, home = load(config), Home.beside(config).create()
    changed = False
    for name in names or platform.usecases:
        with _progress() as bar:
            task = bar.add_task(name, total=None)

            def tell(step: usecases.Step, bar: Progress = bar, task: TaskID = task, name: str = name) -> None:
                if step.total:
                    bar.update(task, total=step.total, completed=step.done)
                bar.update(task, description=f"{name}: {escape(step.text)}")

            report = usecases.deployment(name, platform, home, tell, folder).run()
        for change in report.changes:
            out.print(f"  [green]+[/] {escape(change)}")
        if not report.changes:
            out.print(f"{name}: nothing changed.")
        if (error := usecases.failed(report)) is not None:
            raise error
        changed = changed or bool(report.changes)
    if changed and superset.is_set_up(home):
        warm_cache(config)


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="Which; without one, those of platform.yaml.")] = None,
    config: Config = DEFAULT_CONFIG,
    folder: Folder = USECASES,
) -> None:
    """Run the quality checks, store and show what they find. Exit code 1 when one fails."""
    from nereus import usecases
    from nereus.config import load
    from nereus.usecases import checking
    from nereus.warehouse.client import Warehouse

    platform = load(config)
    loader = Warehouse.for_user(platform, Home.beside(config), "loader")
    bad = 0
    for name in names or platform.usecases:
        usecase = usecases.find(name, folder)
        with _progress() as bar:
            task = bar.add_task(name, total=len(usecase.all_checks))
            with loader.session() as session:
                results = checking.run(usecase, session, partial(_advance, bar, task))
        table = Table(
            "", "check", "found", "expected", "ms", title=name, title_justify="left", box=None, pad_edge=False
        )
        for result in results:
            colour = "green" if result.status == "PASS" else "red" if result.is_bad else "yellow"
            shown = (result.check.label, result.verdict.observed, result.verdict.expected, str(result.duration_ms))
            table.add_row(f"[{colour}]{result.status}[/]", *(escape(text) for text in shown))
        out.print(table)
        bad += sum(result.is_bad for result in results)
    if bad:
        raise typer.Exit(1)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="Which.")],
    config: Config = DEFAULT_CONFIG,
    folder: Folder = USECASES,
    yes: Annotated[bool, typer.Option("--yes", help="Delete its data without asking.")] = False,
) -> None:
    """Drop the tables, views, roles and, if nothing else lives there, the database of a use case."""
    from nereus import usecases
    from nereus.config import load
    from nereus.usecases.deploy import remove as drop
    from nereus.warehouse.client import Warehouse

    platform, usecase = load(config), usecases.find(name, folder)
    if not yes:
        if not sys.stdin.isatty():
            raise BadInput(f"removing {name} deletes its data", fix=f"To consent: nereus usecase remove {name} --yes")
        if not typer.confirm(f"Delete all data of {name} ({usecase.database})?"):
            out.print("Nothing was removed.")
            return
    with Warehouse.for_user(platform, Home.beside(config), "root").session() as session:
        changes = drop(usecase, session)
    for change in changes or ["nothing was there"]:
        out.print(f"  [green]-[/] {escape(change)}")


def _advance(bar: Progress, task: TaskID, _: str) -> None:
    bar.advance(task)


def _progress() -> Progress:
    """One line that goes away when the work is done."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=out, transient=True, disable=not out.is_terminal)
