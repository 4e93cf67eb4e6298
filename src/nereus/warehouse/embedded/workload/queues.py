"""Who of a workload group runs, who waits, and who is sent away."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.workload.groups import WorkloadGroup, WorkloadGroups

#: How often a statement that waits looks whether it was cancelled, in seconds.
_LOOK_S = 0.05


@dataclass(slots=True, eq=False)
class Ticket:
    """One statement's place in its group.

    Attributes:
        group: name of the group.
        queued: when it asked to run (UTC).
        started: when it was let run (UTC); None while it waits.
    """

    group: str
    queued: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: datetime | None = None

    @property
    def status(self) -> str:
        """QUERY_STATUS of information_schema.active_queries."""
        return "WAIT_IN_QUEUE" if self.started is None else "RUNNING"

    @property
    def waited_ms(self) -> int:
        end = self.started or datetime.now(UTC)
        return int((end - self.queued).total_seconds() * 1000)


@dataclass(slots=True)
class _Place:
    running: int = 0
    waiting: deque[Ticket] = field(default_factory=deque)


class Queues:
    """max_concurrency, max_queue_size and queue_timeout of every group, as they are declared at the moment."""

    def __init__(self, groups: WorkloadGroups) -> None:
        self._groups = groups
        self._changed = threading.Condition()
        self._places: dict[str, _Place] = {}

    def counts(self, name: str) -> tuple[int, int]:
        """How many statements of the group run, and how many wait."""
        with self._changed:
            place = self._places.get(name)
            return (place.running, len(place.waiting)) if place else (0, 0)

    def enter(self, ticket: Ticket, group: WorkloadGroup, *, patience_s: float, check: Callable[[], None]) -> None:
        """Wait until the group has room for one more. The ticket must `leave`, let in or not.

        Args:
            patience_s: how long the statement would wait at most (its query_timeout).
            check: raises where the statement was cancelled meanwhile.

        Raises DorisError where the queue is full, and where the group's queue_timeout (ms) passes.
        """
        with self._changed:
            place = self._places.setdefault(group.name, _Place())
            if place.running < group.number("max_concurrency"):
                self._start(place, ticket)
                return
            most = group.number("max_queue_size")
            if len(place.waiting) >= most:
                raise DorisError(
                    f"query waiting queue is full, queue capacity={most}, waiting num={len(place.waiting)}"
                )
            place.waiting.append(ticket)
            try:
                self._wait(place, ticket, group, patience_s, check)
            except BaseException:
                place.waiting.remove(ticket)
                raise

    def leave(self, ticket: Ticket) -> None:
        """Give the ticket's place, where it has one, to the one that waits longest."""
        if ticket.started is None:
            return
        with self._changed:
            place = self._places[ticket.group]
            place.running -= 1
            if place.waiting:
                self._let_in(place, ticket.group)
            elif not place.running:
                del self._places[ticket.group]

    def _wait(
        self, place: _Place, ticket: Ticket, group: WorkloadGroup, patience_s: float, check: Callable[[], None]
    ) -> None:
        limit_ms = int(patience_s * 1000)
        if group.number("queue_timeout") > 0:
            limit_ms = min(limit_ms, group.number("queue_timeout"))
        end = time.monotonic() + limit_ms / 1000
        while ticket.started is None:
            check()
            left = end - time.monotonic()
            if left <= 0:
                raise DorisError(f"query queue timeout, timeout: {limit_ms} ms ")
            self._changed.wait(min(left, _LOOK_S))
            # ALTER WORKLOAD GROUP may have made room.
            self._let_in(place, ticket.group)

    def _let_in(self, place: _Place, name: str) -> None:
        group = self._groups.groups.get(name)
        # Those that wait in a group that was dropped are let in: nothing limits them any more.
        most = group.number("max_concurrency") if group is not None else place.running + len(place.waiting)
        while place.waiting and place.running < most:
            self._start(place, place.waiting.popleft())
        self._changed.notify_all()

    @staticmethod
    def _start(place: _Place, ticket: Ticket) -> None:
        place.running += 1
        ticket.started = datetime.now(UTC)
