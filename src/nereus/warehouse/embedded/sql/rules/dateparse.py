"""Reading a date text as Doris' cast does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from nereus.warehouse.embedded.errors import Refused

_DASHED = re.compile(
    r"(?P<year>\d{4}|\d{2})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:[T ](?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?P<fraction>\.\d*)?)?)?(?P<zone>.*))?",
    re.DOTALL | re.ASCII,
)
_COMPACT = re.compile(
    r"(?P<year>\d{4}|\d{2})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:[T ]?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})(?P<fraction>\.\d*)?(?P<zone>.*))?",
    re.DOTALL | re.ASCII,
)
#: A year of two digits and a time of day without separators.
_SHORT = re.compile(r"\d{12}(?!\d)|\d{6}[T ]\d{6}(?!\d)", re.ASCII)
#: A text that any of Doris' grammars might still read: it starts like a date.
_DATE_LIKE = re.compile(r"\s*\d{2,4}\D\d{1,2}\D\d{1,2}|\s*\d{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class DateText:
    """A date text that Doris accepts.

    Attributes:
        value: without time zone, to the microsecond.
        scale: fractional digits written, trailing zeros not counted, at most 6.
        timed: a time of day is written.
        day: midnight of the written day: a fraction that rounds up does not reach the next one.
    """

    value: datetime
    scale: int
    timed: bool
    day: datetime


def parse(text: str) -> DateText | None:
    """Read `text`; None where Doris' cast gives NULL.

    Raises Refused for the spellings whose reading differs between Doris' frontend and backend: other separators
    than ``-`` and ``:``, the year 0, a time zone, twelve digits (the backend reads no year of two digits there).
    """
    stripped = text.strip(" \t\n\v\f\r")
    found = _DASHED.fullmatch(stripped) or _COMPACT.fullmatch(stripped)
    if found is None:
        if _DATE_LIKE.match(text):
            raise _refusal(text)
        return None
    if (found["zone"] or "").strip() or _SHORT.match(stripped):
        raise _refusal(text)
    if stripped != text and found["second"] is None and found["hour"] is not None:
        return None
    return _checked(text, found)


def _checked(text: str, found: re.Match[str]) -> DateText | None:
    year = int(found["year"])
    if len(found["year"]) == 2:
        year += 1900 if year >= 70 else 2000
    elif year == 0:
        raise _refusal(text)
    digits = (found["fraction"] or "").lstrip(".")
    micros = int(digits[:6].ljust(6, "0")) if digits else 0
    carry = int(len(digits) > 6 and digits[6] >= "5")
    try:
        value = datetime(
            year,
            int(found["month"]),
            int(found["day"]),
            int(found["hour"] or 0),
            int(found["minute"] or 0),
            int(found["second"] or 0),
            micros,
        )
        day = value.replace(hour=0, minute=0, second=0, microsecond=0)
        value += timedelta(microseconds=carry)
    except (ValueError, OverflowError):
        return None
    return DateText(value, min(6, len(digits.rstrip("0"))), found["hour"] is not None, day)


def rounded(value: datetime, scale: int) -> datetime | None:
    """`value` rounded half up to `scale` fractional digits; None past the year 9999."""
    step = 10 ** (6 - scale)
    micros = (value.microsecond + step // 2) // step * step
    try:
        return value.replace(microsecond=0) + timedelta(microseconds=micros)
    except OverflowError:
        return None


def _refusal(text: str) -> Refused:
    return Refused(f"the date text '{text}'", "Write 'YYYY-MM-DD' or 'YYYY-MM-DD HH:MM:SS'.")
