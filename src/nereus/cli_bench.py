"""`nereus bench`: measure, list and check results."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from nereus.bench import machine, record, report, results, runner, suites
from nereus.errors import BadInput
from nereus.home import Home
from nereus.paths import BENCHMARKS

app = typer.Typer(help="Measure the warehouse, and compare with earlier results.", no_args_is_help=True)
out = Console(soft_wrap=True, highlight=False)

DEFAULT_CONFIG = Path("platform.yaml")
RESULTS = BENCHMARKS / "results"


@app.command()
def run(
    suite: Annotated[str, typer.Argument(help="Which suite.")] = "ssb",
    config: Annotated[Path, typer.Option("--config")] = DEFAULT_CONFIG,
    repeats: Annotated[int, typer.Option(min=1, help="Warm runs of each query.")] = 5,
    clients: Annotated[str, typer.Option(help="Numbers of clients at once, comma-separated.")] = "1,4,16",
    rounds: Annotated[int, typer.Option(min=1, help="Times each client runs every query.")] = 2,
    label: Annotated[str | None, typer.Option(help="Name of this machine in the result.")] = None,
    restart: Annotated[bool, typer.Option(help="Restart the warehouse first, to measure cold runs.")] = True,
    results_folder: Annotated[Path, typer.Option("--results", help="Where results are kept.")] = RESULTS,
) -> None:
    """Run a suite cold, warm and with several clients; keep the result and compare it with the previous one."""
    from nereus import usecases
    from nereus.config import load
    from nereus.provision import local
    from nereus.warehouse.client import Warehouse

    platform, home = load(config), Home.beside(config)
    wanted = suites.load(suite)
    numbers = _clients(clients)
    warehouse = Warehouse.for_user(platform, home, "bench")
    started = datetime.now(UTC).replace(microsecond=0)

    def restarted() -> None:
        out.print("Restarting the warehouse for the cold runs.")
        local.restart("warehouse", config, platform, home)

    with Progress(console=out, transient=True) as bar:
        task = bar.add_task("queries")
        queries = runner.run_alone(
            warehouse,
            wanted,
            repeats,
            restarted if restart else None,
            lambda text, done, steps: bar.update(task, description=text, completed=done, total=steps),
        )
        together = []
        for number in numbers:
            bar.update(task, description=f"{number} clients")
            together.append(runner.run_together(warehouse, wanted, number, rounds))
    result = results.BenchResult(
        suite=suite,
        scale=usecases.scale(wanted.usecase),
        started_at=started,
        machine=machine.describe(label),
        target=platform.platform.target,
        engine=str(warehouse.query("SELECT @@version_comment AS engine")[0]["engine"]),
        commit=machine.commit(),
        queries=queries,
        concurrent=tuple(together),
    )
    before = results.previous(result, results.read_all(results_folder))
    path = results.write(result, results_folder)
    stored = record.record(result, warehouse)
    out.print(report.render(result, before))
    out.print(f"\nKept in {path} and as {stored} rows in {record.DATABASE}.benchmark_result.")


@app.command("list")
def list_results(
    results_folder: Annotated[Path, typer.Option("--results", help="Where results are kept.")] = RESULTS,
) -> None:
    """Every kept result, oldest first."""
    for result in results.read_all(results_folder):
        out.print(f"{result.started_at:%Y-%m-%d %H:%M} {result.suite} sf{result.scale:g} {result.machine.name}")
        for line in report.verdict(result, None)[:1]:
            out.print(f"  {line}")


@app.command()
def validate(
    results_folder: Annotated[Path, typer.Option("--results", help="Where results are kept.")] = RESULTS,
) -> None:
    """Check every kept result against the schema. Exit code 2 for one that breaks it."""
    out.print(f"{len(results.read_all(results_folder))} results are valid.")


def _clients(text: str) -> list[int]:
    numbers = [int(word) if word.strip().isdigit() else 0 for word in text.split(",")] if text else []
    if any(not 1 <= number <= 256 for number in numbers):
        raise BadInput(
            f"--clients is {text!r}; expected numbers between 1 and 256, comma-separated",
            fix="For example: --clients 1,4,16",
        )
    return numbers
