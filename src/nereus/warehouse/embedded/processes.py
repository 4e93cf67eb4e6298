"""The sessions that are open, and the watch that ends what runs too long or was cancelled."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session

_log = logging.getLogger(__name__)

#: How often the watch looks, in seconds: a timeout comes at most this much late.
_INTERVAL_S = 0.1


class Processes:
    """Every open session by its connection id.

    Attributes:
        watchers: called by the watch too, with time.monotonic().
    """

    def __init__(self) -> None:
        self._sessions: dict[int, Session] = {}
        self._ids = itertools.count(1)
        self.watchers: list[Callable[[float], None]] = []
        self._stop = threading.Event()
        self._watch = threading.Thread(target=self._run, name="statement-watch", daemon=True)
        self._watch.start()

    def next_id(self) -> int:
        """A connection id that no session had since the start."""
        return next(self._ids)

    def add(self, session: Session) -> None:
        self._sessions[session.connection_id] = session

    def remove(self, session: Session) -> None:
        if self._sessions.get(session.connection_id) is session:
            del self._sessions[session.connection_id]

    def get(self, connection_id: int) -> Session | None:
        return self._sessions.get(connection_id)

    def by_query(self, query_id: str) -> Session | None:
        """The session whose running statement has that query id."""
        for session in self:
            run = session.running
            if run is not None and run.query_id == query_id:
                return session
        return None

    def __iter__(self) -> Iterator[Session]:
        return iter(sorted(self._sessions.values(), key=lambda session: session.connection_id))

    def __len__(self) -> int:
        return len(self._sessions)

    def close(self) -> None:
        """End the watch and every session."""
        self._stop.set()
        self._watch.join()
        for session in self:
            session.close()

    def _run(self) -> None:
        while not self._stop.wait(_INTERVAL_S):
            now = time.monotonic()
            for session in tuple(self._sessions.values()):
                try:
                    session.tick(now)
                except Exception:
                    # One session that cannot be ended must not keep the others from it.
                    _log.exception("the watch failed for session %d", session.connection_id)
            for watcher in self.watchers:
                try:
                    watcher(now)
                except Exception:
                    _log.exception("the watch failed")
