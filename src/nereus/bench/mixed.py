"""Dashboards with and without somebody's heavy scans beside them: kept as a result like those of the suites.

Its queries are named by when and how dashboards were opened; their warm times are every opening. Its one concurrent
figure is of all openings beside the scans.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nereus.bench.results import BenchResult, ConcurrentResult, QueryResult
from nereus.bench.stats import Summary, summarise

SUITE = "mixed"
ALONE, BESIDE = "alone", "beside scans"
CACHED, COMPUTED = "from the cache", "computed"


@dataclass(frozen=True)
class Effect:
    """How long opening a whole dashboard takes without and with the scans; `how` is CACHED or COMPUTED."""

    how: str
    alone: Summary
    beside: Summary

    @property
    def growth(self) -> float:
        """By how much p95 grows: 1 is not at all."""
        return self.beside.p95_ms / self.alone.p95_ms


def queries(times: Mapping[tuple[str, str], Sequence[float]]) -> tuple[QueryResult, ...]:
    """The parts of a result, of ms by (when, how)."""
    return tuple(
        QueryResult(name=f"{when}, {how}", rows=0, cold_ms=None, warm_ms=tuple(each))
        for (when, how), each in times.items()
        if each
    )


def together(times: Sequence[float], people: int, seconds: float) -> ConcurrentResult:
    """All openings beside the scans; ms, seconds."""
    told = summarise(times)
    return ConcurrentResult(
        clients=people,
        statements=told.count,
        seconds=seconds,
        average_ms=told.average_ms,
        p50_ms=told.p50_ms,
        p95_ms=told.p95_ms,
        max_ms=told.max_ms,
        under_1s=told.under_1s,
    )


def effects(result: BenchResult) -> Iterator[Effect]:
    """What the scans did, where both sides were measured."""
    known = {query.name: query.warm_ms for query in result.queries}
    for how in (CACHED, COMPUTED):
        alone, beside = (known.get(f"{when}, {how}") for when in (ALONE, BESIDE))
        if alone and beside:
            yield Effect(how, summarise(alone), summarise(beside))
