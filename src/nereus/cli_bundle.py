"""`nereus bundle`: everything that machines without a way out need, in one folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from ruamel.yaml import YAML

from nereus.bundle.check import Problem
from nereus.bundle.items import OWN_REGISTRY, PARTS, Item
from nereus.errors import BadInput
from nereus.home import Home
from nereus.paths import PROJECT

app = typer.Typer(help="What machines without a way out need, in one folder with checksums.", no_args_is_help=True)
out = Console(soft_wrap=True, highlight=False)

Into = Annotated[Path, typer.Option("--into", help="The bundle's folder.")]
Only = Annotated[list[str] | None, typer.Option("--only", help=f"A part, again for more: {', '.join(PARTS)}.")]
Versions = Annotated[Path, typer.Option("--versions", help="Another catalogue of versions.")]
DEFAULT_FOLDER = Path("bundle")
DEFAULT_VERSIONS = PROJECT / "versions.yaml"


@app.command()
def make(
    into: Into = DEFAULT_FOLDER,
    sources: Annotated[list[Path] | None, typer.Option("--from", help="A folder that has files already.")] = None,
    only: Only = None,
    download: Annotated[bool, typer.Option(help="Whether publishers are asked for what no folder has.")] = True,
    versions: Versions = DEFAULT_VERSIONS,
) -> None:
    """Gather k3s, charts, images and packages. Again: brings only what is missing. Exit code 1 while something is.

    What `make images` saved beside platform.yaml is looked at, too, after the folders of --from.
    """
    from nereus.bundle import gather

    for source in sources or []:
        if not source.is_dir():
            raise BadInput(f"--from {source} is no folder", fix="Name a folder that holds files of the bundle.")
    saved = Home.beside(PROJECT / "platform.yaml").cache / "images"
    folders = [*(sources or []), *([saved] if saved.is_dir() else [])]
    parts = only or PARTS
    items = _declared(versions, parts)
    with out.status("gathering") as spinner:

        def tell(text: str) -> None:
            spinner.update(escape(text))

        done = gather.make(items, parts, into, folders, PROJECT / "locks", fetch=download, tell=tell)
    for path in done.came:
        out.print(f"  [green]+[/] {escape(path)}")
    out.print(f"{f'{len(done.came)} files came' if done.came else 'Nothing came'}; {done.present} were there.")
    _report(into, items, done.problems)


@app.command()
def check(into: Into = DEFAULT_FOLDER, only: Only = None, versions: Versions = DEFAULT_VERSIONS) -> None:
    """What the bundle lacks, with checksums and how to get it. Changes nothing. Exit code 1 while something is."""
    from nereus.bundle import check as checking

    items = _declared(versions, only or PARTS)
    _report(into, items, checking.check(items, into))


def _declared(versions: Path, parts: Sequence[str]) -> list[Item]:
    from nereus.bundle.items import declared

    if not versions.is_file():
        raise BadInput(f"--versions {versions} is no file", fix="Leave it away: versions.yaml of the project is meant.")
    return declared(YAML(typ="safe").load(versions), PROJECT / "locks", parts)


def _report(folder: Path, items: Sequence[Item], problems: Sequence[Problem]) -> None:
    for problem in problems:
        out.print(f"[red]lack[/] {escape(problem.what)}\n     [bold]{escape(problem.fix)}[/]")
    unknown = [item.name for item in items if not item.sha256 and not item.source.startswith(OWN_REGISTRY)]
    if unknown:
        out.print(f"versions.yaml has no checksum of {len(unknown)}: {escape(', '.join(unknown))}.")
    whole = f"lacks {len(problems)} of them" if problems else "is whole"
    out.print(f"{escape(str(folder))}: {len(items)} things belong into it; it {whole}.")
    if problems:
        raise typer.Exit(1)
