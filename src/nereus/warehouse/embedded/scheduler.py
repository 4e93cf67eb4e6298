"""What the warehouse does by itself now and then, as Doris' schedulers and compactions do."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import duckdb

from nereus.warehouse.embedded.catalog.catalog import Catalog
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.write.altering import refresh_all

_log = logging.getLogger(__name__)

#: Doris' dynamic_partition_check_interval_seconds, by default.
PARTITIONS_EVERY_S = 600.0
#: How often it is looked whether the log has grown.
FOLD_EVERY_S = 2.0
#: A log shorter than this is left: the audit log alone writes a little every second.
FOLD_FROM_BYTES = 256 * 1024


class Repeated:
    """A thread that does `work` every `seconds` until it is closed; what fails is logged and tried again."""

    def __init__(self, name: str, seconds: float, work: Callable[[], object]) -> None:
        self._name = name
        self._seconds = seconds
        self._work = work
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; work under way is finished first."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            try:
                self._work()
            except Exception:
                _log.exception("%s failed and will be tried again", self._name)


class Scheduler:
    """Moves the windows of dynamic partitions, and folds the log into the file."""

    def __init__(self, catalog: Catalog, engine: Engine) -> None:
        self._cursors = (engine.cursor(), engine.cursor())
        moving, folding = self._cursors
        self._threads = (
            Repeated("partition-scheduler", PARTITIONS_EVERY_S, lambda: refresh_all(catalog, moving)),
            Repeated("log-folder", FOLD_EVERY_S, lambda: fold(engine, folding)),
        )

    def close(self) -> None:
        for thread in self._threads:
            thread.close()
        for cursor in self._cursors:
            cursor.close()


def fold(engine: Engine, cursor: duckdb.DuckDBPyConnection, from_bytes: int = FOLD_FROM_BYTES) -> bool:
    """Fold the write-ahead log into the file when it is long enough. Returns whether it was done.

    Rows that only the log holds lie uncompressed in memory: measured on a fact table just loaded, queries took up to
    half as long again as after folding.
    """
    try:
        # It tells too whether DuckDB has given the file up.
        cursor.execute("SELECT 1")
        if engine.log_bytes < from_bytes:
            return False
        cursor.execute("CHECKPOINT")
    except duckdb.TransactionException:
        # Writers are in the way: next time.
        return False
    except duckdb.FatalException:
        engine.broken.set()
        raise
    return True
