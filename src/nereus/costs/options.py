"""One way to run the warehouse and what it costs, cause by cause, year by year."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from nereus.costs.amount import Amount, total

MONTHS_PER_YEAR = Amount.given(12, "month/year")
ONE_YEAR = Amount.given(1, "year")


@dataclass(frozen=True)
class Cause:
    """One cause of cost: an amount in EUR/year for each year. `capital` is the wear of something bought."""

    name: str
    per_year: tuple[Amount, ...]
    capital: bool = False

    @cached_property
    def total(self) -> Amount:
        """EUR over all years."""
        return total((amount * ONE_YEAR for amount in self.per_year), "EUR")


@dataclass(frozen=True)
class Option:
    """One way to run the warehouse. Amounts are in EUR without VAT, nominal.

    `capex` is paid at the start and counted in `total` by the share of its life that the years use up; `one_off` is
    what it takes to get there (moving data and work) and is counted only in `total_with_move`.
    """

    name: str
    what: str
    causes: tuple[Cause, ...]
    capex: Amount
    one_off: Amount

    @property
    def years(self) -> int:
        return len(self.causes[0].per_year)

    @cached_property
    def total(self) -> Amount:
        """EUR over the horizon, the move left out."""
        return total((cause.total for cause in self.causes), "EUR")

    @cached_property
    def total_with_move(self) -> Amount:
        """EUR over the horizon, the move included."""
        return self.total + self.one_off

    @cached_property
    def per_year(self) -> Amount:
        """EUR/year on average, the move left out."""
        return self.total / (ONE_YEAR * self.years)

    @property
    def first_year_running(self) -> Amount:
        """EUR paid in the first year besides what is bought."""
        return total((cause.per_year[0] * ONE_YEAR for cause in self.causes if not cause.capital), "EUR")

    def cause(self, name: str) -> Cause | None:
        """The cause of that name, if this option has it."""
        return next((each for each in self.causes if each.name == name), None)

    @property
    def people_per_year(self) -> Amount:
        """EUR/year of people on average."""
        people = self.cause("people")
        return people.total / (ONE_YEAR * self.years) if people else Amount.given(0, "EUR/year")


def every_year(name: str, amount: Amount, years: int, *, capital: bool = False) -> Cause:
    """A cause that costs the same each year."""
    return Cause(name, (amount,) * years, capital)
