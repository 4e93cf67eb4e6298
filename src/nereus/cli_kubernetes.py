"""`nereus render` and `nereus secret-rotate`: the platform as kustomize input, and new passwords for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

Config = Annotated[Path, typer.Option("--config", help="The declared platform.")]
DEFAULT_CONFIG = Path("platform.yaml")
out = Console(soft_wrap=True, highlight=False)


def render(
    config: Config = DEFAULT_CONFIG,
    to: Annotated[
        Path | None, typer.Option("--out", help="Where to write it; .nereus/run/kubernetes by default.")
    ] = None,
    year: Annotated[int | None, typer.Option("--year", help="Size it for this year instead of the last.")] = None,
) -> None:
    """Write the platform as kustomize input and charts' values, and predict where every pod goes. Applies nothing."""
    from nereus.config import load
    from nereus.errors import BadInput
    from nereus.home import Home
    from nereus.kubernetes.render import render as rendering
    from nereus.kubernetes.render.schedule import budget
    from nereus.provision.hosts import disk_folders

    platform, home = load(config), Home.beside(config)
    if year is not None and not 0 <= year <= platform.data.horizon_years:
        raise BadInput(
            f"--year is {year}; expected 0 to {platform.data.horizon_years} (data.horizon_years).",
            fix="Write a year of the plan, or leave it out for the last.",
        )
    found = rendering(
        platform, home, to or home.run / "kubernetes", year=year, disks=disk_folders(config, platform, home)
    )
    table = Table("component", "pods", "cpu", "memory", "hot disk", "cold disk", "machines", box=None, pad_edge=False)
    places: dict[str, list[str]] = {}
    for machine in found.schedule.machines:
        for pod in machine.pods:
            places.setdefault(pod, []).append(machine.name.removeprefix("node-"))
    for name, row in budget(found.sized):
        table.add_row(name, *row.values(), " ".join(places.get(name, ())))
    out.print(table)
    count = len(found.schedule.placed)
    if found.objects is None:
        out.print("[red]NOT CHECKED[/]: there is no kubectl to build the objects with (make cluster-sim builds one)")
    else:
        out.print(f"\n{len(found.objects)} objects checked: schemas, references, rights, network, limits, volumes.")
    out.print(
        f"All {count} pods find a place on {found.sized.nodes} machines (overlay {found.overlay}, "
        f"year {found.sized.year.year}). Written to {escape(str(found.out))}; steps.yaml says the order."
    )


def secret_rotate(
    name: Annotated[str, typer.Argument(help="Which password; `nereus secret` lists them.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Make a new password. It takes effect with the next provision, which gives it to what uses it."""
    from nereus import secrets
    from nereus.errors import BadInput
    from nereus.home import Home
    from nereus.kubernetes import catalogue
    from nereus.kubernetes.secrets import used_by

    home = Home.beside(config)
    if name in secrets.NAMES and not (home.secrets / name).exists():
        raise BadInput(f"the secret {name!r} does not exist yet", fix="Run: make provision")
    users = used_by(catalogue.read(), name)
    secrets.rotate(home, name)
    held = f" On Kubernetes it stands in {', '.join(users)}." if users else ""
    out.print(f"{name} has a new value; the old one is kept until the next rotation.{held} Now run: make provision")
