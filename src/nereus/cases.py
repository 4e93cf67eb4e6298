"""The three cases every estimate is made in."""

from __future__ import annotations

from enum import StrEnum


class Case(StrEnum):
    """LOW needs and costs least, HIGH most; TYPICAL is what to expect."""

    LOW = "low"
    TYPICAL = "typical"
    HIGH = "high"
