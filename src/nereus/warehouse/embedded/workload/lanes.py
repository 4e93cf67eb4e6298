"""The processor's part in isolation: groups with a max_cpu_percent below 100 get what the others leave.

DuckDB has one pool of threads for all queries, and no priorities. The thread that asks for a query takes part in
computing it: those of limited groups are few, and the operating system serves them after the others. The shared threads
help everybody alike, limited queries too. See docs/isolation.md.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.priority import yield_to_others
from nereus.warehouse.embedded.workload.groups import WorkloadGroup

_T = TypeVar("_T")

#: Threads of all limited groups together. A group's share of the engine's threads is the narrower limit.
_MOST_THREADS = 64
#: How often a call that waits for its group's threads looks whether it was cancelled, in seconds.
_LOOK_S = 0.05


def share(group: WorkloadGroup, threads: int) -> int:
    """How many of the engine's threads a group may use: its max_cpu_percent of them, at least one."""
    return max(1, threads * group.number("max_cpu_percent") // 100)


def is_limited(group: WorkloadGroup) -> bool:
    return group.number("max_cpu_percent") < 100


class Lanes:
    """Threads of low priority, each group's share of them."""

    def __init__(self, engine: Engine) -> None:
        self._threads = engine.threads
        self._changed = threading.Condition()
        self._busy: Counter[str] = Counter()
        self._pool = ThreadPoolExecutor(_MOST_THREADS, "limited", yield_to_others)

    @property
    def active(self) -> bool:
        """Whether work of limited groups is under way."""
        return bool(+self._busy)

    def call(self, group: WorkloadGroup, work: Callable[[], _T], check: Callable[[], None]) -> _T:
        """Run `work` for a limited group in a thread of low priority, once the group has one free.

        `check` raises where the statement was cancelled meanwhile.
        """
        with self._thread_of(group, check):
            return self._pool.submit(work).result()

    @contextmanager
    def _thread_of(self, group: WorkloadGroup, check: Callable[[], None]) -> Iterator[None]:
        with self._changed:
            while self._busy[group.name] >= share(group, self._threads):
                check()
                self._changed.wait(_LOOK_S)
            self._busy[group.name] += 1
        try:
            yield
        finally:
            with self._changed:
                self._busy[group.name] -= 1
                self._changed.notify_all()

    def close(self) -> None:
        self._pool.shutdown()
