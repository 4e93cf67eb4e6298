"""The few statistics a benchmark needs. Pure functions of milliseconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """Of a set of response times, all in ms; `under_1s` is a share between 0 and 1."""

    count: int
    average_ms: float
    p50_ms: float
    p95_ms: float
    max_ms: float
    under_1s: float


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie, interpolated linearly as NumPy does.

    Raises ValueError for no values.
    """
    if not values:
        raise ValueError("a percentile of nothing")
    ordered = sorted(values)
    position = (len(ordered) - 1) * share
    lower = math.floor(position)
    upper = min(lower + 1, len(ordered) - 1)
    return ordered[lower] + (ordered[upper] - ordered[lower]) * (position - lower)


def summarise(times_ms: Sequence[float]) -> Summary:
    """Average, median, p95, maximum and the share under one second. Raises ValueError for no values."""
    return Summary(
        count=len(times_ms),
        average_ms=sum(times_ms) / len(times_ms) if times_ms else math.nan,
        p50_ms=percentile(times_ms, 0.50),
        p95_ms=percentile(times_ms, 0.95),
        max_ms=max(times_ms),
        under_1s=sum(time < 1000 for time in times_ms) / len(times_ms),
    )


def geometric_mean(ratios: Sequence[float]) -> float:
    """The mean that treats 2x and 0.5x as opposites. Raises ValueError for no values or a value not above 0."""
    if not ratios or min(ratios) <= 0:
        raise ValueError("a geometric mean needs values above 0")
    return math.exp(sum(math.log(ratio) for ratio in ratios) / len(ratios))
