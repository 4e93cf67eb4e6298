"""`nereus superset`: dashboards as code; and `nereus bench dashboards`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from nereus.errors import Failure
from nereus.home import Home
from nereus.paths import BENCHMARKS, USECASES

app = typer.Typer(help="Dashboards: reviewed files in the use cases' folders.", no_args_is_help=True)
out = Console(soft_wrap=True, highlight=False)

Config = Annotated[Path, typer.Option("--config", help="The declared platform.", show_default=True)]
Folder = Annotated[Path, typer.Option("--folder", help="Where use cases are kept.", show_default=False)]
DEFAULT_CONFIG = Path("platform.yaml")


@app.command()
def check(config: Config = DEFAULT_CONFIG, folder: Folder = USECASES) -> None:
    """Look up every name that the dashboards' files use. Exit code 2 with file, key and fix for what is missing."""
    from nereus.config import load
    from nereus.superset import assets
    from nereus.superset.check import check as look
    from nereus.warehouse.client import Warehouse

    platform = load(config)
    bundle = assets.read(platform.usecases, folder)
    look(bundle, Warehouse.for_user(platform, Home.beside(config), "analyst"))
    counts = ", ".join(f"{len(bundle.of(kind))} {kind}" for kind in assets.KINDS)
    out.print(f"All names are known: {counts}.")


@app.command("import")
def import_(config: Config = DEFAULT_CONFIG, folder: Folder = USECASES) -> None:
    """Bring Superset to what the files say, then warm its cache. Again: changes nothing and says so."""
    from nereus.config import load
    from nereus.provision import superset

    platform, home = load(config), Home.beside(config)
    changes = superset.bootstrap(home, platform, superset.plan(home, platform, folder))
    for change in changes:
        out.print(f"  [green]+[/] {escape(change)}")
    if changes:
        warm_cache(config)
    else:
        out.print("Nothing changed.")


@app.command()
def export(config: Config = DEFAULT_CONFIG, folder: Folder = USECASES) -> None:
    """Write what was changed in Superset back into the use cases' folders."""
    from nereus import usecases
    from nereus.config import load
    from nereus.provision import superset
    from nereus.superset import assets
    from nereus.superset.export import write

    platform, home = load(config), Home.beside(config)
    bundle = assets.read(platform.usecases, folder)
    schemas = {usecases.find(name, folder).database: folder / name for name in platform.usecases}
    written = write(superset.login(home, platform, "admin").export(), bundle, schemas)
    for path in written:
        out.print(f"  [green]+[/] {escape(str(path))}")
    if not written:
        out.print("Nothing changed.")


@app.command()
def warm(config: Config = DEFAULT_CONFIG) -> None:
    """Compute every chart anew, once for each set of rows that people see. Run it after a load."""
    warm_cache(config)


def warm_cache(config: Path) -> None:
    """Warm the dashboards and say so. Raises Failure with the charts that cannot be answered."""
    from nereus.config import load
    from nereus.provision import superset

    told = superset.warm(Home.beside(config), load(config))
    out.print(f"{told['asked']} charts asked, as {', '.join(told['people'])}.")
    if told["failed"]:
        raise Failure("some charts cannot be answered:\n  " + "\n  ".join(told["failed"]))


def bench_dashboards(
    config: Config = DEFAULT_CONFIG,
    analysts: Annotated[int, typer.Option(min=1, max=64, help="People at once.")] = 10,
    rounds: Annotated[int, typer.Option(min=1, help="Times each opens every dashboard.")] = 2,
    think: Annotated[float, typer.Option(min=0, help="Seconds between two dashboards, on average.")] = 5.0,
    repeats: Annotated[int, typer.Option(min=1, help="Warm openings of each dashboard.")] = 5,
    label: Annotated[str | None, typer.Option(help="Name of this machine in the result.")] = None,
    results_folder: Annotated[Path, typer.Option("--results", help="Where results are kept.")] = BENCHMARKS / "results",
) -> None:
    """Open every dashboard as analysts do, over Superset's interface: cold, warm, and many people at once."""
    from nereus import usecases
    from nereus.bench import machine, record, results, stats
    from nereus.config import load
    from nereus.provision import superset
    from nereus.superset import measure
    from nereus.superset.api import Superset
    from nereus.warehouse.client import Warehouse

    platform, home = load(config), Home.beside(config)
    warehouse = Warehouse.for_user(platform, home, "bench")
    started = datetime.now(UTC).replace(microsecond=0)

    def login() -> Superset:
        return superset.login(home, platform, "analyst")

    viewer = measure.Viewer(login)
    shown = measure.dashboards(viewer.sessions[0])
    if not shown:
        raise Failure("there are no dashboards to measure", fix="Run: nereus superset import")
    out.print(f"{len(shown)} dashboards, {sum(len(one.charts) for one in shown)} charts")
    out.print(f"{measure.caches(warehouse)}. Cold: past all of them, the warehouse computes every chart.")
    alone = measure.alone(viewer, shown, repeats)
    everybody, each = measure.together(login, shown, analysts, rounds, think)
    result = results.BenchResult(
        suite="dashboards",
        scale=usecases.scale("retail") if "retail" in platform.usecases else 1.0,
        started_at=started,
        machine=machine.describe(label),
        target=platform.platform.target,
        engine=str(warehouse.query("SELECT @@version_comment AS engine")[0]["engine"]),
        commit=machine.commit(),
        queries=(*alone, *each),
        concurrent=(everybody,),
    )
    path = results.write(result, results_folder)
    stored = record.record(result, warehouse)
    for query in result.queries:
        warm_ = stats.summarise(query.warm_ms)
        cold = f"cold {query.cold_ms:6.0f} ms, " if query.cold_ms is not None else ""
        out.print(
            f"  {query.name:<32} {cold}average {warm_.average_ms:6.0f} ms, p95 {warm_.p95_ms:6.0f} ms, "
            f"{warm_.under_1s:4.0%} under 1 s"
        )
    out.print(
        f"  {analysts} analysts, all dashboards: average {everybody.average_ms:.0f} ms, p95 {everybody.p95_ms:.0f} ms, "
        f"{everybody.under_1s:.0%} under 1 s"
    )
    out.print(f"\nKept in {path} and as {stored} rows in {record.DATABASE}.benchmark_result.")
