"""Figures that can be checked by hand: Doris' own sizing rule, growth, the hot window, buckets."""

from collections.abc import Callable

import pytest

from nereus.sizing import Case, Machine, Requirements, plan
from nereus.sizing.year import share_of_newest

Make = Callable[..., Requirements]


def test_one_raw_terabyte_takes_the_disk_that_doris_documents(need: Make) -> None:
    made = plan(need(hot_months=60))
    assert made.at(0, Case.LOW).hot_disk_tb.value == pytest.approx(1.26)
    assert made.at(0, Case.TYPICAL).hot_disk_tb.value == pytest.approx(1.68)
    assert made.at(0, Case.HIGH).hot_disk_tb.value == pytest.approx(2.1)


@pytest.mark.parametrize(
    ("year", "factor"), [(0, 1.0), (1, 1.10), (2, 1.21), (3, 1.33), (5, 1.61), (7, 1.95), (10, 2.59)]
)
def test_ten_percent_a_year_compounds(need: Make, year: int, factor: float) -> None:
    made = plan(need(horizon_years=10))
    for case in Case:
        first, later = made.at(0, case), made.at(year, case)
        assert later.raw_tb.value == pytest.approx(factor, abs=0.005)
        assert later.hot_disk_tb.value / first.hot_disk_tb.value == pytest.approx(factor, abs=0.005)


@pytest.mark.parametrize(
    ("year", "low", "high"), [(0, 0.42, 0.70), (3, 0.56, 0.93), (5, 0.68, 1.13)], ids=["today", "year 3", "year 5"]
)
def test_each_of_three_backends_holds_what_doris_documents(need: Make, year: int, low: float, high: float) -> None:
    made = plan(need(hot_months=60))
    assert made.at(year, Case.LOW).hot_disk_tb.value / 3 == pytest.approx(low, abs=0.005)
    assert made.at(year, Case.HIGH).hot_disk_tb.value / 3 == pytest.approx(high, abs=0.005)


def test_the_hot_window_without_growth_is_a_plain_share() -> None:
    assert share_of_newest(24, 60, 0) == pytest.approx(0.4)
    assert share_of_newest(60, 60, 0.1) == 1
    assert share_of_newest(90, 60, 0.1) == 1


def test_the_hot_window_of_growing_data_is_the_sum_of_its_months() -> None:
    months = [1.1 ** (month / 12) for month in range(60)]
    assert share_of_newest(24, 60, 0.1) == pytest.approx(sum(months[-24:]) / sum(months), rel=1e-6)


def test_keeping_the_whole_history_hot_leaves_nothing_cold(need: Make) -> None:
    made = plan(need(hot_months=60, backups_kept=0))
    for case in Case:
        for year in made.years[case]:
            assert (year.cold_stored_tb.value, year.file_cache_tb.value, year.cold_disk_tb.value) == (0, 0, 0)


def test_backups_of_hot_data_take_room_in_the_object_store(need: Make) -> None:
    without, with_two = plan(need(hot_months=60, backups_kept=0)), plan(need(hot_months=60, backups_kept=2))
    # 0.4 TB stored, two backups, each kept twice, 1.4 for headroom
    assert with_two.at(0).cold_disk_tb.value - without.at(0).cold_disk_tb.value == pytest.approx(0.4 * 2 * 2 * 1.4)


def test_without_spinning_disks_the_object_store_is_on_nvme(need: Make) -> None:
    with_hdd, without = plan(need()), plan(need(machine=Machine(16, 128, 4, 0)))
    added = without.at(0).nvme_tb.value - with_hdd.at(0).nvme_tb.value
    assert added == pytest.approx(with_hdd.at(0).cold_disk_tb.value)
    assert "HDD alarm" not in {limit.name for limit in without.limits[Case.TYPICAL]}


@pytest.mark.parametrize(
    ("raw_tb", "buckets"),
    [(0.05, 4), (0.4, 8), (1, 16), (3, 32), (9, 32), (150, 100)],
    ids=["0.3 GB a month", "2.7 GB", "6.7 GB", "20 GB", "60 GB", "1000 GB"],
)
def test_buckets_follow_the_size_of_a_monthly_partition(need: Make, raw_tb: float, buckets: int) -> None:
    made = plan(need(raw_tb=raw_tb, growth_per_year=0, machine=Machine(512, 16384, 1000, 5000)))
    assert made.at(0).buckets_per_partition.value == buckets


def test_every_backend_gets_a_bucket(need: Make) -> None:
    made = plan(need(raw_tb=0.05, scientists=400))
    year = made.at(0)
    assert year.backends.value > 40
    assert year.buckets_per_partition.value == year.backends.value


def test_heavier_use_needs_more_cores_than_one_query_alone(need: Make) -> None:
    few, many = plan(need(readers=5)).at(0), plan(need(readers=500)).at(0)
    assert few.dashboard_cores.reason.startswith("one query of ")
    # 500 x 0.2 at work, 4 queries a minute each, at most 60 % busy
    per_query = few.dashboard_cores.value
    assert many.dashboard_cores.value == pytest.approx(per_query * 500 * 0.2 * 4 / 60 / 0.6)


def test_a_stricter_promise_needs_more_cores(need: Make) -> None:
    relaxed, strict = (plan(need(readers=1, dashboard_average_s=seconds)).at(0) for seconds in (2, 0.5))
    assert strict.dashboard_cores.value == pytest.approx(4 * relaxed.dashboard_cores.value)


def test_one_machine_carries_one_replica_and_one_frontend(need: Make) -> None:
    made = plan(need(raw_tb=0.1, replicas=1, machine=Machine(32, 256, 4, 16)))
    assert (made.nodes.value, made.at(0).frontends.value, made.at(0).backends.value) == (1, 1, 1)
    assert made.doris_properties() == {"replication_num": "1"}


def test_the_projects_default_is_three_machines(need: Make) -> None:
    made = plan(need())
    assert made.nodes.value == 3
    assert made.doris_properties() == {"replication_num": "3"}
    assert made.last.year == 5
    assert made.last.buckets_per_partition.value == 16
