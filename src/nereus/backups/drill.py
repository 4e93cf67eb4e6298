"""The restore drill: a database's newest backup and its cooled history brought back beside it, counted and removed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from nereus import backups
from nereus.backups import history
from nereus.errors import Failure
from nereus.warehouse.client import Queries, Warehouse

#: What is promised. Recovery point: a backup every night, and two hours for it. Recovery time: of one database into a
#: warehouse that stands.
RPO_S, RTO_S = 26 * 3600.0, 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Drilled:
    """What a drill measured: the age of the oldest part when it began and how long bringing all back took, in seconds.

    `rows` counts each table that came back; `changed` are those that have another number of rows by now; `cooled` are
    those that came back from exported history, compared by the checksums of what went out.
    """

    db: str
    label: str
    age_s: float
    seconds: float
    rows: Mapping[str, int]
    changed: tuple[str, ...]
    cooled: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether both promises were kept."""
        return self.age_s <= RPO_S and self.seconds <= RTO_S


def databases(warehouse: Warehouse, store: history.Store) -> list[str]:
    """Those that have a backup or history."""
    return sorted({one.db for one in backups.kept(warehouse)} | {db for db, _ in store.tables()})


def run(warehouse: Warehouse, store: history.Store, db: str, now: datetime | None = None) -> Drilled:
    """Drill with one database. Leaves nothing, however it ends; what a drill that was killed left goes first.

    Raises BadInput where there is no backup, Failure where the history of a table is missing, where a part does not
    come back, and where one lacks what is there now.
    """
    into, began = f"{backups.DRILL}{db}", now or datetime.now(UTC)
    there = _count(warehouse, db) if db in backups.databases(warehouse) else None
    cooled = _cooled(warehouse, store, db, there is not None)
    _drop(warehouse, into)
    started = time.monotonic()
    try:
        found, _ = backups.restore(warehouse, db, into=into)
        # A table that was given its policy after the backup is in that.
        cooled = {table: at for table, at in cooled.items() if table not in history.tables(warehouse, into)}
        for table in cooled:
            history.bring_back(warehouse, store, db, table, into, policy=False)
        seconds = time.monotonic() - started
        rows = _count(warehouse, into)
    finally:
        _drop(warehouse, into)
    if not rows:
        raise Failure(f"{found.label} came back without a table", fix=f"Take another one now: nereus backup {db}")
    now_there = there or {}
    if empty := sorted(table for table, count in rows.items() if not count and now_there.get(table)):
        raise Failure(
            f"{found.label} came back with no row of {', '.join(empty)}, which {db} has now",
            fix=f"Unless they were loaded since, take another one now: nereus backup {db}",
        )
    changed = tuple(sorted(table for table, count in rows.items() if now_there.get(table, count) != count))
    oldest = min([backups.taken_at(found.label), *cooled.values()])
    return Drilled(db, found.label, (began - oldest).total_seconds(), seconds, rows, changed, tuple(cooled))


def _cooled(warehouse: Warehouse, store: history.Store, db: str, exists: bool) -> dict[str, datetime]:
    """Each table that only history brings back, and when that was exported: those of now, or of a lost database."""
    exported = {table: at for (database, table), at in store.tables().items() if database == db}
    wanted = {table for database, table in history.cooled(warehouse) if database == db} if exists else set(exported)
    found = {table: exported.get(table) for table in sorted(wanted)}
    if missing := [table for table, at in found.items() if at is None]:
        raise Failure(
            f"{db}: no history of {', '.join(missing)} was exported whole, and no backup holds a table with a storage"
            " policy",
            fix=f"Export it now: nereus backup {db}",
        )
    return {table: at for table, at in found.items() if at is not None}


def _count(warehouse: Queries, db: str) -> dict[str, int]:
    return {
        name: int(
            warehouse.query(f"SELECT COUNT(*) AS n FROM {backups.quoted(db)}.{backups.quoted(name)}")[0]["n"]  # noqa: S608
        )
        for name in history.tables(warehouse, db)
    }


def _drop(warehouse: Queries, db: str) -> None:
    warehouse.execute(f"DROP DATABASE IF EXISTS {backups.quoted(db)} FORCE")
