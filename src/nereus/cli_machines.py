"""`nereus lab`, `nereus provider-mirror`, and the machines of the target vms in `nereus plan` and `destroy`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from nereus.home import Home

if TYPE_CHECKING:
    from nereus.config import Platform
    from nereus.machines.front import Machines
    from nereus.machines.lab import Lab

lab = typer.Typer(help="A private libvirt of this deployment, in namespaces of its own.", no_args_is_help=True)
out = Console(soft_wrap=True, highlight=False)

Config = Annotated[Path, typer.Option("--config", help="The declared platform.", show_default=True)]
DEFAULT_CONFIG = Path("platform.yaml")


def provider_mirror() -> None:
    """Build Terraform's libvirt provider from its pinned sources, where the provider registry is out of reach."""
    from nereus.machines import mirror

    with _telling("building the provider") as tell:
        found, built = mirror.ensure(tell)
    out.print(f"{'Built' if built else 'Nothing changed: it was there'}, version {mirror.version()}.")
    out.print(f"To use it by hand: export TF_CLI_CONFIG_FILE={escape(str(found.config))}")


@lab.command("up")
def lab_up(config: Config = DEFAULT_CONFIG) -> None:
    """Start it. Again: changes nothing and says so."""
    Home.beside(config).create()
    here = _lab(config)
    started = here.up()
    out.print("The lab is up." if started else "Nothing changed: the lab was up.")
    out.print(f"  address  {escape(here.uri)}\n  to use it: `uri: lab` in the section vms of {config}")


@lab.command("down")
def lab_down(
    config: Config = DEFAULT_CONFIG,
    now: Annotated[bool, typer.Option("--now", help="Pull the plug instead of shutting machines down.")] = False,
) -> None:
    """Shut its machines down and end it; their disks stay."""
    with _telling("shutting machines down"):
        ended = _lab(config).down(gently=not now)
    out.print("The lab is down." if ended else "Nothing changed: the lab was down.")


@lab.command("status")
def lab_status(config: Config = DEFAULT_CONFIG) -> None:
    """Whether it is up, and its machines. Exit code 1 when it is down."""
    from nereus.machines.libvirt import Libvirt

    here = _lab(config)
    process = here.process()
    if process is None:
        out.print("The lab is down. To start it: make lab")
        raise typer.Exit(1)
    since = datetime.fromtimestamp(process.create_time(), UTC).astimezone()
    out.print(f"The lab is up since {since:%Y-%m-%d %H:%M}, process {process.pid}, {escape(here.uri)}")
    for name, state in Libvirt(here.uri).domains().items():
        out.print(f"  {name:<40} {state}")


def plan_vms(platform: Platform, config: Path, rebuild: Collection[str] = ()) -> None:
    """Print what provisioning the machines would change."""
    with _telling("asking Terraform") as tell:
        changes, notes = _machines(platform, config, tell).plan(rebuild)
    out.print("\n[bold]Machines[/]: " + (f"{len(changes)} changes" if changes else "nothing would change") + ".")
    _list(changes, notes)


def destroy_vms(config: Path) -> None:
    """Delete the machines that this deployment has, with their data, and its lab. The caller has asked for consent."""
    from nereus.config import load
    from nereus.machines.places import Places

    if Places(Home.beside(config)).root.exists():
        with _telling("deleting machines") as tell:
            removed = _machines(load(config), config, tell).destroy()
        _list(removed, ())
    _lab(config).remove()


def _machines(platform: Platform, config: Path, tell: Callable[[str], None]) -> Machines:
    from nereus.machines.front import Machines

    return Machines(platform, Home.beside(config), tell)


def _lab(config: Path) -> Lab:
    from nereus.machines.lab import Lab
    from nereus.machines.places import Places

    return Lab(Places(Home.beside(config)).lab)


def _list(changes: Collection[str], notes: Collection[str]) -> None:
    for line in changes:
        out.print(f"  {escape(line)}")
    for note in notes:
        out.print(f"  [dim]{escape(note)}[/]")


@contextmanager
def _telling(title: str) -> Iterator[Callable[[str], None]]:
    """Progress: a spinner on a terminal, lines elsewhere."""
    with out.status(title) as spinner:

        def tell(text: str) -> None:
            spinner.update(escape(text))
            if not out.is_terminal:
                out.print(f"  {escape(text)}")

        yield tell
