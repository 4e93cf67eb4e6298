"""Amounts of money and of everything it buys: a value never travels without its unit and the prices it came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache

#: Prices of 2026 moved by half in one quarter, so an older one is marked.
STALE_AFTER_DAYS = 90


class Confidence(StrEnum):
    """How sure a price is, the surest first."""

    OFFICIAL = "official"  # the seller's own list
    DECLARED = "declared"  # platform.yaml: a quote or a bill of the user
    MEASURED = "measured"  # computed from raw measurements
    SECONDARY = "secondary"  # somebody else's page about it
    ASSUMPTION = "assumption"  # no source found


@dataclass(frozen=True, order=True)
class Origin:
    """One price that an amount was computed from. `seen_on` is None for a price of the user without a date."""

    name: str
    source: str
    seen_on: date | None = field(compare=False)
    confidence: Confidence

    def stale(self, today: date) -> bool:
        """Whether the price was seen more than 90 days before `today`."""
        return self.seen_on is not None and (today - self.seen_on).days > STALE_AFTER_DAYS


class UnitsDiffer(TypeError):
    """Two amounts of different units were added, subtracted or compared: a fault of the program."""


@dataclass(frozen=True)
class Unit:
    """A product of powers, as in EUR/kWh or USD/TB/month; "1" has none."""

    powers: tuple[tuple[str, int], ...] = ()

    @staticmethod
    @lru_cache(maxsize=256)
    def parse(text: str) -> Unit:
        """The unit that `text` writes: names joined by `*` and `/`. Raises ValueError."""
        if not re.fullmatch(r"(1|[A-Za-z]+)([*/][A-Za-z]+)*", text):
            raise ValueError(f"{text!r} is not a unit; expected names joined by * and /, as in EUR/kWh")
        powers: dict[str, int] = {}
        for sign, name in re.findall(r"(^|[*/])([A-Za-z]+)", text):
            powers[name] = powers.get(name, 0) + (-1 if sign == "/" else 1)
        return Unit._of(powers)

    @staticmethod
    def _of(powers: Mapping[str, int]) -> Unit:
        return Unit(tuple(sorted((name, power) for name, power in powers.items() if power)))

    def times(self, other: Unit, sign: int = 1) -> Unit:
        """The unit of a product (or, with sign -1, of a quotient)."""
        powers = dict(self.powers)
        for name, power in other.powers:
            powers[name] = powers.get(name, 0) + sign * power
        return Unit._of(powers)

    def __str__(self) -> str:
        above = "*".join(name for name, power in self.powers for _ in range(power))
        below = "".join(f"/{name}" for name, power in self.powers for _ in range(-power))
        return (above or "1") + below


@dataclass(frozen=True)
class Amount:
    """A value with its unit and every price behind it. Arithmetic keeps all three right.

    A plain number in `amount * 3` is a count the caller knows; whatever costs money is an Amount.
    """

    value: float
    unit: Unit
    origins: tuple[Origin, ...] = ()

    @classmethod
    def given(cls, value: float, unit: str) -> Amount:
        """A quantity that is not a price: nodes, years, TB."""
        return cls(float(value), Unit.parse(unit))

    def with_origin(self, origin: Origin) -> Amount:
        """The same amount, known to come from `origin` too."""
        return Amount(self.value, self.unit, tuple(sorted({*self.origins, origin})))

    def to(self, unit: str) -> float:
        """The bare value, once the unit is as expected."""
        if self.unit != Unit.parse(unit):
            raise UnitsDiffer(f"this amount is in {self.unit}, not in {unit}")
        return self.value

    @property
    def assumed(self) -> bool:
        """Whether any price behind it is an assumption."""
        return any(origin.confidence is Confidence.ASSUMPTION for origin in self.origins)

    @property
    def oldest(self) -> date | None:
        """When the oldest dated price behind it was seen."""
        return min((origin.seen_on for origin in self.origins if origin.seen_on), default=None)

    def stale(self, today: date) -> tuple[Origin, ...]:
        """The prices behind it that were seen more than 90 days before `today`."""
        return tuple(origin for origin in self.origins if origin.stale(today))

    def __add__(self, other: Amount) -> Amount:
        self._same(other)
        return Amount(self.value + other.value, self.unit, _merged(self, other))

    def __sub__(self, other: Amount) -> Amount:
        self._same(other)
        return Amount(self.value - other.value, self.unit, _merged(self, other))

    def __mul__(self, other: Amount | float) -> Amount:
        if isinstance(other, Amount):
            return Amount(self.value * other.value, self.unit.times(other.unit), _merged(self, other))
        return Amount(self.value * other, self.unit, self.origins)

    __rmul__ = __mul__

    def __truediv__(self, other: Amount | float) -> Amount:
        if isinstance(other, Amount):
            return Amount(self.value / other.value, self.unit.times(other.unit, -1), _merged(self, other))
        return Amount(self.value / other, self.unit, self.origins)

    def __lt__(self, other: Amount) -> bool:
        self._same(other)
        return self.value < other.value

    def __gt__(self, other: Amount) -> bool:
        return other < self

    def _same(self, other: Amount) -> None:
        if self.unit != other.unit:
            raise UnitsDiffer(f"{self.unit} and {other.unit} cannot be added or compared")


def _merged(left: Amount, right: Amount) -> tuple[Origin, ...]:
    if left.origins == right.origins or not right.origins:
        return left.origins
    return tuple(sorted({*left.origins, *right.origins}))


def total(amounts: Iterable[Amount], unit: str) -> Amount:
    """The sum of amounts of one unit; zero of that unit when there are none."""
    result = Amount.given(0, unit)
    for amount in amounts:
        result = result + amount
    return result
