from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from nereus import sizing
from nereus.cases import Case
from nereus.config import load
from nereus.insight.filling import beside, crossings, growth, refitted, used
from nereus.insight.holdings import Table
from nereus.paths import PROJECT
from nereus.sizing import year

NEED = sizing.Requirements.of(load(PROJECT / "platform.yaml"))
PLAN = sizing.plan(NEED)
TODAY = date(2026, 11, 22)


def test_months_agree_with_the_years_of_the_plan() -> None:
    by_name = {f"{each.disk} {each.name}": each for each in crossings(PLAN) if each.case is Case.TYPICAL}
    for limit in PLAN.limits[Case.TYPICAL]:
        found = by_name.get(limit.name)
        if found is None:
            continue
        assert (found.months is None) == (limit.first_year is None)
        if found.months is not None and limit.first_year is not None:
            assert limit.first_year - 1 <= found.months / 12 <= limit.first_year


def test_the_month_is_the_first_beyond_the_limit() -> None:
    found = next(each for each in crossings(PLAN) if each.case is Case.TYPICAL and each.name == "alarm")
    assert found.months is not None
    now, rate = year.load(NEED, Case.TYPICAL, 0).nvme_tb, 1 + NEED.growth_per_year
    assert now * rate ** ((found.months - 1) / 12) <= found.limit_tb < now * rate ** (found.months / 12)
    assert found.used_tb == used(PLAN, Case.TYPICAL)[0] == now


@pytest.mark.parametrize(("months", "said"), [(0, "now"), (1, "2026-12"), (2, "2027-01"), (14, "2028-01")])
def test_months_are_named(months: int, said: str) -> None:
    assert replace(crossings(PLAN)[0], months=months).month(TODAY) == said
    assert replace(crossings(PLAN)[0], months=None).month(TODAY) == "not in 30 years"


def test_without_growth_nothing_is_ever_crossed() -> None:
    still = sizing.plan(replace(NEED, growth_per_year=0.0))
    assert {each.months for each in crossings(still)} <= {None, 0}


def test_more_growth_crosses_sooner() -> None:
    fast = sizing.plan(replace(NEED, growth_per_year=0.5, nodes=int(PLAN.nodes.value)))
    pairs = zip(crossings(fast), crossings(PLAN), strict=True)
    assert all((soon.months or 0) <= (late.months if late.months is not None else 999) for soon, late in pairs)


def test_growth_is_told_once_the_loads_span_a_month() -> None:
    days = [{"day": "2026-01-01T00:00:00", "sent_bytes": 1000}, {"day": "2026-01-11T00:00:00", "sent_bytes": 50}]
    assert growth(days).per_year is None
    whole = [days[0], {"day": "2026-03-15T00:00:00", "sent_bytes": 100}]
    assert growth(whole).days == 73
    assert growth(whole).per_year == pytest.approx(0.5)
    assert growth([]).sent_bytes == 0


def test_the_plan_is_fitted_again_on_the_same_machines() -> None:
    measured = growth([{"day": "2026-01-01", "sent_bytes": 1000}, {"day": "2026-03-15", "sent_bytes": 100}])
    again = refitted(PLAN, measured)
    assert again is not None
    assert again.nodes.value == PLAN.nodes.value
    assert again.requirements.growth_per_year == pytest.approx(0.5)
    assert refitted(PLAN, growth([])) is None


def test_the_plan_stands_beside_what_is_reported() -> None:
    table = Table("a", "t", "table", "", 1, 10, 3 * 10**9, 10**9, 1, None)
    rows = {each.name: each for each in beside(PLAN, [table], growth([]))}
    assert rows["hot, one copy"].reported == 3 * 10**9
    assert rows["cold"].reported == 10**9
    assert rows["stored, one copy"].planned == pytest.approx(NEED.raw_tb * 0.4e12)
    assert rows["stored, one copy"].share == pytest.approx(0.01)
    planned = rows["hot, one copy"].planned + rows["cold"].planned
    assert planned == pytest.approx(rows["stored, one copy"].planned)
    assert all(each.share is None for each in beside(PLAN, None, growth([])))
