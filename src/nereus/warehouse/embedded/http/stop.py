"""Ending a load that somebody no longer waits for."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import duckdb

from nereus.warehouse.embedded.http.failures import LoadFailed


class Stop:
    """Asked for by one thread, heeded by the one that loads."""

    def __init__(self) -> None:
        self._failure: LoadFailed | None = None
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self._guard = threading.Lock()

    def request(self, failure: LoadFailed) -> None:
        """End the load with `failure`. To be repeated until it has ended: DuckDB forgets an interrupt between two
        statements. The first failure counts.
        """
        with self._guard:
            self._failure = self._failure or failure
            if self._cursor is not None:
                with contextlib.suppress(duckdb.Error):
                    self._cursor.interrupt()

    def check(self) -> None:
        """Raise the failure with which the load is to end, if it is."""
        if self._failure is not None:
            raise self._failure

    @contextlib.contextmanager
    def watching(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Interrupt `cursor` on request while the body runs; what it then raises becomes the failure."""
        with self._guard:
            self._cursor = cursor
        try:
            self.check()
            yield
        except duckdb.Error:
            self.check()
            raise
        finally:
            with self._guard:
                self._cursor = None
