"""`nereus cluster-sim`: the platform on a simulated Kubernetes cluster, on loopback, without root or containers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from nereus.errors import BadInput
from nereus.home import Home

if TYPE_CHECKING:
    from nereus.kubernetes.sim.checks import Findings

app = typer.Typer(help="The platform on a simulated Kubernetes cluster.", no_args_is_help=True)
out = Console(soft_wrap=True, highlight=False)

Config = Annotated[Path, typer.Option("--config", help="The declared platform.", show_default=True)]
Year = Annotated[int | None, typer.Option(help="Sized for this year of the plan; the last when left out.", min=0)]
DEFAULT_CONFIG = Path("platform.yaml")
_WHAT_IT_SHOWS = (
    "Admission, scheduling, claims, quotas and roles are Kubernetes' own. Containers, probes, network policies and SQL "
    "are not run."
)


def _folder(config: Path) -> Path:
    return Home.beside(config).run / "cluster-sim"


@app.command()
def run(config: Config = DEFAULT_CONFIG, year: Year = None) -> None:
    """Start, apply everything, wait for the rollout, report, take all down. Exit code 1 when something is refused."""
    with _ended(config):
        good = _up(config, year, tied=True)
    if not good:
        raise typer.Exit(1)


@app.command()
def up(config: Config = DEFAULT_CONFIG, year: Year = None) -> None:
    """The same, and leave it running for an hour at most. Again: says that it runs."""
    from nereus.kubernetes.sim import cluster

    if cluster.find(_folder(config)) is not None:
        out.print("Nothing changed: it runs already.")
        status(config)
        return
    good = _up(config, year, tied=False)
    out.print(f"\nUse it:   export KUBECONFIG={escape(str(_folder(config) / 'pki' / 'admin.kubeconfig'))}")
    out.print("Take it down:   nereus cluster-sim down")
    if not good:
        raise typer.Exit(1)


@app.command()
def down(config: Config = DEFAULT_CONFIG) -> None:
    """End it and remove all that it left. Again: nothing to do."""
    from nereus.kubernetes.sim import cluster

    ended = cluster.down(_folder(config))
    out.print("Taken down; nothing is left of it." if ended else "Nothing was running.")


@app.command()
def status(config: Config = DEFAULT_CONFIG) -> None:
    """Whether it runs, its memory, its pods. Exit code 1 when it does not run or something is wrong."""
    from nereus.kubernetes.sim import checks, cluster

    found = cluster.find(_folder(config))
    if found is None:
        out.print("No simulated cluster runs. Start one: nereus cluster-sim up")
        raise typer.Exit(1)
    _print_memory(found.memory_mb())
    findings = checks.look(found.api)
    _print_findings(findings)
    if findings.wrong:
        raise typer.Exit(1)


@contextmanager
def _ended(config: Path) -> Iterator[None]:
    from nereus.kubernetes.sim import cluster

    if cluster.find(_folder(config)) is not None:
        raise BadInput("a simulated cluster runs already", fix="Take it down: nereus cluster-sim down")
    try:
        yield
    finally:
        cluster.down(_folder(config))


def _up(config: Path, year: int | None, *, tied: bool) -> bool:
    from nereus.config import load
    from nereus.kubernetes import secrets
    from nereus.kubernetes.render import render
    from nereus.kubernetes.sim import cluster, nodes
    from nereus.kubernetes.sim.platform import install

    began = time.monotonic()
    platform, home = load(config), Home.beside(config).create()
    rendered = render(platform, home, home.cache / "cluster-sim-rendered", year=year)
    plan = rendered.sized.plan

    def tell(text: str) -> None:
        out.print(f"  {escape(text)}")

    simulated = cluster.up(_folder(config), tied=tied, tell=tell)
    for what, seconds in simulated.seconds.items():
        tell(f"{what} ready after {seconds:.1f} s")
    simulated.add_nodes(nodes.planned(plan))
    tell(f"{plan.nodes.value:.0f} simulated machines of {plan.requirements.machine.cores} cores")
    installed = install(simulated, rendered, secrets.manifests(rendered.catalogue, home, rendered.there), tell)
    _print_memory(simulated.memory_mb())
    for step in installed.steps:
        if step.stand_in:
            out.print(f"  [yellow]stand-in[/] step {step.name}: {escape(step.stand_in)}")
    _print_findings(installed.findings)
    for line in installed.wrong:
        out.print(f"  [red]wrong[/] {escape(line)}")
    out.print(f"{installed.objects} objects in {time.monotonic() - began:.0f} s. {_WHAT_IT_SHOWS}")
    return not installed.wrong


def _print_memory(memory: dict[str, float]) -> None:
    parts = ", ".join(f"{name} {size:.0f}" for name, size in memory.items())
    out.print(f"  memory {sum(memory.values()):.0f} MB: {parts}")


def _print_findings(findings: Findings) -> None:
    out.print(f"  {findings.pods} pods, {findings.claims} claims")
    for controller, count in findings.by_stand_in.items():
        out.print(f"  [yellow]stand-in[/] {count} pods rest on a stand-in for {escape(controller)}")
