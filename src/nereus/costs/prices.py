"""prices.yaml -> `Prices`: every price with its low, typical and high value, source, date and confidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Protocol

from ruamel.yaml import YAML

from nereus.cases import Case
from nereus.costs.amount import Amount, Confidence, Origin, Unit
from nereus.errors import BadInput
from nereus.suggest import closest


class OwnPrice(Protocol):
    """A price of the user, as platform.yaml declares it."""

    @property
    def value(self) -> float: ...
    @property
    def source(self) -> str: ...
    @property
    def seen_on(self) -> date | None: ...


@dataclass(frozen=True)
class Price:
    """One price in three cases. `name` is dotted for a row of a table: snowflake_credit.aws_eu_paris.enterprise."""

    name: str
    what: str
    unit: str
    low: float
    typical: float
    high: float
    source: str
    seen_on: date | None
    confidence: Confidence
    never_zero: bool = False

    @property
    def origin(self) -> Origin:
        return Origin(self.name, self.source, self.seen_on, self.confidence)

    def at(self, case: Case) -> Amount:
        """The price in one case, with its origin."""
        return Amount(getattr(self, case.value), Unit.parse(self.unit), (self.origin,))


@dataclass(frozen=True)
class Hardware:
    """What one machine holds."""

    cores: int
    memory_gb: float
    nvme_tb: float
    hdd_tb: float


@dataclass(frozen=True)
class RentedServer:
    """A server on offer and the name of its monthly price."""

    name: str
    what: str
    hardware: Hardware
    price: str


@dataclass(frozen=True)
class Prices:
    """All prices by name. `reference` is the machine that the price called `node` buys."""

    by_name: Mapping[str, Price]
    servers: Mapping[str, RentedServer]
    reference: Hardware

    def __iter__(self) -> Iterator[Price]:
        return iter(self.by_name.values())

    def at(self, name: str, case: Case) -> Amount:
        """The price called `name` in one case. Raises KeyError for a name the program invented."""
        return self.by_name[name].at(case)

    def with_own(self, own: Mapping[str, OwnPrice]) -> Prices:
        """These prices with the user's in place of ours, in all three cases; source and confidence say so.

        Raises BadInput for a name that is no price, or a zero that would be divided by.
        """
        changed = dict(self.by_name)
        for name, mine in own.items():
            if refused := self.refusal(name, mine.value):
                expected, fix = refused
                raise BadInput(f"prices.{name} is {mine.value:g}; expected {expected}.", fix=fix)
            source = f"platform.yaml: {mine.source}" if mine.source else "platform.yaml"
            changed[name] = replace(
                self.by_name[name],
                low=mine.value,
                typical=mine.value,
                high=mine.value,
                source=source,
                seen_on=mine.seen_on,
                confidence=Confidence.DECLARED,
            )
        return replace(self, by_name=MappingProxyType(changed))

    def refusal(self, name: str, value: float) -> tuple[str, str] | None:
        """Why `value` cannot be the price called `name`: what is expected, and the fix; None when it can."""
        price = self.by_name.get(name)
        if price is None:
            near = closest(name, self.by_name)
            return "the name of a price", f"Did you mean {near}?" if near else "List the names: nereus plan --prices"
        if price.never_zero and value <= 0:
            return f"{price.unit}, more than 0", f"Write for example {price.typical:g}."
        return None


@lru_cache(maxsize=1)
def packaged() -> Prices:
    """The prices that come with this version of Nereus."""
    text = files(__package__).joinpath("prices.yaml").read_text("utf-8")
    content = YAML(typ="safe", pure=True).load(text)
    prices = {name: _price(name, entry, entry) for name, entry in content["prices"].items()}
    for table, entry in content["tables"].items():
        for row, cells in entry["values"].items():
            for column, value in cells.items():
                name = f"{table}.{row}.{column}"
                prices[name] = _price(name, entry, {"low": value, "typical": value, "high": value})
    servers = {}
    for name, entry in content["rented_servers"].items():
        price = _price(f"rented.{name}", entry | {"unit": "EUR/node/month"}, entry)
        prices[price.name] = price
        hardware = Hardware(entry["cores"], entry["memory_gb"], entry["nvme_tb"], 0)
        servers[name] = RentedServer(name, entry["what"], hardware, price.name)
    reference = Hardware(**content["reference_machine"])
    return Prices(MappingProxyType(prices), MappingProxyType(servers), reference)


def _price(name: str, about: Mapping[str, object], values: Mapping[str, object]) -> Price:
    seen_on = about["seen_on"]
    if not isinstance(seen_on, date):
        raise TypeError(f"prices.yaml: {name}.seen_on is not a date")
    low, typical, high = (float(str(values[case.value])) for case in Case)
    return Price(
        name,
        str(about["what"]),
        str(about["unit"]),
        low,
        typical,
        high,
        " ".join(str(about["source"]).split()),
        seen_on,
        Confidence(str(about["confidence"])),
        bool(about.get("never_zero", False)),
    )
