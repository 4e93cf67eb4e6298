"""One sentence per question that management asks, each with its number, unit, date and source. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from nereus.bench.results import BenchResult
from nereus.bench.stats import summarise
from nereus.cases import Case
from nereus.costs.compare import Comparison
from nereus.sizing import Plan


@dataclass(frozen=True)
class Verdict:
    """`good` is None where nothing was measured: the answer is unknown, not bad."""

    question: str
    value: str
    explanation: str
    good: bool | None


def on_cost(comparison: Comparison, today: date) -> Verdict:
    """Is leaving Snowflake cheaper, in the typical case?"""
    best = comparison.best_alternative
    ours, theirs = (option.per_year.to("EUR/year") / 12 for option in (best, comparison.snowflake))
    oldest = min((origin.seen_on for origin in comparison.origins if origin.seen_on), default=today)
    assumed = "; some prices are assumptions" if comparison.saving.assumed else ""
    return Verdict(
        question="Monthly cost against Snowflake",
        value=f"{ours:,.0f} EUR against {theirs:,.0f} EUR",
        explanation=f"{comparison.verdict()} Typical case, without VAT, oldest price seen {oldest}{assumed}.",
        good=not comparison.snowflake_is_cheaper,
    )


def on_filling(plan: Plan) -> Verdict:
    """When is the first limit of the planned machines reached, in the typical case?"""
    reached = [limit for limit in plan.limits[Case.TYPICAL] if limit.first_year is not None]
    first = min(reached, key=lambda limit: limit.first_year or 0, default=None)
    machines = f"{plan.nodes.value:g} machines"
    if first is None:
        return Verdict("Next purchase", "not in 30 years", f"No limit of {machines} is reached.", good=True)
    when = "now" if first.first_year == 0 else f"in year {first.first_year}"
    return Verdict(
        question="Next purchase",
        value=when,
        explanation=f"{first.name} of {machines}: {first.reason}. Typical case. Source: {first.source}.",
        good=bool(first.first_year),
    )


def on_speed(results: Sequence[BenchResult], promise_s: float) -> Verdict:
    """Did the last benchmark keep the promise?"""
    question = f"Average answer, promise {promise_s:g} s"
    if not results:
        return Verdict(question, "not measured", "No benchmark was run yet. Run: make bench", good=None)
    last = results[-1]
    found = summarise([time for query in last.queries for time in query.warm_ms])
    return Verdict(
        question=question,
        value=f"{found.average_ms / 1000:.3f} s",
        explanation=(
            f"{last.suite} at scale {last.scale:g}, warm, one query at a time, {found.count} statements, p95 "
            f"{found.p95_ms / 1000:.3f} s. Measured {last.started_at:%Y-%m-%d %H:%M} UTC on {last.machine.name}, "
            f"target {last.target}."
        ),
        good=found.average_ms < promise_s * 1000,
    )
