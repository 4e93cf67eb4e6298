"""The command `nereus`: thin; each command calls one function of the package and prints what it gives."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from nereus.errors import BadInput, Failure, NereusError
from nereus.home import Home

app = typer.Typer(
    help="A small, complete on-premises analytics platform.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

Config = Annotated[Path, typer.Option("--config", help="The declared platform.", show_default=True)]
DEFAULT_CONFIG = Path("platform.yaml")


@app.command()
def provision(
    config: Config = DEFAULT_CONFIG,
    target: Annotated[str | None, typer.Option(help="Instead of platform.target.")] = None,
    rebuild: Annotated[
        list[str] | None, typer.Option(help="vms: a machine that may be made anew, its data disks kept.")
    ] = None,
) -> None:
    """Stand the platform up. Again: changes nothing and says so."""
    from functools import partial

    from nereus.config import load
    from nereus.provision import cluster, hosts, local, vms, way_in

    platform = load(config)
    wanted = target or platform.platform.target
    # Each brings its target to what is declared, and returns one line for every change.
    ways: dict[str, Callable[..., list[str]]] = {
        "local": local.provision,
        "hosts": hosts.provision,
        "vms": partial(vms.provision, rebuild=tuple(rebuild or ())),
        "cluster": cluster.provision,
    }
    if wanted not in ways:
        raise BadInput(
            f"there is no target {wanted!r}; expected one of {', '.join(ways)}",
            fix="Use TARGET=local or vms, or TARGET=hosts or cluster for machines or a cluster that you have.",
        )
    if rebuild and wanted != "vms":
        raise BadInput(f"--rebuild is for the target vms; this one is {wanted}", fix="Leave it out.")
    home = Home.beside(config).create()
    started = datetime.now(UTC)
    with out.status("provisioning") as spinner:

        def tell(text: str) -> None:
            spinner.update(escape(text))
            if not out.is_terminal:
                out.print(f"  {escape(text)}")

        changes = ways[wanted](config, platform, home, tell)
    for change in changes:
        out.print(f"  [green]+[/] {escape(change)}")
    seconds = (datetime.now(UTC) - started).total_seconds()
    out.print(f"{'Nothing changed' if not changes else f'{len(changes)} changes'} in {seconds:.0f} s.\n")
    if wanted == "local":
        _print_status(config)
    else:
        own = way_in.kubeconfig(home) if wanted in ("hosts", "vms") else cluster.kubeconfig(platform, home)
        out.print(f"The cluster's administrator: KUBECONFIG={escape(str(own))}")
        out.print(f"Names that must lead to its ingress: {' '.join(cluster.doors(platform))}")
    out.print("\nPasswords: [bold]make secret NAME=...[/]   Logs: " + escape(str(home.logs)))


@app.command()
def status(
    config: Config = DEFAULT_CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Per service: up, since when, memory, a real probe, where it is. Exit code 1 when one is down."""
    if not _print_status(config, as_json):
        raise typer.Exit(1)


def _print_status(config: Path, as_json: bool = False) -> bool:
    from nereus.config import load
    from nereus.provision import services as declared
    from nereus.provision import status as measured

    home = Home.beside(config)
    rows = measured.gather(declared.local_services(config, load(config), home), home)
    if as_json:
        sys.stdout.write(json.dumps([row.as_json() for row in rows], indent=2) + "\n")
    else:
        out.print(measured.table(rows, datetime.now(UTC)))
    return all(row.up for row in rows)


@app.command()
def doctor(
    config: Config = DEFAULT_CONFIG,
    target: Annotated[str | None, typer.Option(help="Instead of platform.target.")] = None,
) -> None:
    """What this machine, and the target's machines or cluster, lack. Exit code 1 when something is missing."""
    from nereus.config import load
    from nereus.provision import doctor as examined
    from nereus.provision import doctor_cluster, doctor_machines
    from nereus.provision import services as declared

    platform, home = load(config), Home.beside(config)
    wanted = target or platform.platform.target
    with out.status("looking") as spinner:

        def tell(text: str) -> None:
            spinner.update(escape(text))

        if wanted in ("vms", "hosts"):
            findings = doctor_machines.examine(config, platform, home, wanted, tell)
        elif wanted == "cluster":
            findings = doctor_cluster.examine(platform, home, tell)
        elif wanted == "local":
            findings = examined.examine(platform, home, declared.local_services(config, platform, home))
        else:
            raise BadInput(
                f"there is no target {wanted!r}; expected one of local, vms, hosts, cluster",
                fix="Use TARGET=local, vms, hosts or cluster.",
            )
    for finding in findings:
        mark = "[green]ok[/]  " if finding.ok else "[red]lack[/]"
        out.print(f"{mark} {finding.what:<10} {escape(finding.detail)}")
        if not finding.ok:
            out.print(f"                [bold]{escape(finding.fix)}[/]")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@app.command()
