"""prices.yaml is complete and sound; a user's price replaces ours and says so; no price stands anywhere else."""

import ast
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from nereus.cases import Case
from nereus.config.model import OwnPrice, SnowflakeSection
from nereus.costs import snowflake
from nereus.costs.amount import Confidence, Unit
from nereus.costs.prices import Prices, packaged
from nereus.errors import BadInput

ROOT = Path(__file__).parents[3]
WRITTEN = date(2026, 11, 22)
#: More of these costs less: their high case has the smaller value.
FALLING = {"usd_per_eur", "hardware_life"}


@pytest.fixture(scope="module")
def prices() -> Prices:
    return packaged()


def test_every_price_says_what_where_when_and_how_sure(prices: Prices) -> None:
    for price in prices:
        assert price.what, price.name
        assert len(price.source) > 15, price.name
        assert price.seen_on is not None, price.name
        assert date(2025, 1, 1) <= price.seen_on <= WRITTEN, price.name
        assert price.confidence in Confidence, price.name
        assert Unit.parse(price.unit), price.name


def test_the_cases_of_every_price_are_in_order(prices: Prices) -> None:
    for price in prices:
        values = [price.low, price.typical, price.high]
        assert values == sorted(values, reverse=price.name in FALLING), price.name
        assert min(values) > 0, price.name


def test_every_region_has_every_edition_and_storage(prices: Prices) -> None:
    credits = [name.split(".") for name in prices.by_name if name.startswith("snowflake_credit.")]
    regions = {region for _, region, _ in credits}
    assert len(credits) == len(regions) * 4
    assert {name.split(".")[1] for name in prices.by_name if name.startswith("snowflake_storage.")} == regions


def test_the_high_edition_costs_more_everywhere(prices: Prices) -> None:
    for region in ("aws_eu_paris", "aws_eu_zurich", "aws_us"):
        costs = [
            snowflake.credit(prices, SnowflakeSection(edition=edition, region=region), Case.TYPICAL).value
            for edition in ("standard", "enterprise", "business_critical", "vps")
        ]
        assert costs == sorted(costs)
        assert len(set(costs)) == 4


def test_a_price_carries_its_origin(prices: Prices) -> None:
    price = prices.at("electricity", Case.HIGH)
    assert price.to("EUR/kWh") == 0.2
    (origin,) = price.origins
    assert (origin.name, origin.confidence, origin.seen_on) == ("electricity", Confidence.SECONDARY, date(2025, 10, 29))


def test_a_price_of_ones_own_replaces_ours_in_every_case(prices: Prices) -> None:
    own = prices.with_own({"electricity": OwnPrice(value=0.14)})
    for case in Case:
        price = own.at("electricity", case)
        assert price.to("EUR/kWh") == 0.14
        (origin,) = price.origins
        assert (origin.source, origin.confidence, origin.seen_on) == ("platform.yaml", Confidence.DECLARED, None)
    assert prices.at("electricity", Case.HIGH).to("EUR/kWh") == 0.2


def test_a_quote_keeps_its_source_and_date(prices: Prices) -> None:
    own = prices.with_own({"node": OwnPrice(value=6100, source="quote 2026-118", seen_on=date(2026, 11, 20))})
    (origin,) = own.at("node", Case.LOW).origins
    assert (origin.source, origin.seen_on) == ("platform.yaml: quote 2026-118", date(2026, 11, 20))
    assert origin.stale(date(2027, 3, 1))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("electricty", 0.1, "prices.electricty is 0.1; expected the name of a price.\n  Did you mean electricity?"),
        ("zzz", 1, "prices.zzz is 1; expected the name of a price.\n  List the names: nereus plan --prices"),
        ("usd_per_eur", 0, "prices.usd_per_eur is 0; expected USD/EUR, more than 0.\n  Write for example 1.15."),
    ],
)
def test_an_impossible_price_is_refused(prices: Prices, name: str, value: float, message: str) -> None:
    with pytest.raises(BadInput) as refused:
        prices.with_own({name: OwnPrice(value=value)})
    assert str(refused.value) == message


def telling(value: float) -> bool:
    """Whether a number can hardly be anything but a price: cents, or tens of thousands."""
    return (value > 1 and round(value * 10, 6) % 1 != 0) or value >= 60_000


def literals(path: Path) -> Iterator[tuple[float, int]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and type(node.value) in {int, float}:
            yield node.value, node.lineno


def test_no_price_stands_in_a_program(prices: Prices) -> None:
    known = {value for price in prices for value in (price.low, price.typical, price.high) if telling(value)}
    assert {1.15, 26.95, 80_000} <= known
    package = ROOT / "src" / "nereus"
    programs = [path for path in package.rglob("*.py") if "warehouse" not in path.parts] + [
        *ROOT.glob("portal/**/*.py")
    ]
    assert len(programs) > 20
    copies = [f"{path}:{line}: {value}" for path in programs for value, line in literals(path) if value in known]
    assert copies == [], "prices belong to src/nereus/costs/prices.yaml"
