from __future__ import annotations

from datetime import date

from nereus import sizing, verdicts
from nereus.cases import Case
from nereus.config import load
from nereus.costs.compare import compare
from nereus.paths import PROJECT
from tests.unit.bench.test_results import result

PLATFORM = load(PROJECT / "platform.yaml")
PLAN = sizing.plan(sizing.Requirements.of(PLATFORM))
TODAY = date(2026, 11, 22)


def test_cost_says_both_amounts_and_how_old_the_prices_are() -> None:
    found = verdicts.on_cost(compare(PLATFORM, PLAN)[Case.TYPICAL], TODAY)
    assert found.value.count("EUR") == 2
    assert "oldest price seen 20" in found.explanation
    assert found.good is True


def test_cost_says_plainly_when_snowflake_is_cheaper() -> None:
    small = PLATFORM.model_copy(
        update={"snowflake": PLATFORM.snowflake.model_copy(update={"credits_per_month": 20.0, "warehouses": ()})}
    )
    found = verdicts.on_cost(compare(small, PLAN)[Case.TYPICAL], TODAY)
    assert found.good is False
    assert "Staying on Snowflake is cheaper" in found.explanation


def test_filling_names_the_first_limit_and_its_source() -> None:
    found = verdicts.on_filling(PLAN)
    first = min(limit.first_year for limit in PLAN.limits[Case.TYPICAL] if limit.first_year is not None)
    assert found.value == f"in year {first}"
    assert "Source: " in found.explanation


def test_speed_is_unknown_until_it_is_measured() -> None:
    assert verdicts.on_speed([], 1.0).good is None


def test_speed_compares_the_last_result_with_the_promise() -> None:
    assert verdicts.on_speed([result(20)], 1.0).good is True
    missed = verdicts.on_speed([result(20), result(900, day=2)], 1.0)
    assert (missed.good, missed.value) == (False, "1.800 s")
    assert "Measured 2026-11-02 12:00 UTC on 2c-24gb" in missed.explanation
