"""The kinds of values platform.yaml holds. Each says what it expects and proposes the change that fixes a wrong one."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from nereus.suggest import closest

#: The pydantic error type of every message made here; its context holds `expected` and `fix`.
WRONG = "wrong_value"


@dataclass(frozen=True)
class Unit:
    """A unit, the spellings a person may write after the number, and the unit it is most often mistaken for.

    `spellings` maps a lower-case spelling to the factor that turns it into this unit; `mistaken` names one of them.
    """

    name: str
    spellings: Mapping[str, float]
    mistaken: str | None = None


FRACTION = Unit("a fraction", {"%": 0.01, "percent": 0.01, "pct": 0.01}, "%")
TERABYTES = Unit("a number of TB", {"gb": 1e-3, "mb": 1e-6, "tb": 1, "pb": 1e3, "gib": 1.073741824e-3}, "GB")
GIGABYTES = Unit("a number of GB", {"mb": 1e-3, "gb": 1, "tb": 1e3, "gib": 1.073741824}, "MB")
MONTHS = Unit("a number of months", {"month": 1, "months": 1, "year": 12, "years": 12, "y": 12, "days": 12 / 365})
YEARS = Unit("a number of years", {"year": 1, "years": 1, "y": 1, "month": 1 / 12, "months": 1 / 12}, "months")
SECONDS = Unit("a number of seconds", {"ms": 1e-3, "s": 1, "sec": 1, "seconds": 1, "min": 60}, "ms")
PLAIN = Unit("a number", {})

_QUANTITY = re.compile(r"\s*([-+]?\d+(?:[.,]\d+)?)\s*([a-z%]*)\s*", re.IGNORECASE)


def wrong(expected: str, fix: str) -> NoReturn:
    """Raise the error that names what was expected and what to write instead."""
    raise PydanticCustomError(WRONG, "expected {expected}", {"expected": expected, "fix": fix})


def figure(value: float) -> str:
    """A number as a person writes it in YAML: no exponent, no trailing zeros."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return text if text not in {"", "-0"} else "0"


class Kind:
    """One kind of value: pydantic calls `check`, the error page asks `expected` and `example`."""

    example: object

    @property
    def expected(self) -> str:
        raise NotImplementedError

    def check(self, value: object) -> object:
        """`value` as the model holds it. Calls `wrong` otherwise."""
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)


@dataclass(frozen=True)
class Number(Kind):
    """A finite number in one unit, both bounds included.

    `per` completes the reading of a corrected value, as in "0.10 (10 % a year)".
    """

    low: float
    high: float
    example: float
    unit: Unit = PLAIN
    whole: bool = False
    noun: str | None = None
    per: str = ""

    @property
    def expected(self) -> str:
        noun = self.noun or self.unit.name
        if self.whole:
            noun = noun.replace("a number", "a whole number", 1)
        if math.isinf(self.high):
            return f"{noun}, {figure(self.low)} or more"
        return f"{noun} between {figure(self.low)} and {figure(self.high)}"

    def check(self, value: object) -> float | int:
        if isinstance(value, str):
            wrong(self.expected, self._fix_text(value))
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            wrong(self.expected, self._fix())
        if not self.low <= value <= self.high:
            wrong(self.expected, self._fix_scale(float(value)))
        if self.whole:
            if value != int(value):
                wrong(self.expected, f"Did you mean {round(value)}?")
            return int(value)
        return float(value)

    def _fix(self) -> str:
        return f"Write for example {figure(self.example)}."

    def _fits(self, value: float) -> bool:
        return self.low <= value <= self.high and (not self.whole or math.isclose(value, round(value)))

    def _fix_text(self, text: str) -> str:
        match = _QUANTITY.fullmatch(text)
        if match is None:
            return self._fix()
        number, spelling = float(match[1].replace(",", ".")), match[2]
        factor = self.unit.spellings.get(spelling.lower()) if spelling else 1.0
        if factor is None or not self._fits(number * factor):
            return f"Write the number alone, without a unit or quotes, for example {figure(self.example)}."
        meant = round(number * factor) if self.whole else number * factor
        return f"Did you mean {self._read(meant, number, spelling)}? Write the number alone, without a unit or quotes."

    def _fix_scale(self, value: float) -> str:
        if self.unit.mistaken is not None:
            meant = value * self.unit.spellings[self.unit.mistaken.lower()]
            if self._fits(meant):
                return f"Did you mean {self._read(meant, value, self.unit.mistaken)}?"
        return self._fix()

    def _read(self, meant: float, number: float, spelling: str) -> str:
        if not spelling:
            return figure(meant)
        # A fraction reads best with two digits: 0.10 is 10 %.
        shown = f"{meant:.2f}" if self.unit is FRACTION and round(meant, 2) == round(meant, 6) else figure(meant)
        return f"{shown} ({figure(number)} {spelling}{self.per})"


