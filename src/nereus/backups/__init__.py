"""Backups of the warehouse's databases into the platform's object store, in SQL that Doris takes too."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from nereus.config import Platform
from nereus.errors import BadInput, Failure
from nereus.home import Home
from nereus.provision import object_store
from nereus.warehouse.client import Warehouse

REPOSITORY = "nereus"
#: How the databases are called that a restore drill makes and removes; none of them is backed up.
DRILL = "nereus_drill_"
_FOLDER = "warehouse"
_SYSTEM = ("information_schema", "mysql", "__internal_schema")
_LOOK_S = 0.2
_LABEL = re.compile(r"(?P<db>.+)_(?P<taken>\d{8}_\d{6})")
_TAKEN = "%Y%m%d_%H%M%S"


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that is complete. `left_out` are tables with a storage policy, which a backup cannot hold."""

    db: str
    label: str
    seconds: float
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup in the repository. `timestamp` is what RESTORE asks for."""

    db: str
    label: str
    timestamp: str


def ensure_repository(warehouse: Warehouse, platform: Platform, home: Home) -> bool:
    """Tell the warehouse of the repository, with the key of the bucket ``backup``; gives whether it was new."""
    return ensure_repository_at(warehouse, object_store.access(home, platform.local.ports.object_store, "backup"))


def ensure_repository_at(warehouse: Warehouse, found: object_store.Access) -> bool:
    """The same for a bucket elsewhere, as on a cluster."""
    if REPOSITORY in {row["RepoName"] for row in warehouse.query("SHOW REPOSITORIES")}:
        return False
    given = {
        "s3.endpoint": found.endpoint,
        "s3.region": found.region,
        "s3.access_key": found.access_key,
        "s3.secret_key": found.secret_key,
    }
    marks = ", ".join(f"'{name}' = %s" for name in given)
    place = f"s3://{found.bucket}/{_FOLDER}"
    warehouse.execute(
        f"CREATE REPOSITORY {REPOSITORY} WITH S3 ON LOCATION '{place}' PROPERTIES ({marks})", tuple(given.values())
    )
    return True


def databases(warehouse: Warehouse) -> list[str]:
    """Those of users."""
    rows = warehouse.query("SHOW DATABASES")
    names = (name for row in rows for name in row.values())
    return sorted(name for name in names if name not in _SYSTEM and not name.startswith(DRILL))


def take(warehouse: Warehouse, db: str, now: datetime | None = None) -> Taken:
    """Back up one database and wait until it is done. Raises BadInput for an unknown one, Failure where it fails."""
    if db not in databases(warehouse):
        raise BadInput(f"there is no database {db!r}", fix=f"There are: {', '.join(databases(warehouse)) or 'none'}.")
    began = time.monotonic()
    label = _free_label(warehouse, db, now or datetime.now(UTC))
    cold = sorted({row["Table"] for row in warehouse.query("SHOW STORAGE POLICY USING") if row["Database"] == db})
    but = f" EXCLUDE ({', '.join(map(quoted, cold))})" if cold else ""
    warehouse.execute(f"BACKUP SNAPSHOT {quoted(db)}.{quoted(label)} TO {REPOSITORY}{but}")
    _wait(warehouse, f"SHOW BACKUP FROM {quoted(db)}", label, "SnapshotName")
    return Taken(db, label, time.monotonic() - began, tuple(cold))


def _free_label(warehouse: Warehouse, db: str, moment: datetime) -> str:
    """A label by the second; the next second's where one was taken in this one already."""
    known = {one.label for one in kept(warehouse)}
    while (label := f"{db}_{moment:{_TAKEN}}") in known:
        moment += timedelta(seconds=1)
    return label


def kept(warehouse: Warehouse) -> list[Kept]:
    """The backups in the repository, oldest first."""
    found = []
    for row in warehouse.query(f"SHOW SNAPSHOT ON {REPOSITORY}"):
        named = _LABEL.fullmatch(row["Snapshot"])
        if named is not None and row["Timestamp"]:
            stamp = str(row["Timestamp"]).splitlines()[-1]
            found.append(Kept(named["db"], row["Snapshot"], stamp))
    return sorted(found, key=lambda one: one.timestamp)


def has(warehouse: Warehouse, db: str) -> bool:
    """Whether there is a backup of a database."""
    return any(one.db == db for one in kept(warehouse))


def ensure_database(warehouse: Warehouse, db: str) -> None:
    """Make a database that is to be restored into."""
    warehouse.execute(f"CREATE DATABASE IF NOT EXISTS {quoted(db)}")


def taken_at(label: str) -> datetime:
    """When a backup with a label of ours was begun. Raises BadInput for another label."""
    named = _LABEL.fullmatch(label)
    if named is None:
        raise BadInput(f"{label} is no label that `nereus backup` gave", fix="See what there is: nereus backups")
    return datetime.strptime(named["taken"], _TAKEN).replace(tzinfo=UTC)


def restore(warehouse: Warehouse, db: str, label: str | None = None, into: str | None = None) -> tuple[Kept, float]:
    """Bring a database back, the last backup of it unless `label` names another; gives which, and the seconds.

    Raises BadInput where there is none, Failure where it fails: then nothing has changed.
    """
    mine = [one for one in kept(warehouse) if one.db == db and label in (None, one.label)]
    if not mine:
        raise BadInput(
            f"there is no backup {label or 'of ' + db} in the repository", fix="See what there is: nereus backups"
        )
    began = time.monotonic()
    chosen, target = mine[-1], into or db
    ensure_database(warehouse, target)
    warehouse.execute(
        f"RESTORE SNAPSHOT {quoted(target)}.{quoted(chosen.label)} FROM {REPOSITORY} PROPERTIES "
        "('backup_timestamp' = %s, 'reserve_replica' = 'true', 'reserve_dynamic_partition_enable' = 'true')",
        (chosen.timestamp,),
    )
    _wait(warehouse, f"SHOW RESTORE FROM {quoted(target)}", chosen.label, "Label")
    return chosen, time.monotonic() - began


def _wait(
    warehouse: Warehouse, show: str, label: str, column: str, sleep: Callable[[float], None] = time.sleep
) -> None:
    for row in _states(warehouse, show, label, column):
        if row["State"] == "CANCELLED":
            raise Failure(f"{label} failed: {row['Status']}", fix=f"See: {show}")
        if row["State"] == "FINISHED":
            return
        sleep(_LOOK_S)


def _states(warehouse: Warehouse, show: str, label: str, column: str) -> Iterator[Mapping[str, Any]]:
    with warehouse.session() as session:
        while True:
            rows = [row for row in session.query(show) if row[column] == label]
            if not rows:
                raise Failure(f"the warehouse knows nothing of {label} any more", fix=f"See: {show}")
            yield rows[-1]


def quoted(name: str) -> str:
    """A name as it stands in a statement."""
    return "`" + name.replace("`", "``") + "`"
