"""The restore drill: the newest backup of a database brought back beside it, counted, timed and removed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from nereus import backups
from nereus.errors import Failure
from nereus.warehouse.client import Queries, Warehouse

#: What is promised. Recovery point: a backup every night, and two hours for it. Recovery time: of one database into a
#: warehouse that stands.
RPO_S, RTO_S = 26 * 3600.0, 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Drilled:
    """What a drill measured: the backup's age when it began and how long bringing it back took, in seconds.

    `rows` counts each table that came back; `changed` are those that have another number of rows by now.
    """

    db: str
    label: str
    age_s: float
    seconds: float
    rows: Mapping[str, int]
    changed: tuple[str, ...]

    @property
    def kept(self) -> bool:
        """Whether both promises were kept."""
        return self.age_s <= RPO_S and self.seconds <= RTO_S


def run(warehouse: Warehouse, db: str, now: datetime | None = None) -> Drilled:
    """Drill with one database. Leaves nothing, however it ends; what a drill that was killed left goes first.

    Raises BadInput where there is no backup, Failure where it does not come back or lacks what is there now.
    """
    into, began = f"{backups.DRILL}{db}", now or datetime.now(UTC)
    _drop(warehouse, into)
    try:
        found, seconds = backups.restore(warehouse, db, into=into)
        rows = _count(warehouse, into)
    finally:
        _drop(warehouse, into)
    if not rows:
        raise Failure(f"{found.label} came back without a table", fix=f"Take another one now: nereus backup {db}")
    there = _count(warehouse, db) if db in backups.databases(warehouse) else {}
    if empty := sorted(table for table, count in rows.items() if not count and there.get(table)):
        raise Failure(
            f"{found.label} came back with no row of {', '.join(empty)}, which {db} has now",
            fix=f"Unless they were loaded since, take another one now: nereus backup {db}",
        )
    changed = tuple(sorted(table for table, count in rows.items() if there.get(table, count) != count))
    age = (began - backups.taken_at(found.label)).total_seconds()
    return Drilled(db, found.label, age, seconds, rows, changed)


def _count(warehouse: Queries, db: str) -> dict[str, int]:
    listed = [list(row.values()) for row in warehouse.query(f"SHOW FULL TABLES FROM {backups.quoted(db)}")]
    names = sorted(str(name) for name, kind, *_ in listed if kind == "BASE TABLE")
    return {
        name: int(
            warehouse.query(f"SELECT COUNT(*) AS n FROM {backups.quoted(db)}.{backups.quoted(name)}")[0]["n"]  # noqa: S608
        )
        for name in names
    }


def _drop(warehouse: Queries, db: str) -> None:
    warehouse.execute(f"DROP DATABASE IF EXISTS {backups.quoted(db)} FORCE")
