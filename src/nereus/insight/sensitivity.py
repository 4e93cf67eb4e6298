"""What matters most: how the saving over the horizon moves as one input after the other goes from low to high.

All other inputs stay at their typical value. Pure functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from nereus import sizing
from nereus.cases import Case
from nereus.config import Platform
from nereus.costs import snowflake
from nereus.costs.amount import Amount
from nereus.costs.compare import Comparison, compare_case
from nereus.costs.prices import Price, Prices, packaged

#: Consumption is known from a bill or guessed; a guess may be this far off.
CONSUMPTION_SPREAD = 0.3
CREDITS, GROWTH = "credits used", "growth of data"


@dataclass(frozen=True)
class Swing:
    """One input. Inputs are in `unit`, outcomes in EUR saved over the horizon by the alternative, the move paid."""

    name: str
    what: str
    unit: str
    low: float
    high: float
    at_low: float
    at_high: float

    @property
    def width(self) -> float:
        return abs(self.at_high - self.at_low)

    @property
    def turns(self) -> bool:
        """Whether this input alone decides which of both is cheaper."""
        return (self.at_low > 0) != (self.at_high > 0)


@dataclass(frozen=True)
class Sensitivity:
    """`saving`: EUR over the horizon with everything typical; `swings`: the widest first."""

    alternative: str
    saving: float
    swings: tuple[Swing, ...]


def sensitivity(platform: Platform, plan: sizing.Plan, most: int = 10) -> Sensitivity:
    """The `most` inputs that matter most to the cheapest alternative of the typical case."""
    middle = compare_case(platform, plan, packaged().with_own(platform.prices), Case.TYPICAL)
    best = middle.best_alternative
    swings = sorted(_swings(platform, plan, middle, best.name), key=lambda swing: -swing.width)
    return Sensitivity(best.what, _saving(middle, best.name), tuple(swing for swing in swings if swing.width)[:most])


def _swings(platform: Platform, plan: sizing.Plan, middle: Comparison, name: str) -> Iterator[Swing]:
    known = packaged().with_own(platform.prices)
    for origin in middle.origins:
        price = known.by_name.get(origin.name)
        if price is None or price.low == price.high:
            continue
        ends = [
            _saving(compare_case(platform, plan, _with(known, price, value), Case.TYPICAL), name)
            for value in (price.low, price.high)
        ]
        yield Swing(price.name, price.what, price.unit, price.low, price.high, *ends)
    credits = middle.consumption.value
    section = platform.snowflake
    spread = [credits * (1 - CONSUMPTION_SPREAD), credits * (1 + CONSUMPTION_SPREAD)]
    changed = [
        platform.model_copy(
            update={"snowflake": section.model_copy(update={"credits_per_month": value, "warehouses": ()})}
        )
        for value in spread
    ]
    ends = [_saving(compare_case(each, plan, known, Case.TYPICAL), name) for each in changed]
    yield Swing(CREDITS, CREDITS, "credit/month", *spread, *ends)
    growth = platform.data.growth_per_year
    plans = [sizing.plan(replace(plan.requirements, growth_per_year=value)) for value in (0.0, 2 * growth)]
    ends = [_saving(compare_case(platform, each, known, Case.TYPICAL), name) for each in plans]
    yield Swing(GROWTH, GROWTH, "1/year", 0.0, 2 * growth, *ends)


def _with(known: Prices, price: Price, value: float) -> Prices:
    """The known prices with another typical value of one of them."""
    changed = {**known.by_name, price.name: replace(price, typical=value)}
    return replace(known, by_name=MappingProxyType(changed))


def _saving(comparison: Comparison, name: str) -> float:
    return (comparison.snowflake.total - comparison.options[name].total_with_move).to("EUR")


def snowflake_elsewhere(platform: Platform, plan: sizing.Plan) -> Mapping[tuple[str, str], float]:
    """EUR/year of the same consumption by (region, edition) of Snowflake's price list, typical case."""
    known = packaged().with_own(platform.prices)
    ratio = known.at("snowflake_size_ratio", Case.TYPICAL)
    years = plan.years[Case.TYPICAL][: plan.requirements.horizon_years]
    stored = [Amount.given(year.stored_tb.value, "TB") / ratio for year in years]
    found = {}
    for name in known.by_name:
        table, _, rest = name.partition(".")
        if table != "snowflake_credit":
            continue
        region, _, edition = rest.rpartition(".")
        section = platform.snowflake.model_copy(update={"region": region, "edition": edition})
        found[region, edition] = snowflake.bill(known, section, Case.TYPICAL, stored).per_year.to("EUR/year")
    return MappingProxyType(found)
