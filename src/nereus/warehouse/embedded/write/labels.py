"""Labels: a load whose label is known has happened, and happens once."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import duckdb

from nereus.warehouse.embedded.catalog.names import check_label
from nereus.warehouse.embedded.errors import DorisError

#: Doris' label_keep_max_second.
KEEP = timedelta(days=3)


class LabelUsed(DorisError):
    """The label belongs to another load, running or done.

    Attributes:
        job_status: what Stream Load answers as ExistingJobStatus: RUNNING or FINISHED.
    """

    def __init__(self, label: str, txn_id: int, *, running: bool) -> None:
        status = "PREPARE" if running else "VISIBLE"
        super().__init__(f"Label [{label}] has already been used, relate to txn [{txn_id}], status [{status}].")
        self.txn_id = txn_id
        self.job_status = "RUNNING" if running else "FINISHED"


def new_label(prefix: str = "label") -> str:
    """A label as Doris makes one from a query id: label_<hex>_<hex>."""
    return f"{prefix}_{secrets.randbits(64):x}_{secrets.randbits(64):x}"


class Labels:
    """Labels are unique in a database. A failed load gives its label free again."""

    def __init__(self) -> None:
        self._running: dict[tuple[int, str], int] = {}
        self._guard = threading.Lock()

    @contextmanager
    def claim(self, cursor: duckdb.DuckDBPyConnection, db_id: int, label: str, txn_id: int) -> Iterator[None]:
        """Hold the label while its load runs. Raises LabelUsed."""
        check_label(label)
        with self._guard:
            other = self._running.get((db_id, label))
            if other is not None:
                raise LabelUsed(label, other, running=True)
            self._running[db_id, label] = txn_id
        try:
            found = cursor.execute(
                "SELECT txn_id FROM nereus.labels WHERE db_id = ? AND label = ?", [db_id, label]
            ).fetchone()
            if found is not None:
                raise LabelUsed(label, found[0], running=False)
            yield
        finally:
            with self._guard:
                del self._running[db_id, label]

    @staticmethod
    def remember(
        cursor: duckdb.DuckDBPyConnection, db_id: int, label: str, txn_id: int, table_id: int, rows: int
    ) -> None:
        """Write the label in the caller's transaction: it is known exactly when the rows are."""
        now = datetime.now(UTC).replace(tzinfo=None)
        cursor.execute(
            "INSERT INTO nereus.labels VALUES (?, ?, ?, ?, ?, ?)", [db_id, label, txn_id, table_id, rows, now]
        )

    @staticmethod
    def forget_old(cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.execute(
            "DELETE FROM nereus.labels WHERE finished_at < ?", [datetime.now(UTC).replace(tzinfo=None) - KEEP]
        )