@dataclass(frozen=True)
class PortNumber(Number):
    """A TCP port that a process without root may open."""

    low: float = 1024
    high: float = 65535
    example: float = 9030
    whole: bool = True

    @property
    def expected(self) -> str:
        return f"a port between {figure(self.low)} and {figure(self.high)} (lower ones need root)"

    def _fix_scale(self, value: float) -> str:
        meant = value + 8000
        return f"Did you mean {figure(meant)}?" if 0 < value < self.low else self._fix()

    def _fix(self) -> str:
        return "Choose one that is free in that range."


@dataclass(frozen=True)
class StoredShare(Number):
    """What is left of raw data once it is stored; often given as a ratio (5 for 5 : 1) by mistake."""

    low: float = 0.01
    high: float = 1
    example: float = 0.4
    unit: Unit = FRACTION
    noun: str | None = "a fraction (stored size / raw size)"

    def _fix_scale(self, value: float) -> str:
        if self.high < value <= 1 / self.low:
            return f"Did you mean {figure(round(1 / value, 3))} ({figure(value)} : 1)?"
        return self._fix()


@dataclass(frozen=True)
class PriceNumber(Number):
    """A price: never below zero."""

    low: float = 0
    high: float = math.inf
    example: float = 1
    noun: str | None = "a price"

    def _fix_scale(self, value: float) -> str:
        return f"Did you mean {figure(-value)}?"


@dataclass(frozen=True)
class Choice(Kind):
    """One word of a closed list."""

    words: tuple[str, ...]
    example: str = ""

    @property
    def expected(self) -> str:
        return f"one of {', '.join(self.words)}"

    def check(self, value: object) -> str:
        if isinstance(value, str):
            if value in self.words:
                return value
            meant = closest(value, self.words)
            if meant is not None:
                wrong(self.expected, f"Did you mean {meant}?")
        wrong(self.expected, f"Write for example {self.example or self.words[0]}.")


@dataclass(frozen=True)
class Text(Kind):
    """A word of a given shape; `described` says the shape in words."""

    described: str
    pattern: str
    example: str
    longest: int = 253
    _compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_compiled", re.compile(self.pattern))

    @property
    def expected(self) -> str:
        return self.described

    def check(self, value: object) -> str:
        if isinstance(value, str):
            if len(value) <= self.longest and self._compiled.fullmatch(value):
                return value
            meant = re.sub(r"[\s_.]+", "-" if "-" in self.pattern else "_", value.strip().lower())
            if meant != value and len(meant) <= self.longest and self._compiled.fullmatch(meant):
                wrong(self.expected, f"Did you mean {meant}?")
        wrong(self.expected, f"Write for example {self.example}.")


@dataclass(frozen=True)
class Address(Kind):
    """An IP address that services listen on."""

    example: str = "127.0.0.1"
    expected = "an IP address"

    def check(self, value: object) -> str:
        if isinstance(value, str):
            try:
                return str(ipaddress.ip_address(value))
            except ValueError:
                if value == "localhost":
                    wrong(self.expected, "Did you mean 127.0.0.1?")
                if value in {"*", "any", "all"}:
                    wrong(self.expected, "Did you mean 0.0.0.0 (every network card of this machine)?")
        wrong(self.expected, "Write for example 127.0.0.1 (this machine alone) or 0.0.0.0 (every network card).")


@dataclass(frozen=True)
class Network(Kind):
    """A range of IP addresses."""

    example: str = "10.0.3.0/24"
    expected = "a range of IP addresses such as 10.0.3.0/24"

    def check(self, value: object) -> str:
        if isinstance(value, str):
            try:
                return str(ipaddress.ip_network(value))
            except ValueError:
                try:
                    meant = ipaddress.ip_network(value, strict=False)
                except ValueError:
                    wrong(self.expected, f"Write for example {self.example}.")
                wrong(self.expected, f"Did you mean {meant}?")
        wrong(self.expected, f"Write for example {self.example}.")


@dataclass(frozen=True)
class Either(Kind):
    """A fixed word or another kind of value."""

    word: str
    other: Kind
    example: str = ""

    @property
    def expected(self) -> str:
        return f"{self.word} or {self.other.expected}"

    def check(self, value: object) -> object:
        if value == self.word:
            return value
        try:
            return self.other.check(value)
        except PydanticCustomError as error:
            if isinstance(value, str) and closest(value, [self.word]):
                wrong(self.expected, f"Did you mean {self.word}?")
            wrong(self.expected, (error.context or {})["fix"])
