"""`nereus plan`: what the declared platform needs and costs. Changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

#: Tables are laid out for this many columns, also when the output is a file.
WIDTH = 100


def plan(
    config: Annotated[Path, typer.Option("--config", help="The declared platform.")] = Path("platform.yaml"),
    prices: Annotated[bool, typer.Option("--prices", help="List every price with its source instead.")] = False,
    target: Annotated[str | None, typer.Option(help="Instead of platform.target.")] = None,
    rebuild: Annotated[
        list[str] | None, typer.Option(help="vms: a machine that may be made anew, its data disks kept.")
    ] = None,
) -> None:
    """What the platform needs year by year, what it costs against Snowflake, and why. Changes nothing."""
    from nereus import sizing
    from nereus.config import load
    from nereus.costs.compare import compare
    from nereus.costs.prices import packaged
    from nereus.costs.report import cost_tables, price_list
    from nereus.sizing.report import count, plan_tables

    platform, today = load(config), datetime.now(UTC).date()
    out = Console(highlight=False)
    out.width = min(out.width, WIDTH) if out.is_terminal else WIDTH
    if prices:
        out.print(price_list(packaged().with_own(platform.prices), today))
        return
    data = platform.data
    planned = sizing.plan(sizing.Requirements.of(platform))
    out.print(
        f"[bold]{platform.platform.name}[/]: {data.raw_tb:g} TB raw, {data.growth_per_year:.0%} more each year, "
        f"{data.hot_months} of {data.history_months} months hot, {count(data.replicas, 'replica')}. "
        f"Declared in {config}; {today.isoformat()}."
    )
    for table in (*plan_tables(planned, today.year), *cost_tables(compare(platform, planned), today)):
        out.print()
        out.print(table)
    if (target or platform.platform.target) == "vms":
        from nereus.cli_machines import plan_vms

        plan_vms(platform, config, rebuild or ())
