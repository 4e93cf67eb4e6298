"""The memory's part in isolation: a group keeps within its share, and makes room for groups that are promised more.

DuckDB has one memory limit for all queries and does not tell who took how much; what some aggregates hold it does not
count at all. So the process itself is measured: what it has grown by since the first query of a group began, less the
table data that DuckDB keeps in memory and drops when it is short, is held against the group. Other groups' queries add
to it: a group with a limit yields first.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import duckdb

from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.workload.groups import WorkloadGroup

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session

_log = logging.getLogger(__name__)

#: Table data: DuckDB drops it when a query needs the room.
_CACHED = "SELECT coalesce(sum(memory_usage_bytes), 0) FROM duckdb_memory() WHERE tag IN ('BASE_TABLE', 'METADATA')"
_OVER = (
    "MEM_LIMIT_EXCEEDED: the queries of workload group {group} use {used} MB, more than its max_memory_percent "
    "({percent}%, {limit} MB); the one that began last is cancelled. Read less, or in parts."
)
_YIELDED = (
    "MEM_LIMIT_EXCEEDED: cancelled because a query of workload group {group} ran out of memory, and {own} is promised "
    "less. Try again later."
)
#: How long a query that ran out of memory waits for others to give theirs back, in seconds.
_PATIENCE_S = 10.0


class MemoryGuard:
    """Watches groups whose max_memory_percent is below 100 while their queries run."""

    def __init__(self, engine: Engine) -> None:
        self._cursor = engine.cursor()
        self._limit = engine.memory_bytes
        self._cached = 0
        #: What the process used when the group's first query began.
        self._before: dict[str, int] = {}
        self._running: dict[str, set[int]] = {}

    def watch(self, sessions: Iterable[Session]) -> None:
        """Cancel the youngest query of a group that uses more than its share."""
        groups: dict[str, tuple[WorkloadGroup, list[Session]]] = {}
        for session in sessions:
            run = session.running
            if run is not None and run.group is not None and run.group.number("max_memory_percent") < 100:
                groups.setdefault(run.group.name, (run.group, []))[1].append(session)
        for gone in set(self._before) - set(groups):
            del self._before[gone], self._running[gone]
        if not groups:
            return
        used = self._used()
        for name, (group, members) in groups.items():
            numbers = {run.number for member in members if (run := member.running) is not None}
            known = self._running.get(name, set())
            if not known & numbers:
                self._before[name] = used
            elif known - numbers:
                # What a query gave back may stay with the process for a while; it is nobody's.
                self._before[name] = max(self._before[name], used - self._share(group))
            self._running[name] = numbers
            grown = used - self._before[name]
            if grown > self._share(group):
                self._cancel(group, members, grown)

    def make_room(self, session: Session, sessions: Iterable[Session]) -> bool:
        """Cancel what groups run that are promised less memory, and wait until it has ended; whether there was any."""
        run = session.running
        if run is None:
            return False
        own = run.group
        yielding = [other for other in sessions if other is not session and _yields(other, own)]
        for other in yielding:
            victim = other.running.group if other.running is not None else None
            other.cancel(
                DorisError(
                    _YIELDED.format(group=own.name if own else "normal", own=victim.name if victim else "its group")
                )
            )
        if yielding:
            _log.warning("%d queries were cancelled to make room for a query of %s", len(yielding), own)
        _wait(lambda: not any(_yields(other, own) for other in yielding), session.check_cancelled)
        return bool(yielding)

    def close(self) -> None:
        self._cursor.close()

    def _share(self, group: WorkloadGroup) -> int:
        return self._limit * group.number("max_memory_percent") // 100

    def _cancel(self, group: WorkloadGroup, members: list[Session], grown: int) -> None:
        runs = [(run.clock, session) for session in members if (run := session.running) is not None]
        if (
            any(session.running is not None and session.running.cancelled is not None for session in members)
            or not runs
        ):
            # One is ending already.
            return
        percent = group.number("max_memory_percent")
        text = _OVER.format(group=group.name, used=grown // 10**6, percent=percent, limit=self._share(group) // 10**6)
        max(runs, key=lambda one: one[0])[1].cancel(DorisError(text))

    def _used(self) -> int:
        """Bytes of memory that the process holds, table data left out."""
        try:
            found = self._cursor.execute(_CACHED).fetchone()
            self._cached = int(found[0]) if found else 0
        except duckdb.OutOfMemoryException:
            # There is not even room to ask; the last answer must do.
            pass
        return resident() - self._cached


def resident() -> int:
    """Resident memory of this process, bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def promised(group: WorkloadGroup | None) -> tuple[int, int]:
    """How much memory a group is promised, to be compared: what it may always have, then what it may have at most."""
    return (group.number("min_memory_percent"), group.number("max_memory_percent")) if group is not None else (0, 100)


def _yields(other: Session, own: WorkloadGroup | None) -> bool:
    run = other.running
    return run is not None and run.group is not None and promised(run.group) < promised(own)


def _wait(done: Callable[[], bool], check: Callable[[], None]) -> None:
    for _ in _moments(_PATIENCE_S):
        if done():
            return
        check()


def _moments(seconds: float) -> Iterator[float]:
    end = time.monotonic() + seconds
    while (now := time.monotonic()) < end:
        yield now
        time.sleep(0.01)
