"""When a repeated job is due."""

from __future__ import annotations

from datetime import datetime, timedelta

_UNITS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86400, "WEEK": 604800}


def interval(every: int, unit: str) -> timedelta:
    return timedelta(seconds=every * _UNITS[unit])


def next_run(begins: datetime, step: timedelta, after: datetime) -> datetime:
    """The first run later than `after`, of those at `begins` and every `step` from there."""
    if after < begins:
        return begins
    return begins + step * ((after - begins) // step + 1)
