"""What date functions make of their arguments."""

from __future__ import annotations

from sqlglot import exp

from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.sql.rules import casts, dateparse, literals
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.types import BIGINT, DATE, DorisType, datetime
from nereus.warehouse.embedded.variables import UTC_NAMES

#: Zone names and offsets under which no clock is shifted.
_UTC = UTC_NAMES | {"z", "-00:00", "universal"}


def as_moment(value: Typed) -> Typed:
    """Any argument as a date or datetime: a text as the one it spells, NULL where it spells none."""
    if value.type.is_date:
        return value
    if isinstance(value.literal, str):
        parsed = dateparse.parse(value.literal)
        if parsed is None:
            return literals.null_of(datetime(6))
        return literals.moment(parsed.value, parsed.scale) if parsed.timed else literals.day(parsed.value)
    if value.type.name == "null":
        return literals.null_of(DATE)
    if value.type.is_integer:
        return casts.cast_to(casts.cast_to(value, BIGINT), datetime(0))
    return casts.cast_to(value, datetime(6))


def as_datetime(value: Typed) -> Typed:
    """Any argument as a datetime with the scale it has, or that its text spells."""
    found = as_moment(value)
    return casts.cast_to(found, datetime(0)) if found.type == DATE else found


def as_date(value: Typed) -> Typed:
    """Any argument as a date; a time of day is cut off."""
    return casts.cast_to(as_moment(value), DATE)


def exact_moment(name: str, value: Typed) -> Typed:
    """Like `as_moment`, for functions whose result type depends on the argument: a computed text is refused."""
    if value.type.is_text and not isinstance(value.literal, str):
        raise Refused(f"{name} of a computed text", "Cast it to date or datetime.")
    if value.type.is_numeric:
        raise Refused(f"{name} of a number", "Cast it to date or datetime.")
    return as_moment(value)


def unit(value: Typed) -> str:
    """The unit word of an interval or of timestampdiff, upper case."""
    word = value.node.args.get("unit") if isinstance(value.node, exp.Interval) else value.node
    return str(word.this if isinstance(word, exp.Expression) else word).upper()


def amount(value: Typed) -> Typed:
    """The number of an interval, or the value itself."""
    if isinstance(value.node, exp.Interval):
        return Typed(value.node.this, value.type, value.literal, value.volatile, value.aggregate)
    return value


def check_utc(name: str, zone: str | None) -> None:
    """Refuse a function that depends on the session's time zone where that is not UTC."""
    if (zone or "UTC").lower() not in _UTC:
        raise Refused(f"{name} in the time zone {zone}", "SET time_zone = 'UTC'.")


def wider_moment(*types: DorisType) -> DorisType:
    """The datetime with the largest scale of several dates and datetimes."""
    return datetime(max(type_.scale or 0 for type_ in types))
