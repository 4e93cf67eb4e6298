"""A result for a terminal, beside the previous one."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nereus.bench.results import BenchResult, QueryResult
from nereus.bench.stats import geometric_mean, percentile, summarise

#: The platform's promise, ms on average.
PROMISE_MS = 1000.0


def render(result: BenchResult, before: BenchResult | None) -> RenderableType:
    """The queries, the clients together, the promise, and the change since `before` when there is one."""
    parts: list[RenderableType] = [_title(result), _queries(result, before)]
    if result.concurrent:
        parts.append(_clients(result, before))
    return Group(*parts, *(Text(line) for line in verdict(result, before)))


def median(query: QueryResult) -> float:
    """The median warm response of a query, ms."""
    return percentile(query.warm_ms, 0.5)


def verdict(result: BenchResult, before: BenchResult | None) -> list[str]:
    """The sentences that matter: average against the promise, and the change since the previous result."""
    warm = summarise([time for query in result.queries for time in query.warm_ms])
    kept = "kept" if warm.average_ms < PROMISE_MS else "MISSED"
    lines = [
        f"Warm average {warm.average_ms:.0f} ms, p95 {warm.p95_ms:.0f} ms over {warm.count} statements, one at a time; "
        f"promise of {PROMISE_MS:.0f} ms on average: {kept}."
    ]
    cold = [query.cold_ms for query in result.queries if query.cold_ms is not None]
    if cold:
        lines.append(f"Cold average {sum(cold) / len(cold):.0f} ms (first run of each query after a restart).")
    else:
        lines.append("Cold: not measured (the warehouse was not restarted).")
    if before is None:
        lines.append("No earlier result for this suite, scale and machine to compare with.")
    else:
        change = geometric_mean(list(changes(result, before).values()))
        day = before.started_at.strftime("%Y-%m-%d %H:%M UTC")
        lines.append(f"Against {day} ({before.commit}): warm times x {change:.2f} (geometric mean; below 1 is faster).")
    return lines


def changes(result: BenchResult, before: BenchResult) -> dict[str, float]:
    """Per query in both results: median warm time now over then."""
    then = {query.name: median(query) for query in before.queries}
    return {query.name: median(query) / then[query.name] for query in result.queries if query.name in then}


def _title(result: BenchResult) -> Text:
    machine = result.machine
    return Text(
        f"{result.suite} at scale {result.scale:g} on {machine.name} ({machine.cpu}, {machine.cores} cores, "
        f"{machine.memory_gb:g} GB), {result.target}, {result.engine}, {result.started_at:%Y-%m-%d %H:%M} UTC"
    )


def _queries(result: BenchResult, before: BenchResult | None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("query")
    for heading in ("rows", "cold ms", "warm p50 ms", "worst ms", "against before"):
        table.add_column(heading, justify="right")
    compared = changes(result, before) if before else {}
    for query in result.queries:
        ratio = compared.get(query.name)
        table.add_row(
            query.name,
            f"{query.rows}",
            f"{query.cold_ms:.1f}" if query.cold_ms is not None else "-",
            f"{median(query):.1f}",
            f"{max(query.warm_ms):.1f}",
            f"x {ratio:.2f}" if ratio else "-",
        )
    return table


def _clients(result: BenchResult, before: BenchResult | None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("clients", "statements", "per s", "average ms", "p50 ms", "p95 ms", "under 1 s", "against before"):
        table.add_column(heading, justify="right")
    then = {many.clients: many.average_ms for many in before.concurrent} if before else {}
    for many in result.concurrent:
        table.add_row(
            f"{many.clients}",
            f"{many.statements}",
            f"{many.statements / many.seconds:.1f}",
            f"{many.average_ms:.0f}",
            f"{many.p50_ms:.0f}",
            f"{many.p95_ms:.0f}",
            f"{many.under_1s:.0%}",
            f"x {many.average_ms / then[many.clients]:.2f}" if many.clients in then else "-",
        )
    return table
