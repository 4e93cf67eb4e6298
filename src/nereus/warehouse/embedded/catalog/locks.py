"""One lock per table: its writers and its ALTERs queue instead of conflicting in the engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager

#: How often one that waits looks whether it has been cancelled, in seconds.
_LOOK = 0.05


class TableLocks:
    """`holding` is entered with the ids while their locks are held."""

    def __init__(self, holding: Callable[[Sequence[int]], AbstractContextManager[None]] | None = None) -> None:
        self._holding = holding
        self._locks: dict[int, threading.Lock] = {}
        self._guard = threading.Lock()

    @contextmanager
    def hold(self, ids: Iterable[int], while_waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """Hold the locks of these tables, taken in order of id so that two callers cannot block each other.

        `while_waiting` is called now and then while another holds a lock; what it raises ends the wait.
        """
        with ExitStack() as held:
            chosen = sorted(set(ids))
            for table_id in chosen:
                lock = self._lock(table_id)
                while not lock.acquire(timeout=_LOOK):
                    if while_waiting is not None:
                        while_waiting()
                held.callback(lock.release)
            if self._holding is not None:
                held.enter_context(self._holding(chosen))
            yield

    def forget(self, table_id: int) -> None:
        """The table is gone. Those who wait for its lock still get it, and then find no table."""
        with self._guard:
            self._locks.pop(table_id, None)

    def _lock(self, table_id: int) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(table_id, threading.Lock())
