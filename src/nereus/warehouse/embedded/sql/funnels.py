"""window_funnel, sequence_match and sequence_count over the events of one group, as Doris' backend does them.

An event is a moment in microseconds and a mask: bit i is set where condition i holds. Doris sorts by the moment alone:
where events of one moment could stand in an order that changes the answer, the functions give None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import groupby, permutations, product
from math import factorial, prod
from typing import NamedTuple

Events = list[tuple[int, int]]

MODES = ("default", "deduplication", "fixed", "increase")
#: More orders of simultaneous events than this are not tried.
_MAX_ORDERS = 720
#: After so many steps Doris gives up and answers "no match".
_MAX_STEPS = 1_000_000
_SECOND = 1_000_000
_PATTERN = re.compile(r"\(\?t(<=|<|>=|>|==)(\d+)\)|\(\?(\d+)\)|(\.\*)|(\.)")


class Action(NamedTuple):
    """One part of a pattern: "event", "any", "star", or a comparison of seconds since the event before."""

    kind: str
    number: int = 0


@lru_cache(maxsize=256)
def actions(pattern: str) -> tuple[Action, ...] | None:
    """The parts of a pattern such as ``(?1)(?t<=60).*(?2)``; None where it is none."""
    found = [Action("star")]
    place = 0
    while place < len(pattern):
        part = _PATTERN.match(pattern, place)
        if part is None:
            return None
        compared, seconds, event, star, _ = part.groups()
        if compared:
            if found[-1].kind not in ("event", "any", "star"):
                return None
            found.append(Action(compared, int(seconds)))
        elif event:
            found.append(Action("event", int(event) - 1))
        else:
            found.append(Action("star" if star else "any"))
        place = part.end()
    return tuple(found)


def funnel(events: Events, window: int, mode: str, steps: int) -> int | None:
    """How many of `steps` conditions follow each other within `window` seconds."""
    kept = events if mode == "fixed" else [event for event in events if event[1]]
    return _settled(kept, lambda rows: _funnel(rows, window * _SECOND, mode, steps))


def matches(events: Events, pattern: str) -> int | None:
    """1 where the events match the pattern, 0 where not."""
    return _searched(events, pattern, lambda rows, parts: int(_matches(rows, parts)))


def count(events: Events, pattern: str) -> int | None:
    """How many times the events match the pattern, one match after the other."""
    return _searched(events, pattern, _count)


def _searched(events: Events, pattern: str, search: Callable[[Events, tuple[Action, ...]], int]) -> int | None:
    parts = actions(pattern) or ()
    wanted = 0
    for part in parts:
        wanted |= 1 << part.number if part.kind == "event" else 0
    kept = [event for event in events if event[1]]
    met = 0
    for _, mask in kept:
        met |= mask
    if not wanted or wanted & met != wanted:
        return 0
    return _settled(kept, lambda rows: search(rows, parts))


def _settled(events: Events, answer: Callable[[Events], int]) -> int | None:
    """The answer if it is the same in every order of simultaneous events."""
    ties = [list(rows) for _, rows in groupby(sorted(events), key=lambda event: event[0])]
    if all(len({mask for _, mask in rows}) == 1 for rows in ties):
        return answer([event for rows in ties for event in rows])
    if prod(factorial(len(rows)) for rows in ties) > _MAX_ORDERS:
        return None
    found = {answer([event for rows in order for event in rows]) for order in _orders(ties)}
    return found.pop() if len(found) == 1 else None


def _orders(ties: list[Events]) -> Iterator[tuple[tuple[tuple[int, int], ...], ...]]:
    return product(*(list(permutations(rows)) for rows in ties))


def _funnel(events: Events, window: int, mode: str, steps: int) -> int:
    best = 0
    for start, (_, mask) in enumerate(events):
        if mask & 1:
            best = max(best, _from(events, start, window, mode, steps))
            if best == steps:
                break
    return best


def _from(events: Events, start: int, window: int, mode: str, steps: int) -> int:
    """The conditions met in their order from the event at `start`, which meets the first."""
    begun = events[start][0]
    before, last, row = begun, start, start + 1
    for step in range(1, steps):
        if mode == "fixed":
            if row >= len(events) or not events[row][1] >> step & 1 or events[row][0] > begun + window:
                return step
            row += 1
            continue
        row = next((i for i in range(row, len(events)) if events[i][1] >> step & 1), len(events))
        if row == len(events) or events[row][0] > begun + window:
            return step
        if mode == "increase" and events[row][0] <= before:
            return step
        if mode == "deduplication" and any(mask & ((1 << step) - 1) for _, mask in events[last + 1 : row]):
            return step
        before, last, row = events[row][0], row, row + 1
    return steps


def _matches(events: Events, parts: tuple[Action, ...]) -> bool:
    if any(part.kind not in ("event", "any", "star") for part in parts):
        return _possible(events, parts) and _backtracked(events, parts, 0)[0]
    return _walked(events, parts)


def _walked(events: Events, parts: tuple[Action, ...]) -> bool:
    """A pattern without times, as states that all advance with each event."""
    steps = [part for part in parts if part.kind != "star"]
    loops = [False] * (len(steps) + 1)
    place = 0
    for part in parts:
        if part.kind == "star":
            loops[place] = True
        else:
            place += 1
    active = {0}
    for _, mask in events:
        if len(steps) in active or not active:
            break
        moved = {state for state in active if loops[state]}
        moved |= {
            state + 1
            for state in active
            if state < len(steps) and (steps[state].kind == "any" or mask >> steps[state].number & 1)
        }
        active = moved
    return len(steps) in active


def _count(events: Events, parts: tuple[Action, ...]) -> int:
    found = place = 0
    if _possible(events, parts):
        while place < len(events):
            matched, place = _backtracked(events, parts, place)
            if not matched:
                break
            found += 1
    return found


def _possible(events: Events, parts: tuple[Action, ...]) -> bool:
    """Whether the stretches of the pattern between stars and times are found one after the other."""
    place = 0
    stretch: list[Action] = []
    for part in (*parts, Action("end")):
        if part.kind in ("event", "any"):
            stretch.append(part)
            continue
        first = place
        at = 0
        while at < len(stretch) and place < len(events):
            if stretch[at].kind == "any" or events[place][1] >> stretch[at].number & 1:
                place, at = place + 1, at + 1
            else:
                first += 1
                place, at = first, 0
        if at < len(stretch):
            return False
        stretch = []
    return True


def _backtracked(events: Events, parts: tuple[Action, ...], start: int) -> tuple[bool, int]:
    """Whether the events from `start` match, and where the search ended."""
    at, place, base = 0, start, start
    waiting: list[tuple[int, int, int]] = []

    def back() -> bool:
        nonlocal at, place, base
        while waiting:
            at, place, base = waiting.pop()
            place += 1
            if place < len(events):
                return True
        return False

    for _ in range(_MAX_STEPS + 1):
        if at == len(parts) or place == len(events):
            break
        part = parts[at]
        if part.kind == "event" and not events[place][1] >> part.number & 1:
            if not back():
                break
        elif part.kind in ("event", "any"):
            base, at, place = place, at + 1, place + 1
        elif part.kind == "star" or _compared(part, events[place][0] // _SECOND - events[base][0] // _SECOND):
            waiting.append((at, place, base))
            base, at = place, at + 1
        elif part.kind in ("<=", "<"):
            if not back():
                break
        else:
            place += 1
            if place == len(events) and not back():
                break
    else:
        return False, place
    while at < len(parts) and (parts[at].kind in ("star", "<=", "<") or parts[at] == Action(">=", 0)):
        at += 1
    return at == len(parts), place + (place == start)


def _compared(part: Action, seconds: int) -> bool:
    if part.kind == "<=":
        return seconds <= part.number
    if part.kind == "<":
        return seconds < part.number
    if part.kind == ">=":
        return seconds >= part.number
    return seconds > part.number if part.kind == ">" else seconds == part.number
