"""Snowflake against the alternatives for whole platforms."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nereus import sizing
from nereus.cases import Case
from nereus.config import Platform, load
from nereus.costs import premises
from nereus.costs.amount import Confidence
from nereus.costs.compare import Comparison, compare
from nereus.costs.prices import Hardware, packaged

PROJECT = Path(__file__).parents[3] / "platform.yaml"


def compared(**sections: object) -> Mapping[Case, Comparison]:
    platform = Platform.model_validate({"data": {"raw_tb": 1}, **sections})
    return compare(platform, sizing.plan(sizing.Requirements.of(platform)))


def test_the_projects_platform_compares_four_ways_to_run_it() -> None:
    platform = load(PROJECT)
    cases = compare(platform, sizing.plan(sizing.Requirements.of(platform)))
    for case, comparison in cases.items():
        assert comparison.case is case
        assert list(comparison.options) == ["snowflake", "owned", "refurbished", "rented"]
        assert comparison.consumption.to("credit/month") == 796
        assert all(option.years == 5 for option in comparison.options.values())


def test_costs_rise_from_case_to_case() -> None:
    cases = compared()
    for name in cases[Case.LOW].options:
        low, typical, high = (cases[case].options[name].total.to("EUR") for case in Case)
        assert low < typical < high


def test_the_typical_case_is_the_worked_total() -> None:
    typical = compared()[Case.TYPICAL]
    assert round(typical.options["owned"].total.to("EUR")) == 137_678
    assert round(typical.break_even["owned"].with_labour.to("credit/month")) == 677
    assert round(typical.break_even["owned"].without_labour.to("credit/month")) == 185


def test_a_small_bill_is_told_to_stay() -> None:
    typical = compared(snowflake={"credits_per_month": 176, "edition": "standard"})[Case.TYPICAL]
    assert typical.snowflake_is_cheaper
    assert typical.saving.to("EUR") < 0
    assert typical.verdict().startswith("Staying on Snowflake is cheaper: ")
    assert "You use 176 credits a month; the two cost the same at " in typical.verdict()


def test_a_large_bill_is_told_to_leave_and_when_the_move_is_paid_back() -> None:
    typical = compared(snowflake={"credits_per_month": 3008})[Case.TYPICAL]
    assert not typical.snowflake_is_cheaper
    assert typical.verdict().startswith("Leaving Snowflake for 3 refurbished machines bought saves ")
    assert "the move included and paid back in 2 months" in typical.verdict()


def test_the_move_is_work_and_the_datas_way_out() -> None:
    move = compared()[Case.TYPICAL].options["owned"].one_off
    stored_tb = 0.4 / 1.06
    assert move.to("EUR") == pytest.approx(45 * 80_000 / 218 + stored_tb * 90 / 1.15)
    assert {origin.name for origin in move.origins} >= {"migration", "salary", "snowflake_egress"}


def test_refurbished_machines_cost_the_low_price_in_every_case() -> None:
    cases = compared(machines={"nodes": 3})
    for comparison in cases.values():
        owned, refurbished = comparison.options["owned"], comparison.options["refurbished"]
        assert refurbished.capex.to("EUR") <= owned.capex.to("EUR")
    assert cases[Case.LOW].options["owned"].total == cases[Case.LOW].options["refurbished"].total


def test_another_machine_is_priced_by_its_parts() -> None:
    prices, reference = packaged(), packaged().reference
    for case in Case:
        same = premises.machine(prices, case, reference)
        double = Hardware(32, 256, 8, 32)
        assert premises.machine(prices, case, double).to("EUR/node") == pytest.approx(2 * same.to("EUR/node"))
        less = premises.machine(prices, case, Hardware(16, 64, 4, 16))
        assert same.to("EUR/node") > less.to("EUR/node") > 0
        assert {origin.name for origin in less.origins} >= {"node", "memory", "usd_per_eur", "nvme", "hdd", "chassis"}


def test_rented_servers_are_counted_by_what_they_hold() -> None:
    small = compared(costs={"rented_server": "ovh_advance_1"})[Case.TYPICAL].options["rented"]
    large = compared(costs={"rented_server": "hetzner_ax162"})[Case.TYPICAL].options["rented"]
    assert int(small.what.partition(" x ")[0]) > int(large.what.partition(" x ")[0]) >= 3


def test_a_users_price_reaches_the_total_with_its_source() -> None:
    quote = {"node": {"value": 6000, "source": "quote 2026-118", "seen_on": date(2026, 11, 20)}}
    owned = compared(prices=quote)[Case.TYPICAL].options["owned"]
    assert owned.capex.to("EUR") == 3 * 6000 + 2500
    (origin,) = (each for each in owned.total.origins if each.name == "node")
    assert (origin.source, origin.confidence) == ("platform.yaml: quote 2026-118", Confidence.DECLARED)


def test_every_price_used_is_known_with_its_age() -> None:
    origins = compared()[Case.TYPICAL].origins
    names = {origin.name for origin in origins}
    assert names >= {
        "salary",
        "electricity",
        "snowflake_credit.aws_eu_paris.enterprise",
        "snowflake_size_ratio",
        "draw",
    }
    stale = {origin.name for origin in origins if origin.stale(date(2026, 11, 22))}
    assert "electricity" in stale
    assert "salary" not in stale
    assert {origin.name for origin in origins if origin.stale(date(2025, 10, 30))} == set()


def test_a_declared_consumption_says_so() -> None:
    (origin,) = compared(snowflake={"credits_per_month": 500})[Case.LOW].consumption.origins
    assert (origin.name, origin.source) == ("snowflake.credits_per_month", "platform.yaml")


@settings(max_examples=25, deadline=None)
@given(
    credits=st.floats(0, 20_000),
    raw_tb=st.floats(0.05, 20),
    growth=st.floats(0, 0.5),
    discount=st.floats(0, 0.9),
    share=st.floats(0, 1),
)
def test_the_verdict_follows_the_break_even(
    credits: float, raw_tb: float, growth: float, discount: float, share: float
) -> None:
    cases = compared(
        data={"raw_tb": raw_tb, "growth_per_year": growth},
        snowflake={"credits_per_month": credits, "discount": discount, "serverless_share": share},
    )
    for comparison in cases.values():
        meet = comparison.break_even[comparison.best_alternative.name].all_in.to("credit/month")
        assert meet >= 0
        if abs(credits - meet) > 1e-6 * max(1, meet):
            assert comparison.snowflake_is_cheaper is (credits < meet)
        for option in comparison.options.values():
            causes = sum(cause.total.to("EUR") for cause in option.causes)
            assert option.total.to("EUR") == pytest.approx(causes)
            assert all(amount.value >= 0 for cause in option.causes for amount in cause.per_year)
