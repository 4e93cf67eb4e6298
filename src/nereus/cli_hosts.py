"""`nereus hosts`: the machines of an inventory, looked at, restarted, and freed of the platform."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from nereus.errors import BadInput
from nereus.home import Home

if TYPE_CHECKING:
    from nereus.ansible.playbook import Playbooks

app = typer.Typer(help="The machines of an inventory (target hosts).", no_args_is_help=True)
out = Console(soft_wrap=True, highlight=False)

Config = Annotated[Path, typer.Option("--config", help="The declared platform.", show_default=True)]
Limit = Annotated[str | None, typer.Option(help="Only this machine or group.")]
DEFAULT_CONFIG = Path("platform.yaml")


@app.command()
def check(config: Config = DEFAULT_CONFIG) -> None:
    """Read the inventory and name every fault; no machine is asked."""
    from nereus.ansible import hosts_file
    from nereus.config import load
    from nereus.provision import hosts

    inventory = hosts_file.read(hosts.inventory_file(config, load(config)))
    for host in inventory.hosts:
        disks = inventory.value(host, "data_disks_disks")
        count = len(disks) if isinstance(disks, list) else 0
        out.print(f"  {escape(host.name):<20} {host.group:<12} {escape(host.address):<40} {count} disks")


@app.command()
def doctor(config: Config = DEFAULT_CONFIG) -> None:
    """Look into every machine and say what it lacks; changes nothing. Exit code 2 when one is not fit."""
    with _telling() as tell:
        _playbooks(config).run("preflight", tell)
    out.print("Every machine is fit.")


@app.command()
def reboot(config: Config = DEFAULT_CONFIG, limit: Limit = None) -> None:
    """Restart the machines one after the other, each wholly back before the next."""
    with _telling() as tell:
        _playbooks(config).run("reboot", tell, limit=limit)
    out.print("Every machine is back.")


@app.command()
def reset(
    config: Config = DEFAULT_CONFIG,
    limit: Limit = None,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
    wipe: Annotated[bool, typer.Option("--wipe", help="Erase the data disks as well.")] = False,
) -> None:
    """Take the platform off the machines. Data disks are kept unless --wipe is given."""
    books = _playbooks(config)
    what = "and ERASE their data disks" if wipe else "(data disks are kept)"
    if not yes:
        if not sys.stdin.isatty():
            raise BadInput("a reset needs consent", fix="Run it again with --yes.")
        typer.confirm(f"Take the platform off the machines of {books.inventory} {what}?", abort=True)
    with _telling() as tell:
        outcome = books.run("reset", tell, limit=limit, variables={"data_disks_wipe": wipe})
    out.print(f"{outcome.changes} changes." if outcome.changes else "Nothing was there.")


@app.command()
def seal(
    name: Annotated[str, typer.Argument(help="The variable, for example ansible_become_password.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Ask for a secret and print it as the sealed text that belongs into the inventory."""
    from nereus.ansible import vault
    from nereus.ansible.variables import known
    from nereus.suggest import closest

    variable = known().get(name)
    if variable is None:
        meant = closest(name, known())
        raise BadInput(f"no role reads a variable {name}", fix=f"Did you mean {meant}?" if meant else None)
    value = typer.prompt(name, hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if not value:
        raise BadInput(f"the value of {name} is empty", fix="Type it, or pipe it into the command.")
    sys.stdout.write(vault.seal(Home.beside(config), name, value))


def _playbooks(config: Path) -> Playbooks:
    from nereus.ansible import hosts_file
    from nereus.config import load
    from nereus.provision import hosts

    path = hosts.inventory_file(config, load(config))
    return hosts.playbooks(Home.beside(config), path, hosts_file.read(path))


@contextmanager
def _telling() -> Iterator[Callable[[str], None]]:
    """Progress: the task at hand, on a terminal in place, else a line for each."""
    with out.status("starting") as spinner:

        def tell(text: str) -> None:
            spinner.update(escape(text))
            if not out.is_terminal:
                out.print(f"  {escape(text)}")

        yield tell
