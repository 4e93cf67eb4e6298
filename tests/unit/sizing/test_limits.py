"""When planned machines stop being enough, and what a person is warned of."""

from collections.abc import Callable

import pytest

from nereus.sizing import Case, Limit, Machine, Plan, Requirements, plan

Make = Callable[..., Requirements]


def limit(made: Plan, name: str, case: Case = Case.TYPICAL) -> Limit:
    return next(each for each in made.limits[case] if each.name == name)


def test_limits_are_reached_in_their_order(need: Make) -> None:
    made = plan(need(raw_tb=2, growth_per_year=0.3, nodes=3, machine=Machine(64, 512, 1.5, 16)))
    years = [limit(made, name).first_year for name in ("NVMe alarm", "NVMe watermark", "NVMe flood")]
    assert None not in years
    assert years == sorted(years)


def test_the_first_year_of_a_limit_is_exact(need: Make) -> None:
    # 0.4 TB stored, all hot: 1.2 TB in three copies and 0.24 TB of views, doubling every year, on 3 x 4 TB:
    # 1.44, 2.88, 5.76, 11.52 TB against an alarm at 9 and a watermark at 10.2
    made = plan(need(hot_months=60, growth_per_year=1.0, nodes=3))
    assert limit(made, "NVMe alarm").first_year == 3
    assert limit(made, "NVMe alarm").now == pytest.approx(1.44 / 9)
    assert limit(made, "NVMe watermark").first_year == 3
    assert limit(made, "NVMe alarm").reason == "75% of 3 x 4 TB"


def test_what_never_grows_never_fills(need: Make) -> None:
    made = plan(need(growth_per_year=0))
    assert {each.first_year for each in made.limits[Case.TYPICAL]} == {None}


def test_the_unlucky_case_fills_first(need: Make) -> None:
    made = plan(need(growth_per_year=0.4, nodes=3))
    low, typical, high = (limit(made, "NVMe alarm", case).first_year for case in Case)
    assert low is not None
    assert typical is not None
    assert high is not None
    assert low >= typical >= high


def test_machines_bought_for_the_horizon_last_until_then(need: Make) -> None:
    made = plan(need(raw_tb=8, growth_per_year=0.25))
    years = [each.first_year for each in made.limits[Case.TYPICAL]]
    assert all(year is None or year > 5 for year in years)


def test_the_typical_last_year_decides_how_many_machines(need: Make) -> None:
    made = plan(need(raw_tb=20, growth_per_year=0.2))
    assert made.nodes.value == made.at(5).nodes.value > made.at(0).nodes.value
    assert made.nodes.reason.startswith("year 5, typical: ")


def test_declared_machines_that_are_too_few_are_named_with_the_year(need: Make) -> None:
    made = plan(need(raw_tb=8, growth_per_year=0.3, nodes=4, machine=Machine(32, 256, 4, 16)))
    assert made.nodes.reason == "declared as machines.nodes"
    warning = next(text for text in made.warnings if text.startswith("machines.nodes"))
    short = next(year for year in made.years[Case.TYPICAL] if year.nodes.value > 4)
    assert f"year {short.year} needs {short.nodes.value:g} " in warning
    assert short.year > 0


@pytest.mark.parametrize(
    ("changed", "start"),
    [
        ({"machine": Machine(4, 128, 4, 16)}, "machines.cores is 4; "),
        ({"machine": Machine(16, 8, 4, 16)}, "machines.memory_gb is 8; "),
        ({"replicas": 1}, "data.replicas is 1: "),
        ({}, "3 machines carry 3 replicas: "),
    ],
)
def test_risks_are_said(need: Make, changed: dict[str, object], start: str) -> None:
    assert any(text.startswith(start) for text in plan(need(**changed)).warnings)


def test_a_comfortable_plan_has_no_warning(need: Make) -> None:
    assert plan(need(nodes=6)).warnings == ()
