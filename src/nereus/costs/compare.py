"""Snowflake against the alternatives for one declared platform and its plan, in every case."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from nereus import sizing
from nereus.cases import Case
from nereus.config import Platform
from nereus.costs import premises, snowflake
from nereus.costs.amount import Amount, Origin, total
from nereus.costs.options import MONTHS_PER_YEAR, Option
from nereus.costs.prices import Hardware, Prices, packaged


@dataclass(frozen=True)
class BreakEven:
    """Credits a month at which Snowflake costs as much as an alternative; below, Snowflake is cheaper.

    `with_labour` and `without_labour` set the alternative against credits alone. `all_in` also counts Snowflake's
    storage, serverless share and people, and the move; it is 0 when the alternative costs less than those.
    """

    with_labour: Amount
    without_labour: Amount
    all_in: Amount


@dataclass(frozen=True)
class Comparison:
    """One case: Snowflake first, then the alternatives by name."""

    case: Case
    years: int
    consumption: Amount
    options: Mapping[str, Option]
    break_even: Mapping[str, BreakEven]

    @property
    def snowflake(self) -> Option:
        return self.options["snowflake"]

    @property
    def alternatives(self) -> tuple[Option, ...]:
        return tuple(option for name, option in self.options.items() if name != "snowflake")

    @property
    def best_alternative(self) -> Option:
        """The alternative that costs least over the horizon, the move included."""
        return min(self.alternatives, key=lambda option: option.total_with_move.value)

    @property
    def snowflake_is_cheaper(self) -> bool:
        """Whether staying costs no more than the best alternative with the move."""
        return self.saving.value <= 0

    @property
    def saving(self) -> Amount:
        """EUR over the horizon that the best alternative saves, the move paid; below zero when Snowflake is cheaper."""
        return self.snowflake.total - self.best_alternative.total_with_move

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Every price behind the comparison."""
        behind = {origin for option in self.options.values() for origin in option.total_with_move.origins}
        return tuple(sorted(behind | set(self.consumption.origins)))

    def verdict(self) -> str:
        """Which is cheaper, by how much, and where the two meet."""
        best, saving = self.best_alternative, self.saving.to("EUR")
        meet = self.break_even[best.name].all_in.value
        use = f"You use {self.consumption.value:,.0f} credits a month; the two cost the same at {meet:,.0f}."
        if saving <= 0:
            gap = f"{-saving:,.0f} EUR less over {self.years} years than {best.what}, the cheapest alternative"
            return f"Staying on Snowflake is cheaper: {gap}, the move included. {use}"
        a_year = (self.snowflake.per_year - best.per_year).to("EUR/year")
        months = math.ceil(best.one_off.to("EUR") / a_year * 12)
        gain = f"saves {saving:,.0f} EUR over {self.years} years, the move included and paid back in {months} months"
        return f"Leaving Snowflake for {best.what} {gain}. {use}"


def break_even(per_year: Amount, credit_price: Amount, usd_per_eur: Amount) -> Amount:
    """credit/month that cost `per_year` (EUR/year) at `credit_price` (USD/credit)."""
    return per_year * usd_per_eur / (MONTHS_PER_YEAR * credit_price)


def compare(platform: Platform, plan: sizing.Plan, prices: Prices | None = None) -> Mapping[Case, Comparison]:
    """Every case of the comparison. `prices` are the packaged ones with platform.yaml's own in their place.

    Raises BadInput for an own price whose name is unknown.
    """
    known = (prices or packaged()).with_own(platform.prices)
    return MappingProxyType({case: compare_case(platform, plan, known, case) for case in Case})


def compare_case(platform: Platform, plan: sizing.Plan, prices: Prices, case: Case) -> Comparison:
    """One case of the comparison with exactly these prices: platform.yaml's own stand among them already."""
    need, section = plan.requirements, platform.snowflake
    ratio = prices.at("snowflake_size_ratio", case)
    stored = [Amount.given(year.stored_tb.value, "TB") / ratio for year in plan.years[case][: need.horizon_years]]
    move = premises.move_off_snowflake(prices, case, stored[0])
    years, nodes = need.horizon_years, _nodes(plan, case)
    hardware = Hardware(need.machine.cores, need.machine.memory_gb, need.machine.nvme_tb, need.machine.hdd_tb)
    server = platform.costs.rented_server
    options = (
        snowflake.bill(prices, section, case, stored),
        premises.owned(prices, case, nodes, years, hardware=hardware, move=move),
        premises.owned(prices, case, nodes, years, hardware=hardware, move=move, refurbished=True),
        premises.rented(prices, case, server, _rented_nodes(plan, case, prices, server), years, move=move),
    )
    return Comparison(
        case,
        years,
        snowflake.consumption(prices, section, case),
        MappingProxyType({option.name: option for option in options}),
        MappingProxyType({option.name: _meet(prices, platform, case, options[0], option) for option in options[1:]}),
    )


def _nodes(plan: sizing.Plan, case: Case) -> int:
    declared = plan.requirements.nodes
    return declared if declared is not None else int(plan.years[case][-1].nodes.value)


def _rented_nodes(plan: sizing.Plan, case: Case, prices: Prices, server: str) -> int:
    """How many of the rented servers carry the same plan in its last year."""
    held = prices.servers[server].hardware
    machine = sizing.Machine(held.cores, held.memory_gb, held.nvme_tb, held.hdd_tb)
    again = sizing.plan(replace(plan.requirements, machine=machine, nodes=None))
    return int(again.years[case][-1].nodes.value)


def _meet(prices: Prices, platform: Platform, case: Case, bill: Option, option: Option) -> BreakEven:
    section, fx = platform.snowflake, prices.at("usd_per_eur", case)
    price = snowflake.credit(prices, section, case)
    by_consumption = {"compute", "serverless"}
    besides = total((cause.total for cause in bill.causes if cause.name not in by_consumption), "EUR")
    left = (option.total_with_move - besides) / Amount.given(bill.years, "year")
    return BreakEven(
        with_labour=break_even(option.per_year, price, fx),
        without_labour=break_even(option.per_year - option.people_per_year, price, fx),
        all_in=break_even(left if left.value > 0 else left * 0, price * (1 + section.serverless_share), fx),
    )
