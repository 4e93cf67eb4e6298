"""Cooled history as Parquet files: what BACKUP cannot hold, since Doris backs up no table with a storage policy.

Each partition becomes files under history/<database>/<table>/<partition>/<mark>/ in the bucket of backups, and a note
beside them once they are whole. The mark is the partition's version and its rows: one that has a note is not exported
again, so a run costs what changed, and one that was broken off is finished by the next.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from nereus.errors import BadInput, Failure
from nereus.provision import object_store
from nereus.provision.object_store import Access
from nereus.warehouse.client import Queries

_FOLDER = "history"
_DEFINITION = "table.sql"


@dataclass(frozen=True)
class Note:
    """One exported partition. `files` is the folder of its rows in the bucket; a partition without rows has none.

    `mark` changes with the partition's content, `at` is when it was exported (UTC).
    """

    database: str
    table: str
    partition: str
    mark: str
    rows: int
    at: str

    @property
    def folder(self) -> str:
        return f"{_FOLDER}/{self.database}/{self.table}/{self.partition}"

    @property
    def files(self) -> str:
        return f"{self.folder}/{self.mark}/"

    @property
    def key(self) -> str:
        return f"{self.folder}/{self.mark}.json"


@dataclass(frozen=True)
class Store:
    """The bucket of backups, for the notes; the files are written and read by the warehouse itself."""

    access: Access

    def notes(self, database: str, table: str) -> dict[str, Note]:
        """The newest note of each partition."""
        found: dict[str, Note] = {}
        for key in self._keys(f"{_FOLDER}/{database}/{table}/"):
            if key.endswith(".json"):
                note = Note(**json.loads(bytes(object_store.store(self.access).get(key).bytes())))
                if note.partition not in found or found[note.partition].at < note.at:
                    found[note.partition] = note
        return found

    def write(self, key: str, text: str) -> None:
        object_store.store(self.access).put(key, text.encode())

    def read(self, key: str) -> str:
        """Raises Failure for a key that is not there."""
        try:
            return bytes(object_store.store(self.access).get(key).bytes()).decode()
        except FileNotFoundError as error:
            raise Failure(f"the bucket {self.access.bucket} holds no {key}") from error

    def remove(self, prefix: str) -> None:
        for key in self._keys(prefix):
            object_store.store(self.access).delete(key)

    def properties(self) -> tuple[str, tuple[str, ...]]:
        """What SQL needs to reach the bucket: marks, and what stands in them."""
        given = {
            "s3.endpoint": self.access.endpoint,
            "s3.region": self.access.region,
            "s3.access_key": self.access.access_key,
            "s3.secret_key": self.access.secret_key,
        }
        return ", ".join(f"'{name}' = %s" for name in given), tuple(given.values())

    def _keys(self, prefix: str) -> list[str]:
        listed = object_store.store(self.access).list(prefix=prefix).collect()
        return [str(one["path"]) for one in listed]


def cooled(warehouse: Queries) -> list[tuple[str, str]]:
    """Database and name of every table with a storage policy."""
    return sorted({(str(row["Database"]), str(row["Table"])) for row in warehouse.query("SHOW STORAGE POLICY USING")})


def export(warehouse: Queries, store: Store, database: str, table: str) -> Iterator[Note]:
    """Export the partitions that changed since their last note; yields each when its note is written."""
    known = store.notes(database, table)
    name = f"{_quoted(database)}.{_quoted(table)}"
    created = warehouse.query(f"SHOW CREATE TABLE {name}")[0]
    store.write(f"{_FOLDER}/{database}/{table}/{_DEFINITION}", str(created["Create Table"]))
    marks, values = store.properties()
    for row in warehouse.query(f"SHOW PARTITIONS FROM {name}"):
        partition, mark = str(row["PartitionName"]), f"{row['VisibleVersion']}-{row.get('RowCount') or 0}"
        before = known.get(partition)
        if before is not None and before.mark == mark:
            continue
        note = Note(database, table, partition, mark, 0, datetime.now(UTC).isoformat())
        # What a run that was broken off has left there would be counted twice.
        store.remove(note.files)
        written = warehouse.query(
            f"SELECT * FROM {name} PARTITION ({_quoted(partition)}) "  # noqa: S608 - names are quoted
            f"INTO OUTFILE 's3://{store.access.bucket}/{note.files}part_' FORMAT AS PARQUET PROPERTIES ({marks})",
            values,
        )
        note = replace(note, rows=sum(int(one["TotalRows"]) for one in written))
        store.write(note.key, json.dumps(asdict(note)))
        if before is not None:
            store.remove(before.key)
            store.remove(before.files)
        yield note


def restore(
    warehouse: Queries, store: Store, database: str, table: str, into: str, tell: Callable[[str], None] = lambda _: None
) -> int:
    """Fill the empty table `into` (database.table) from the notes; gives the rows. The table must be there.

    Raises BadInput where there are no notes or `into` has rows, Failure where other rows came back than were exported.
    """
    notes = store.notes(database, table)
    if not notes:
        raise BadInput(f"no history of {database}.{table} was exported", fix="The nightly job does it.")
    target = ".".join(_quoted(part) for part in into.split("."))
    if _count(warehouse, target):
        raise BadInput(
            f"{into} has rows", fix="Restore into an empty table; its definition is table.sql beside the files."
        )
    columns = ", ".join(_quoted(str(row["Field"])) for row in warehouse.query(f"DESC {target}"))
    marks, values = store.properties()
    total = 0
    for note in sorted(notes.values(), key=lambda one: one.partition):
        if note.rows:
            place = f"s3://{store.access.bucket}/{note.files}*.parquet"
            warehouse.execute(
                f"INSERT INTO {target} ({columns}) SELECT {columns} "  # noqa: S608 - names are quoted
                f"FROM S3('uri' = %s, 'format' = 'parquet', {marks})",
                (place, *values),
            )
        total += note.rows
        if (found := _count(warehouse, target)) != total:
            raise Failure(
                f"{note.partition}: {found} rows are there, {total} were exported", fix="Empty it, try again."
            )
        tell(f"{note.partition}: {note.rows:,} rows")
    return total


def definition(store: Store, database: str, table: str) -> str:
    """CREATE TABLE as it was at the last export."""
    return store.read(f"{_FOLDER}/{database}/{table}/{_DEFINITION}")


def _count(warehouse: Queries, target: str) -> int:
    row: Mapping[str, Any] = warehouse.query(f"SELECT COUNT(*) AS n FROM {target}")[0]  # noqa: S608 - quoted
    return int(row["n"])


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
