"""What Snowflake bills: credits and storage, by edition and region."""

from __future__ import annotations

from collections.abc import Sequence

from nereus.cases import Case
from nereus.config.model import SnowflakeSection
from nereus.costs.amount import Amount, Confidence, Origin, total
from nereus.costs.options import MONTHS_PER_YEAR, Cause, Option, every_year
from nereus.costs.prices import Prices


def credit(prices: Prices, section: SnowflakeSection, case: Case) -> Amount:
    """USD/credit after the negotiated discount."""
    return prices.at(f"snowflake_credit.{section.region}.{section.edition}", case) * (1 - section.discount)


def consumption(prices: Prices, section: SnowflakeSection, case: Case = Case.TYPICAL) -> Amount:
    """credit/month: as declared, or the declared warehouses' size x hours x days x clusters."""
    if section.credits_per_month is not None:
        origin = Origin("snowflake.credits_per_month", "platform.yaml", None, Confidence.DECLARED)
        return Amount.given(section.credits_per_month, "credit/month").with_origin(origin)
    return total(
        (
            prices.at(f"snowflake_rate.{each.generation}.{each.size}", case)
            * Amount.given(each.hours_per_day * each.days_per_month * each.clusters, "h/month")
            for each in section.warehouses
        ),
        "credit/month",
    )


def bill(
    prices: Prices,
    section: SnowflakeSection,
    case: Case,
    stored: Sequence[Amount],
    *,
    administered: bool = True,
) -> Option:
    """Snowflake over as many years as `stored` has entries (live, compressed TB at the start of each year).

    `administered` adds the people who watch rights and consumption, without whom a comparison is biased.
    """
    years, fx = len(stored), prices.at("usd_per_eur", case)
    credits = consumption(prices, section, case)
    compute = credits * MONTHS_PER_YEAR * credit(prices, section, case) / fx
    each_tb = (
        prices.at(f"snowflake_storage.{section.region}.on_demand", case)
        * prices.at("snowflake_storage_overhead", case)
        * MONTHS_PER_YEAR
        / fx
    )
    causes = [
        every_year("compute", compute, years),
        every_year("serverless", compute * section.serverless_share, years),
        Cause("storage", tuple(live * each_tb for live in stored)),
    ]
    if administered:
        people = prices.at("snowflake_administration", case) * prices.at("salary", case)
        causes.append(every_year("people", people, years))
    what = f"Snowflake {section.edition}, {section.region}, {credits.value:,.0f} credits a month"
    nothing = Amount.given(0, "EUR")
    return Option("snowflake", what, tuple(causes), capex=nothing, one_off=nothing)
