"""An amount keeps its unit and the prices behind it through every computation."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nereus.costs.amount import Amount, Confidence, Origin, Unit, UnitsDiffer, total

QUOTE = Origin("node", "quote 2026-118", date(2026, 11, 1), Confidence.OFFICIAL)
GUESS = Origin("draw", "no source", date(2026, 8, 1), Confidence.ASSUMPTION)
OWN = Origin("electricity", "platform.yaml", None, Confidence.DECLARED)


def amount(value: float, unit: str, *origins: Origin) -> Amount:
    return Amount(value, Unit.parse(unit), origins)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("EUR", "EUR"),
        ("EUR/kWh", "EUR/kWh"),
        ("USD/TB/month", "USD/TB/month"),
        ("1", "1"),
        ("1/year", "1/year"),
        ("node*W/node", "W"),
        ("month/year*year", "month"),
    ],
)
def test_units_are_read_and_shortened(text: str, shown: str) -> None:
    assert str(Unit.parse(text)) == shown


@pytest.mark.parametrize("text", ["", "EUR per kWh", "/kWh", "EUR//kWh", "2", "EUR/", "kWh^2"])
def test_what_is_no_unit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a unit"):
        Unit.parse(text)


def test_multiplying_merges_units_and_origins() -> None:
    cost = amount(3, "node") * amount(180, "W/node", GUESS) * amount(8.76, "kWh/W/year") * amount(0.2, "EUR/kWh", OWN)
    assert cost.to("EUR/year") == pytest.approx(946.08)
    assert set(cost.origins) == {GUESS, OWN}


def test_dividing_turns_currency() -> None:
    euros = amount(23, "USD") / amount(1.15, "USD/EUR", QUOTE)
    assert euros.to("EUR") == pytest.approx(20)
    assert euros.origins == (QUOTE,)


def test_counts_change_the_value_alone() -> None:
    bought = 3 * amount(2000, "EUR", QUOTE) / 2
    assert (bought.to("EUR"), bought.origins) == (3000, (QUOTE,))


def test_adding_and_subtracting_merge_origins() -> None:
    one, other = amount(5, "EUR", QUOTE), amount(2, "EUR", GUESS)
    assert ((one + other).to("EUR"), set((one + other).origins)) == (7, {QUOTE, GUESS})
    assert ((one - other).to("EUR"), set((one - other).origins)) == (3, {QUOTE, GUESS})
    assert (one > other, one < other) == (True, False)


def test_different_units_never_mix() -> None:
    euros, dollars = amount(1, "EUR"), amount(1, "USD")
    with pytest.raises(UnitsDiffer, match="EUR and USD cannot be added or compared"):
        euros + dollars
    with pytest.raises(UnitsDiffer):
        euros - dollars
    with pytest.raises(UnitsDiffer):
        _ = euros < dollars
    with pytest.raises(UnitsDiffer, match="this amount is in EUR, not in EUR/year"):
        euros.to("EUR/year")
    with pytest.raises(UnitsDiffer):
        total([euros, dollars], "EUR")


def test_an_amount_knows_how_good_it_is() -> None:
    cost = amount(5, "EUR", QUOTE, GUESS, OWN)
    assert cost.assumed
    assert not amount(5, "EUR", QUOTE, OWN).assumed
    assert cost.oldest == date(2026, 8, 1)
    assert amount(5, "EUR", OWN).oldest is None


@pytest.mark.parametrize(
    ("today", "stale"), [(date(2026, 10, 30), ()), (date(2026, 10, 31), (GUESS,)), (date(2027, 11, 1), (QUOTE, GUESS))]
)
def test_a_price_is_stale_after_ninety_days(today: date, stale: tuple[Origin, ...]) -> None:
    assert amount(5, "EUR", QUOTE, GUESS, OWN).stale(today) == stale


def test_the_sum_of_nothing_is_zero_of_the_unit() -> None:
    assert total([], "EUR") == Amount.given(0, "EUR")


names = st.sampled_from(["EUR", "USD", "TB", "node", "kWh"])
units = st.lists(st.tuples(names, st.sampled_from([-1, 1])), max_size=5).map(
    lambda parts: "1" + "".join(f"{'*' if power > 0 else '/'}{name}" for name, power in parts)
)


@given(units, units)
def test_dividing_undoes_multiplying(left: str, right: str) -> None:
    one, other = Amount.given(3, left), Amount.given(7, right)
    assert (one * other / other).unit == one.unit
    assert Unit.parse(str(one.unit)) == one.unit
