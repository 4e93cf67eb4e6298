"""What holds for every platform: nothing negative, more never needs less, machines carry what they are planned for."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nereus.config import Platform
from nereus.sizing import Case, Machine, Requirements, Year, plan
from nereus.sizing import constants as k
from nereus.sizing.year import size, usable_cores, usable_memory_gb

#: What more data, growth or replicas can only raise.
TOTALS = (
    "raw_tb",
    "stored_tb",
    "hot_disk_tb",
    "views_tb",
    "nvme_tb",
    "cold_disk_tb",
    "dashboard_cores",
    "science_cores",
    "cores",
    "memory_gb",
    "nodes",
    "frontends",
    "backends",
    "buckets_per_partition",
)


@st.composite
def requirements(draw: st.DrawFn) -> Requirements:
    history = draw(st.integers(1, 240))
    low, typical, high = sorted(draw(st.floats(0.01, 1)) for _ in Case)
    return Requirements(
        raw_tb=draw(st.floats(0.001, 500)),
        growth_per_year=draw(st.floats(0, 2)),
        horizon_years=draw(st.integers(1, 6)),
        history_months=history,
        hot_months=draw(st.integers(1, history)),
        stored_share={Case.LOW: low, Case.TYPICAL: typical, Case.HIGH: high},
        replicas=draw(st.integers(1, 5)),
        headroom=draw(st.floats(0.1, 2)),
        backups_kept=draw(st.integers(1, 5)),
        readers=draw(st.integers(0, 5000)),
        scientists=draw(st.integers(0, 500)),
        dashboard_average_s=draw(st.floats(0.05, 60)),
        machine=Machine(
            draw(st.integers(1, 256)),
            draw(st.floats(1, 4096)),
            draw(st.floats(0.01, 500)),
            draw(st.just(0.0) | st.floats(0.1, 1000)),
        ),
    )


years = st.integers(0, 6)
cases = st.sampled_from(list(Case))
quick = settings(max_examples=60, deadline=None)


def never_less(more: Year, less: Year) -> None:
    for name in TOTALS:
        larger, smaller = getattr(more, name).value, getattr(less, name).value
        assert larger >= smaller or larger == pytest.approx(smaller), name


@quick
@given(need=requirements(), case=cases, year=years, factor=st.floats(1, 10))
def test_more_data_never_needs_less(need: Requirements, case: Case, year: int, factor: float) -> None:
    never_less(size(replace(need, raw_tb=need.raw_tb * factor), case, year), size(need, case, year))


@quick
@given(need=requirements(), case=cases, year=years, more=st.floats(0, 1))
def test_faster_growth_never_needs_less(need: Requirements, case: Case, year: int, more: float) -> None:
    never_less(size(replace(need, growth_per_year=need.growth_per_year + more), case, year), size(need, case, year))


@quick
@given(need=requirements(), case=cases, year=years)
def test_another_replica_never_needs_less(need: Requirements, case: Case, year: int) -> None:
    never_less(size(replace(need, replicas=need.replicas + 1), case, year), size(need, case, year))


@quick
@given(need=requirements(), case=cases, year=years)
def test_a_later_year_never_needs_less(need: Requirements, case: Case, year: int) -> None:
    never_less(size(need, case, year + 1), size(need, case, year))


@quick
@given(need=requirements(), year=years)
def test_the_cases_are_in_order(need: Requirements, year: int) -> None:
    low, typical, high = (size(need, case, year) for case in Case)
    never_less(typical, low)
    never_less(high, typical)


@quick
@given(need=requirements(), case=cases, year=years)
def test_a_year_is_sound(need: Requirements, case: Case, year: int) -> None:
    needed = size(need, case, year)
    assert all(each.value >= 0 for each in needed.figures().values())
    assert all(each.unit and each.reason and each.source for each in needed.figures().values())
    hot = needed.stored_tb.value - needed.cold_stored_tb.value
    assert needed.hot_disk_tb.value == pytest.approx(hot * need.replicas * (1 + need.headroom), abs=1e-9)
    # The machines carry it.
    nodes = needed.nodes.value * (1 + 1e-6)
    assert nodes >= need.replicas
    assert nodes * need.machine.nvme_tb >= needed.nvme_tb.value
    assert need.machine.hdd_tb == 0 or nodes * need.machine.hdd_tb >= needed.cold_disk_tb.value
    assert nodes * usable_cores(need) >= needed.cores.value
    assert nodes * usable_memory_gb(need) >= needed.memory_gb.value


@quick
@given(need=requirements())
def test_a_wider_hot_window_moves_data_from_cold_to_hot(need: Requirements) -> None:
    part, whole = size(need, Case.TYPICAL, 0), size(replace(need, hot_months=need.history_months), Case.TYPICAL, 0)
    assert whole.hot_disk_tb.value >= part.hot_disk_tb.value
    assert whole.cold_stored_tb.value == whole.file_cache_tb.value == 0


@settings(max_examples=25, deadline=None)
@given(need=requirements())
def test_a_plan_has_every_year_in_every_case(need: Requirements) -> None:
    made = plan(need)
    assert {case: [year.year for year in made.years[case]] for case in Case} == {
        case: list(range(need.horizon_years + 1)) for case in Case
    }
    assert all(each.now >= 0 for case in Case for each in made.limits[case])


def test_every_constant_names_its_source() -> None:
    constants = [value for value in vars(k).values() if isinstance(value, k.Constant)]
    assert len(constants) > 20
    for constant in constants:
        assert constant.low <= constant.typical <= constant.high
        assert len(constant.source) > 15
        assert constant.cited.startswith("assumption: ") is constant.assumed


def test_a_platform_becomes_requirements(need: Callable[..., Requirements]) -> None:
    platform = Platform.model_validate(
        {"data": {"raw_tb": 3}, "users": {"analysts": 7, "managers": 2}, "machines": {"nodes": 4, "hdd_tb": 0}}
    )
    made = Requirements.of(platform)
    assert (made.raw_tb, made.readers, made.nodes, made.machine.hdd_tb) == (3, 9, 4, 0)
    assert made.stored_share == {Case.LOW: 0.3, Case.TYPICAL: 0.4, Case.HIGH: 0.5}
    assert need().nodes is None
