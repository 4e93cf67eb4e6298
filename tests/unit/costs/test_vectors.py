"""Worked totals over five years, to the euro: Snowflake and owned machines, and where they meet."""

from dataclasses import dataclass

import pytest

from nereus.cases import Case
from nereus.config.model import TYPICAL_WAREHOUSES, OwnPrice, SnowflakeSection, SnowflakeWarehouse
from nereus.costs import premises, snowflake
from nereus.costs.amount import Amount
from nereus.costs.compare import break_even
from nereus.costs.options import Option
from nereus.costs.prices import Prices, packaged

YEARS = 5


@dataclass(frozen=True)
class Worked:
    """Whole euros: bought at the start, running in year 1, total of five years, a year."""

    capex: int
    first_year: int
    total: int
    per_year: int


@pytest.fixture(scope="module")
def prices() -> Prices:
    """The packaged prices at one exchange rate in every case."""
    return packaged().with_own({"usd_per_eur": OwnPrice(value=1.15)})


def worked(option: Option) -> Worked:
    return Worked(
        round(option.capex.to("EUR")),
        round(option.first_year_running.to("EUR")),
        round(option.total.to("EUR")),
        round(option.per_year.to("EUR/year")),
    )


SNOWFLAKE = {
    Case.LOW: (
        SnowflakeSection(edition="standard", credits_per_month=176, serverless_share=0),
        0.3,
        Worked(0, 4_858, 24_379, 4_876),
    ),
    Case.TYPICAL: (
        SnowflakeSection(edition="enterprise", credits_per_month=796, serverless_share=0.05),
        1.0,
        Worked(0, 34_339, 172_055, 34_411),
    ),
    Case.HIGH: (
        SnowflakeSection(
            edition="business_critical", region="aws_eu_frankfurt", credits_per_month=3008, serverless_share=0.15
        ),
        1.0,
        Worked(0, 188_211, 941_618, 188_324),
    ),
}
OWNED = {
    Case.LOW: (3, Worked(6_600, 7_285, 43_025, 8_605)),
    Case.TYPICAL: (3, Worked(22_750, 22_986, 137_678, 27_536)),
    Case.HIGH: (4, Worked(68_000, 69_405, 432_024, 86_405)),
}


@pytest.mark.parametrize("case", list(Case))
def test_snowflake(prices: Prices, case: Case) -> None:
    section, stored_tb, expected = SNOWFLAKE[case]
    stored = [Amount.given(stored_tb * 1.1**year, "TB") for year in range(YEARS)]
    assert worked(snowflake.bill(prices, section, case, stored, administered=False)) == expected


@pytest.mark.parametrize("case", list(Case))
def test_owned_machines(prices: Prices, case: Case) -> None:
    nodes, expected = OWNED[case]
    assert worked(premises.owned(prices, case, nodes, YEARS)) == expected


@pytest.mark.parametrize(
    ("case", "with_labour", "without_labour"),
    [(Case.LOW, 211, 52), (Case.TYPICAL, 677, 185), (Case.HIGH, 2123, 772)],
)
def test_break_even_credits_a_month(prices: Prices, case: Case, with_labour: int, without_labour: int) -> None:
    option = premises.owned(prices, case, OWNED[case][0], YEARS)
    price, fx = prices.at("snowflake_credit.aws_eu_paris.enterprise", case), prices.at("usd_per_eur", case)
    assert round(break_even(option.per_year, price, fx).to("credit/month")) == with_labour
    machines_alone = option.per_year - option.people_per_year
    assert round(break_even(machines_alone, price, fx).to("credit/month")) == without_labour


@pytest.mark.parametrize(
    ("server", "nodes", "a_year"),
    [
        ("hetzner_ax52", 3, 2_124),
        ("hetzner_ax102", 3, 4_392),
        ("hetzner_ax162", 2, 5_712),
        ("ovh_advance_3", 3, 6_660),
        ("ovh_advance_5", 2, 6_360),
        ("ovh_scale_a3", 2, 11_400),
    ],
)
def test_rent_of_a_cluster_for_a_year(prices: Prices, server: str, nodes: int, a_year: int) -> None:
    rent = premises.rented(prices, Case.TYPICAL, server, nodes, YEARS).cause("rent")
    assert rent is not None
    assert round(rent.total.to("EUR") / YEARS) == a_year


@pytest.mark.parametrize(
    ("case", "nodes", "a_year"), [(Case.LOW, 3, 455), (Case.TYPICAL, 3, 1_166), (Case.HIGH, 4, 4_205)]
)
def test_energy_for_a_year(prices: Prices, case: Case, nodes: int, a_year: int) -> None:
    energy = premises.owned(prices, case, nodes, YEARS).cause("energy")
    assert energy is not None
    assert round(energy.total.to("EUR") / YEARS) == a_year


def each(size: str, hours: float, days: float, clusters: float = 1) -> SnowflakeWarehouse:
    return SnowflakeWarehouse(name="any", size=size, hours_per_day=hours, days_per_month=days, clusters=clusters)


@pytest.mark.parametrize(
    ("warehouses", "credits"),
    [
        ((each("XS", 8, 22),), 176),
        (TYPICAL_WAREHOUSES, 796),
        ((each("M", 12, 22, 1.5), each("M", 6, 30), each("L", 4, 22)), 3008),
        (
            (SnowflakeWarehouse(name="bi", size="XS", generation="interactive", hours_per_day=10, days_per_month=20),),
            120,
        ),
    ],
)
def test_credits_follow_from_warehouses(
    prices: Prices, warehouses: tuple[SnowflakeWarehouse, ...], credits: float
) -> None:
    used = snowflake.consumption(prices, SnowflakeSection(warehouses=warehouses))
    assert used.to("credit/month") == pytest.approx(credits)


def test_people_who_watch_snowflake_are_counted_unless_left_out(prices: Prices) -> None:
    stored = [Amount.given(1, "TB")] * YEARS
    section = SnowflakeSection()
    with_people = snowflake.bill(prices, section, Case.TYPICAL, stored)
    without = snowflake.bill(prices, section, Case.TYPICAL, stored, administered=False)
    assert (with_people.total - without.total).to("EUR") == pytest.approx(0.08 * 80_000 * YEARS)


def test_a_discount_lowers_compute_alone(prices: Prices) -> None:
    stored = [Amount.given(1, "TB")]
    full = snowflake.bill(prices, SnowflakeSection(), Case.TYPICAL, stored)
    cut = snowflake.bill(prices, SnowflakeSection(discount=0.25), Case.TYPICAL, stored)
    for name, factor in (("compute", 0.75), ("serverless", 0.75), ("storage", 1), ("people", 1)):
        before, after = full.cause(name), cut.cause(name)
        assert before is not None
        assert after is not None
        assert after.total.to("EUR") == pytest.approx(before.total.to("EUR") * factor)