def secret(
    name: Annotated[str | None, typer.Argument(help="Which one; without it their names are listed.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Print one generated password, or list what there is."""
    from nereus import secrets

    home = Home.beside(config)
    if name is None:
        for known, opens in secrets.NAMES.items():
            out.print(f"  {known:<20} {opens}\n  {'':<20} [dim]{escape(str(home.secrets / known))}[/]")
        return
    if name in secrets.NAMES and not (home.secrets / name).exists():
        raise BadInput(f"the secret {name!r} does not exist yet", fix="Run: make provision")
    sys.stdout.write(secrets.ensure(home, name) + "\n")


@app.command()
def stop(config: Config = DEFAULT_CONFIG) -> None:
    """Stop every service; the data stays."""
    from nereus.provision import local

    stopped = local.stop(Home.beside(config))
    out.print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


@app.command()
def destroy(
    config: Config = DEFAULT_CONFIG,
    yes: Annotated[bool, typer.Option("--yes", help="Delete the data without asking.")] = False,
) -> None:
    """Stop everything and, with consent, delete the data, the logs and the secrets."""
    from nereus import cli_machines
    from nereus.provision import local

    home = Home.beside(config)
    stopped = local.stop(home)
    out.print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")
    if not home.root.exists():
        out.print("There is no data.")
        return
    if not yes:
        if not sys.stdin.isatty():
            out.print(f"The data stays in {escape(str(home.root))}. To delete it: make destroy YES=1")
            return
        yes = typer.confirm(f"Delete all data, logs and secrets in {home.root}?")
    if yes:
        cli_machines.destroy_vms(config)
        _delete(home)
        out.print(f"Deleted {escape(str(home.root))}.")


def _delete(home: Home) -> None:
    """Remove the state folder, and only if it is one: NEREUS_HOME may have been mistyped."""
    from nereus.provision import jupyterhub

    strangers = {path.name for path in home.root.iterdir()} - {"data", "logs", "run", "secrets", "cache"}
    if strangers:
        raise BadInput(
            f"{home.root} holds {', '.join(sorted(strangers))}, which Nereus did not make",
            fix="Move it elsewhere, then run again.",
        )
    jupyterhub.remove_data(home)
    shutil.rmtree(home.root)


def _mount() -> None:
    from nereus import cli_backup, cli_machines, cli_operations
    from nereus.cli_bench import app as bench
    from nereus.cli_bundle import app as bundle
    from nereus.cli_cluster_sim import app as cluster_sim
    from nereus.cli_fidelity import fidelity
    from nereus.cli_hosts import app as hosts
    from nereus.cli_images import app as images
    from nereus.cli_kubernetes import render, secret_rotate
    from nereus.cli_plan import plan
    from nereus.cli_scientist import app as scientist
    from nereus.cli_superset import app as superset
    from nereus.cli_superset import bench_dashboards
    from nereus.cli_usecase import app as usecase
    from nereus.cli_verify_cluster import verify_cluster

    app.command("fidelity")(fidelity)
    app.command("plan")(plan)
    app.command("render")(render)
    app.command("secret-rotate")(secret_rotate)
    app.command("verify-cluster")(verify_cluster)
    app.command("provider-mirror")(cli_machines.provider_mirror)
    app.command("verify")(cli_operations.verify)
    app.command("scale")(cli_operations.scale)
    app.command("upgrade")(cli_operations.upgrade)
    app.command("backup")(cli_backup.backup)
    app.command("backups")(cli_backup.listed)
    app.command("restore")(cli_backup.restore)
    app.command("drill")(cli_backup.drill)
    app.add_typer(usecase, name="usecase")
    app.add_typer(bundle, name="bundle")
    app.add_typer(bench, name="bench")
    app.add_typer(scientist, name="scientist")
    app.add_typer(hosts, name="hosts")
    app.add_typer(cli_machines.lab, name="lab")
    app.add_typer(images, name="images")
    app.add_typer(cluster_sim, name="cluster-sim")
    app.add_typer(superset, name="superset")
    bench.command("dashboards")(bench_dashboards)


def main() -> None:
    """Entry point: a NereusError becomes one block of text and its exit code."""
    _mount()
    try:
        app(standalone_mode=True)
    except NereusError as error:
        err.print(escape(str(error)), style="red" if isinstance(error, Failure) else None)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        err.print("interrupted")
        raise SystemExit(130) from None
