"""What the warehouse does by itself now and then, as Doris' schedulers do."""

from __future__ import annotations

import logging
import threading

import duckdb

from nereus.warehouse.embedded.catalog.catalog import Catalog
from nereus.warehouse.embedded.write.altering import refresh_all

_log = logging.getLogger(__name__)

#: Doris' dynamic_partition_check_interval_seconds, by default.
INTERVAL_S = 600.0


class PartitionScheduler:
    """Moves the windows of dynamic partitions every `interval_s` seconds until it is closed."""

    def __init__(self, catalog: Catalog, cursor: duckdb.DuckDBPyConnection, interval_s: float = INTERVAL_S) -> None:
        self._catalog = catalog
        self._cursor = cursor
        self._interval_s = interval_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="partition-scheduler", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; work under way is finished first."""
        self._stop.set()
        self._thread.join()
        self._cursor.close()

    def _run(self) -> None:
        while not self._stop.wait(self._interval_s):
            try:
                refresh_all(self._catalog, self._cursor)
            except Exception:
                # A table that cannot be changed now is tried again the next time.
                _log.exception("dynamic partitions could not be moved")
