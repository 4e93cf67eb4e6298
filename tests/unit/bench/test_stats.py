from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nereus.bench.stats import geometric_mean, percentile, summarise


def test_percentile_interpolates_linearly() -> None:
    assert percentile([10, 20, 30, 40], 0.5) == 25
    assert percentile([10, 20, 30, 40], 0.95) == pytest.approx(38.5)
    assert percentile([7], 0.95) == 7


def test_statistics_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)
    with pytest.raises(ValueError, match="nothing"):
        summarise([])
    with pytest.raises(ValueError, match="above 0"):
        geometric_mean([])


def test_summary_counts_the_share_under_one_second() -> None:
    found = summarise([100, 999.9, 1000, 3000])
    assert (found.count, found.under_1s, found.max_ms) == (4, 0.5, 3000)
    assert found.average_ms == pytest.approx(1274.975)


def test_twice_and_half_cancel_out() -> None:
    assert geometric_mean([2, 0.5]) == pytest.approx(1)


@given(st.lists(st.floats(0.1, 1e6), min_size=1), st.floats(0, 1))
def test_a_percentile_lies_between_the_extremes(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert min(values) - 1e-9 <= found <= max(values) + 1e-9
    assert not math.isnan(found)
