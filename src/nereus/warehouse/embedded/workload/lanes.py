"""The processor's part in isolation: groups with a max_cpu_percent below 100 get what the others leave.

DuckDB has one pool of threads for all queries, and no priorities. The queries of a limited group are therefore run by
threads of their own, which the operating system serves after the others, and the shared pool is cut down meanwhile, so
that a query's work is done by the thread that asked for it. See docs/isolation.md.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TypeVar

import duckdb

from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.workload.groups import WorkloadGroup

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

#: Threads of all limited groups together. A group's share of the engine's threads is the narrower limit.
_MOST_THREADS = 64
#: What the operating system calls niceness: at 10 a thread weighs a tenth of another. Lower ones could be kept from the
#: processor for long while they hold Python's lock, and everybody would wait.
NICER = 10
#: The shared pool stays cut down for so long after the last limited query: the next one is often near.
LINGER_S = 10.0
#: How often a call that waits for its group's threads looks whether it was cancelled, in seconds.
_LOOK_S = 0.05


def yield_to_others() -> None:
    """Give the calling thread a lower priority than the process has, for good: it could not be raised again."""
    with suppress(AttributeError, OSError):
        # On Linux a thread has a priority of its own; elsewhere the id names no process, and nothing happens.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICER)


def share(group: WorkloadGroup, threads: int) -> int:
    """How many of the engine's threads a group may use: its max_cpu_percent of them, at least one."""
    return max(1, threads * group.number("max_cpu_percent") // 100)


def is_limited(group: WorkloadGroup) -> bool:
    return group.number("max_cpu_percent") < 100


class Lanes:
    """Threads of low priority, and the size of the shared pool."""

    def __init__(self, engine: Engine) -> None:
        self._cursor = engine.cursor()
        self._threads = engine.threads
        self._wanted = engine.threads
        self._changed = threading.Condition()
        self._shares: dict[str, int] = {}
        self._calls: Counter[str] = Counter()
        self._busy: Counter[str] = Counter()
        self._left = 0.0
        self._resizing = threading.Lock()
        self._pool = ThreadPoolExecutor(_MOST_THREADS, "limited", yield_to_others)

    @property
    def active(self) -> bool:
        """Whether work of limited groups is under way."""
        return bool(+self._calls)

    def tick(self, now: float) -> None:
        """Give the shared pool its size back, some time after the last limited query. `now` is time.monotonic()."""
        if self._wanted != self._threads and now - self._left > LINGER_S and not self._calls:
            self._resize()

    def _resize(self) -> None:
        """Threads that do work for others, and so for limited groups too, are as many as the smallest share."""
        with self._resizing:
            with self._changed:
                lingers = time.monotonic() - self._left <= LINGER_S
                wanted = min(self._shares.values(), default=self._wanted if lingers else self._threads)
            if wanted == self._wanted:
                return
            # DuckDB waits until its threads have finished what they have in hand.
            try:
                self._cursor.execute(f"SET threads = {wanted}")
                self._wanted = wanted
            except duckdb.Error:
                _log.exception("the engine's threads could not be set to %d", wanted)

    def call(self, group: WorkloadGroup, work: Callable[[], _T], check: Callable[[], None]) -> _T:
        """Run `work` for a limited group in a thread of low priority, once the group has one free.

        `check` raises where the statement was cancelled meanwhile.
        """
        with self._entered(group), self._thread_of(group.name, check):
            return self._pool.submit(work).result()

    @contextmanager
    def _entered(self, group: WorkloadGroup) -> Iterator[None]:
        with self._changed:
            self._calls[group.name] += 1
            self._shares[group.name] = share(group, self._threads)
        try:
            self._resize()
            yield
        finally:
            with self._changed:
                self._calls[group.name] -= 1
                self._left = time.monotonic()
                if not self._calls[group.name]:
                    del self._calls[group.name], self._shares[group.name]

    @contextmanager
    def _thread_of(self, name: str, check: Callable[[], None]) -> Iterator[None]:
        with self._changed:
            while self._busy[name] >= self._shares[name]:
                check()
                self._changed.wait(_LOOK_S)
            self._busy[name] += 1
        try:
            yield
        finally:
            with self._changed:
                self._busy[name] -= 1
                self._changed.notify_all()

    def close(self) -> None:
        self._pool.shutdown()
        self._cursor.close()
