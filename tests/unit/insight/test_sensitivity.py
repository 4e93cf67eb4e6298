"""What matters most, by the model that the costs come from."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from nereus import sizing
from nereus.cases import Case
from nereus.config import load
from nereus.costs.compare import compare, compare_case
from nereus.costs.prices import packaged
from nereus.insight import sensitivity
from nereus.paths import PROJECT

PLATFORM = load(PROJECT / "platform.yaml")
PLAN = sizing.plan(sizing.Requirements.of(PLATFORM))


@pytest.fixture(scope="module")
def found() -> sensitivity.Sensitivity:
    return sensitivity.sensitivity(PLATFORM, PLAN)


def test_the_widest_comes_first_and_the_middle_is_the_typical_comparison(found: sensitivity.Sensitivity) -> None:
    typical = compare(PLATFORM, PLAN)[Case.TYPICAL]
    assert found.saving == pytest.approx(typical.saving.to("EUR"))
    assert found.alternative == typical.best_alternative.what
    widths = [swing.width for swing in found.swings]
    assert widths == sorted(widths, reverse=True)
    assert {"operations", sensitivity.CREDITS} <= {swing.name for swing in found.swings[:3]}


def test_an_end_of_a_swing_is_what_the_model_says_of_that_price(found: sensitivity.Sensitivity) -> None:
    (salary,) = [swing for swing in found.swings if swing.name == "salary"]
    price = packaged().by_name["salary"]
    changed = replace(
        packaged(),
        by_name=MappingProxyType({**packaged().by_name, "salary": replace(price, typical=price.high)}),
    )
    again = compare_case(PLATFORM, PLAN, changed, Case.TYPICAL)
    assert salary.at_high == pytest.approx(again.saving.to("EUR"))
    assert salary.at_high < found.saving < salary.at_low


def test_only_what_alone_changes_the_sign_turns_the_result(found: sensitivity.Sensitivity) -> None:
    assert [swing.name for swing in found.swings if swing.turns] == [
        swing.name for swing in found.swings if min(swing.at_low, swing.at_high) <= 0 < max(swing.at_low, swing.at_high)
    ]


def test_the_declared_region_and_edition_cost_what_the_comparison_says() -> None:
    elsewhere = sensitivity.snowflake_elsewhere(PLATFORM, PLAN)
    section = PLATFORM.snowflake
    bill = compare(PLATFORM, PLAN)[Case.TYPICAL].snowflake
    assert elsewhere[section.region, section.edition] == pytest.approx(bill.per_year.to("EUR/year"))
    assert elsewhere[section.region, "standard"] < elsewhere[section.region, "business_critical"]
