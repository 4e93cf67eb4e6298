"""`nereus images`: the platform's own container images."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from nereus.home import Home

app = typer.Typer(help="The platform's own container images.", no_args_is_help=True)
out = Console(soft_wrap=True, highlight=False)

Names = Annotated[list[str] | None, typer.Argument(help="Which images; without one, all.")]
DEFAULT_CONFIG = Path("platform.yaml")


@app.command()
def build(
    names: Names = None,
    engine: Annotated[str | None, typer.Option(help="podman or docker; without it, the one that is there.")] = None,
    base: Annotated[str | None, typer.Option(help="Image with Python 3.11, instead of versions.yaml's.")] = None,
    build_base: Annotated[str | None, typer.Option(help="The same with Python's venv module.")] = None,
    output: Annotated[Path | None, typer.Option(help="Folder of archives; by default .nereus/cache/images.")] = None,
    save: Annotated[bool, typer.Option(help="Whether archives are written.")] = True,
    config: Annotated[Path, typer.Option("--config", help="The declared platform.")] = DEFAULT_CONFIG,
) -> None:
    """Build images and save them with their checksums. What is there already is left, and that is said."""
    from nereus import images

    wanted, program = images.chosen(names or []), images.Engine.find(engine)
    declared = images.Bases.declared()
    bases = images.Bases(base or declared.run, build_base or base or declared.build)
    folder = output or Home.beside(config).cache / "images"
    for image in wanted:
        began = time.monotonic()
        with out.status(f"building {image.name} with {program.program}"):
            built = images.build(image, program, bases)
        state = f"built in {time.monotonic() - began:.0f} s" if built else "unchanged"
        out.print(f"{image.name:<10} {state}: {escape(images.reference(image.name))}")
        if save:
            with out.status(f"saving {image.name}"):
                written = images.save(image, program, bases, folder)
            path = folder / f"{image.name}.tar"
            size = path.stat().st_size / 1e6
            out.print(f"{'':<10} {'saved' if written else 'unchanged'}: {escape(str(path))} ({size:.0f} MB)")
    if save:
        out.print(f"Checksums: {escape(str(folder / images.CHECKSUMS))}")


@app.command("list")
def list_() -> None:
    """The images, and how manifests call them."""
    from nereus import images

    for image in images.IMAGES.values():
        out.print(f"{image.name:<10} {escape(images.reference(image.name)):<52} {image.title}")
