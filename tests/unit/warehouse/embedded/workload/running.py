"""Statements that run for long, in threads of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.session import Session
from tests.unit.warehouse.embedded.session.asking import ask

#: Runs for hours where nobody stops it.
ENDLESS = "SELECT COUNT(*) FROM orders a, orders b, orders c WHERE a.amount + b.amount + c.amount = -1"
PATIENCE_S = 60.0


def until(true: Callable[[], object]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.005)


class Task:
    """A statement in a thread; `error` is what it ended with."""

    def __init__(self, session: Session, sql: str) -> None:
        self.rows: list[tuple[object, ...]] = []
        self.error: DorisError | None = None
        self._thread = threading.Thread(target=self._run, args=(session, sql))
        self._thread.start()

    def _run(self, session: Session, sql: str) -> None:
        try:
            self.rows = ask(session, sql)
        except DorisError as error:
            self.error = error

    def end(self) -> Task:
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "the statement goes on"
        return self


@contextmanager
def running(session: Session, sql: str = ENDLESS) -> Iterator[Task]:
    """While the statement runs, which is cancelled behind."""
    task = Task(session, sql)
    until(lambda: session.running is not None and session.running.group is not None)
    try:
        yield task
    finally:
        session.cancel(DorisError("enough"))
        task.end()
