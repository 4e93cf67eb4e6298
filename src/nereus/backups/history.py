"""Cooled history as Parquet files: what BACKUP cannot hold, since Doris backs up no table with a storage policy.

Each partition becomes files under history/<database>/<table>/<partition>/<mark>/ in the bucket of backups, and a note
beside them once they are whole. The mark is the partition's version and its rows: one that has a note is not exported
again, so a run costs what changed, and one that was broken off is finished by the next.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from obstore.exceptions import BaseError
from obstore.store import S3Store

from nereus.backups import quoted
from nereus.errors import BadInput, Failure
from nereus.provision import object_store
from nereus.provision.object_store import Access
from nereus.warehouse.client import Queries

_FOLDER = "history"
_DEFINITION = "table.sql"
#: Which storage policies the table has, beside its definition: rows of SHOW STORAGE POLICY USING.
_POLICIES = "policies.txt"
#: When the last run over a table ended, beside its definition.
_COMPLETE = "complete.txt"
#: Types whose values have no text that two equal ones share.
_WITHOUT_TEXT = ("bitmap", "hll", "quantile_state", "agg_state")
_POLICY = r'"storage_policy"\s*=\s*"[^"]*"'


@dataclass(frozen=True)
class Note:
    """One exported partition. `files` is the folder of its rows in the bucket; a partition without rows has none.

    `mark` changes with the partition's content, `at` is when it was exported (UTC). `checksum` is the sum of the hashes
    of its rows; None where somebody loaded meanwhile, or for a note of before there were checksums.
    """

    database: str
    table: str
    partition: str
    mark: str
    rows: int
    at: str
    checksum: int | None = None

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
    """The bucket of backups. `access` is how the warehouse, which writes and reads the files, reaches it.

    `near` is how this process does, for the notes, where that is another way: to a cluster's store through kubectl.
    """

    access: Access
    near: Access | None = None

    def notes(self, database: str, table: str) -> dict[str, Note]:
        """The newest note of each partition."""
        found: dict[str, Note] = {}
        for key in self._keys(f"{_FOLDER}/{database}/{table}/"):
            if key.endswith(".json"):
                note = Note(**json.loads(self.read(key)))
                if note.partition not in found or found[note.partition].at < note.at:
                    found[note.partition] = note
        return found

    def tables(self) -> dict[tuple[str, str], datetime | None]:
        """Database and name of every table with history, and when it was last exported whole; None for never."""
        keys = self._keys(f"{_FOLDER}/")
        places = sorted(key.split("/")[1:3] for key in keys if key.endswith(f"/{_DEFINITION}"))
        return {(database, table): self._complete(database, table, keys) for database, table in places}

    def _complete(self, database: str, table: str, keys: list[str]) -> datetime | None:
        key = f"{_FOLDER}/{database}/{table}/{_COMPLETE}"
        return datetime.fromisoformat(self.read(key)) if key in keys else None

    def write(self, key: str, text: str) -> None:
        with self._asked() as bucket:
            bucket.put(key, text.encode())

    def read(self, key: str) -> str:
        """Raises Failure for a key that is not there."""
        with self._asked() as bucket:
            try:
                return bytes(bucket.get(key).bytes()).decode()
            except FileNotFoundError as error:
                raise Failure(f"the bucket {self.access.bucket} holds no {key}") from error

    def remove(self, prefix: str) -> None:
        keys = self._keys(prefix)
        with self._asked() as bucket:
            for key in keys:
                bucket.delete(key)

    def properties(self) -> tuple[str, tuple[str, ...]]:
        """What SQL needs to reach the bucket: marks, and what stands in them."""
        given = {
            "s3.endpoint": self.access.endpoint,
            "s3.region": self.access.region,
            "s3.access_key": self.access.access_key,
            "s3.secret_key": self.access.secret_key,
        }
        return ", ".join(f"'{name}' = %s" for name in given), tuple(given.values())

    def files(self, note: Note) -> tuple[str, tuple[str, ...]]:
        """What SQL reads a partition's files from: marks, and what stands in them."""
        marks, values = self.properties()
        return (
            f"S3('uri' = %s, 'format' = 'parquet', {marks})",
            (f"s3://{self.access.bucket}/{note.files}*.parquet", *values),
        )

    def _keys(self, prefix: str) -> list[str]:
        with self._asked() as bucket:
            return [str(one["path"]) for one in bucket.list(prefix=prefix).collect()]

    @contextmanager
    def _asked(self) -> Iterator[S3Store]:
        """The bucket; Failure in the store's words where it does not answer or refuses."""
        found = self.near or self.access
        try:
            yield object_store.store(found)
        except BaseError as error:
            said = str(error).splitlines()[0][:300]
            raise Failure(
                f"the object store at {found.endpoint}, bucket {found.bucket}: {said}", fix="Does it run? make status"
            ) from error


def cooled(warehouse: Queries) -> list[tuple[str, str]]:
    """Database and name of every table with a storage policy."""
    return sorted({(str(row["Database"]), str(row["Table"])) for row in warehouse.query("SHOW STORAGE POLICY USING")})


def export(warehouse: Queries, store: Store, database: str, table: str) -> Iterator[Note]:
    """Export the partitions that changed since their last note; yields each when its note is written.

    Raises Failure where the files have other rows than the partition, or cannot be read back.
    """
    known = store.notes(database, table)
    name = f"{quoted(database)}.{quoted(table)}"
    began = datetime.now(UTC).isoformat()
    created = warehouse.query(f"SHOW CREATE TABLE {name}")[0]
    store.write(f"{_FOLDER}/{database}/{table}/{_DEFINITION}", str(created["Create Table"]))
    store.write(f"{_FOLDER}/{database}/{table}/{_POLICIES}", json.dumps(_policies(warehouse, database, table)))
    marks, values = store.properties()
    for partition, mark in _marks(warehouse, name).items():
        before = known.get(partition)
        if before is not None and before.mark == mark:
            continue
        note = Note(database, table, partition, mark, 0, datetime.now(UTC).isoformat())
        # What a run that was broken off has left there would be counted twice.
        store.remove(note.files)
        part = f"{name} PARTITION ({quoted(partition)})"
        rows, checksum = _digest(warehouse, name, part)
        written = warehouse.query(
            f"SELECT * FROM {part} "  # noqa: S608 - names are quoted
            f"INTO OUTFILE 's3://{store.access.bucket}/{note.files}part_' FORMAT AS PARQUET PROPERTIES ({marks})",
            values,
        )
        note = replace(note, rows=sum(int(one["TotalRows"]) for one in written))
        there = _read_back(warehouse, store, note) if note.rows else 0
        same = _marks(warehouse, name).get(partition) == mark
        if there != note.rows or (same and note.rows != rows):
            raise Failure(
                f"{name}, {partition}: {rows} rows are in it, {note.rows} were written and {there} came back",
                fix="Run it again; nothing counts that is not whole.",
            )
        if same:
            note = replace(note, checksum=checksum)
        store.write(note.key, json.dumps(asdict(note)))
        if before is not None:
            store.remove(before.key)
            store.remove(before.files)
        yield note
    store.write(f"{_FOLDER}/{database}/{table}/{_COMPLETE}", began)


def restore(
    warehouse: Queries, store: Store, database: str, table: str, into: str, tell: Callable[[str], None] = lambda _: None
) -> int:
    """Fill the empty table `into` (database.table) from the notes; gives the rows. The table must be there.

    Partitions that it does not have, because they were dropped since, stay out and are told. Raises BadInput where
    there are no notes or `into` has rows, Failure where other rows came back than were exported.
    """
    notes = store.notes(database, table)
    if not notes:
        raise BadInput(f"no history of {database}.{table} was exported", fix="Do it: nereus backup")
    target = ".".join(quoted(part) for part in into.split("."))
    if _count(warehouse, target):
        raise BadInput(
            f"{into} has rows", fix="Restore into an empty table; its definition is table.sql beside the files."
        )
    wanted = [note for note in notes.values() if _belongs(note, list(_marks(warehouse, target)))]
    for gone in sorted(notes.keys() - {note.partition for note in wanted}):
        tell(f"{gone}: not a partition of {into}, its {notes[gone].rows:,} rows stay in the bucket")
    columns = ", ".join(quoted(name) for name in _columns(warehouse, target))
    total = 0
    for note in sorted(wanted, key=lambda one: one.partition):
        if note.rows:
            files, values = store.files(note)
            warehouse.execute(
                f"INSERT INTO {target} ({columns}) SELECT {columns} FROM {files}",  # noqa: S608 - names are quoted
                values,
            )
        total += note.rows
        if (found := _count(warehouse, target)) != total:
            raise Failure(
                f"{note.partition}: {found} rows are there, {total} were exported", fix="Empty it, try again."
            )
        tell(f"{note.partition}: {note.rows:,} rows")
    sums = [note.checksum for note in wanted]
    if None not in sums and (seen := _digest(warehouse, target, target)[1]) != sum(filter(None, sums)):
        raise Failure(
            f"{into} has as many rows as were exported and others: checksum {seen}, expected {sum(filter(None, sums))}",
            fix="Empty it, try again; if it is so again, the files were changed: take another export.",
        )
    return total


def bring_back(
    warehouse: Queries,
    store: Store,
    database: str,
    table: str,
    into: str,
    *,
    policy: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> int:
    """Make the table anew in the database `into`, as it was defined at its last export, and fill it; gives the rows.

    Its storage policies come last; without `policy` they do not, so that its rows do not cool again. The table goes
    again where anything fails. Raises BadInput where it is there already or a policy is not, besides what `restore`
    raises.
    """
    if table in tables(warehouse, into):
        raise BadInput(
            f"{into}.{table} is there already",
            fix=f"Drop it first, or bring the history back elsewhere: nereus restore {database} --into OTHER",
        )
    policies = json.loads(store.read(f"{_FOLDER}/{database}/{table}/{_POLICIES}")) if policy else {}
    known = {str(row["PolicyName"]) for row in warehouse.query("SHOW STORAGE POLICY")} if policies else set()
    if missing := sorted(policies.keys() - known):
        raise BadInput(
            f"{database}.{table} had the storage policy {', '.join(missing)}, which the warehouse does not have",
            fix="Make it first: make provision, or the statement that made it (docs/backup.md).",
        )
    warehouse.execute(without_policy(definition(store, database, table)), database=into)
    try:
        rows = restore(warehouse, store, database, table, f"{into}.{table}", tell)
        name = f"{quoted(into)}.{quoted(table)}"
        for each, partitions in policies.items():
            part = "" if partitions == "ALL" else f" MODIFY PARTITION ({_listed(partitions)})"
            warehouse.execute(f"ALTER TABLE {name}{part} SET ('storage_policy' = %s)", (each,))
        return rows
    except BaseException:
        warehouse.execute(f"DROP TABLE IF EXISTS {quoted(into)}.{quoted(table)} FORCE")
        raise


def definition(store: Store, database: str, table: str) -> str:
    """CREATE TABLE as it was at the last export."""
    return store.read(f"{_FOLDER}/{database}/{table}/{_DEFINITION}")


def without_policy(text: str) -> str:
    """A definition less its storage policies, the table's and its partitions'."""
    for pattern in (rf"\(\s*{_POLICY}\s*\)", rf"{_POLICY}\s*,\s*", rf",\s*{_POLICY}"):
        text = re.sub(pattern, "", text)
    return text


def tables(warehouse: Queries, database: str) -> list[str]:
    """The names of a database's tables, without its views."""
    listed = [list(row.values()) for row in warehouse.query(f"SHOW FULL TABLES FROM {quoted(database)}")]
    return sorted(str(name) for name, kind, *_ in listed if kind == "BASE TABLE")


def _policies(warehouse: Queries, database: str, table: str) -> dict[str, str]:
    """The names of a table's storage policies, with `ALL` or the partitions that have them."""
    return {
        str(row["PolicyName"]): str(row["Partitions"])
        for row in warehouse.query("SHOW STORAGE POLICY USING")
        if (row["Database"], row["Table"]) == (database, table)
    }


def _listed(partitions: str) -> str:
    return ", ".join(quoted(name.strip()) for name in partitions.split(","))


def _belongs(note: Note, partitions: list[str]) -> bool:
    """Whether a table with these partitions has a place for its rows: the one of a table without any has its name."""
    return note.partition in partitions or (note.partition == note.table and len(partitions) == 1)


def _marks(warehouse: Queries, name: str) -> dict[str, str]:
    """The mark of every partition as it is now."""
    rows = warehouse.query(f"SHOW PARTITIONS FROM {name}")
    return {str(row["PartitionName"]): f"{row['VisibleVersion']}-{row.get('RowCount') or 0}" for row in rows}


def _columns(warehouse: Queries, name: str) -> dict[str, str]:
    """Type by name."""
    return {str(row["Field"]): str(row["Type"]).lower() for row in warehouse.query(f"DESC {name}")}


def _digest(warehouse: Queries, name: str, source: str) -> tuple[int, int]:
    """How many rows there are, and the sum of their hashes, in which neither order nor partitions play a part."""
    columns = (each for each, kind in sorted(_columns(warehouse, name).items()) if not kind.startswith(_WITHOUT_TEXT))
    cells = ", ".join(f"IF({each} IS NULL, 'N', CONCAT('=', CAST({each} AS STRING)))" for each in map(quoted, columns))
    row: Mapping[str, Any] = warehouse.query(
        f"SELECT COUNT(*) AS n, SUM(CAST(MURMUR_HASH3_32(CONCAT({cells})) AS BIGINT)) AS checksum FROM {source}"  # noqa: S608
    )[0]
    return int(row["n"]), int(row["checksum"] or 0)


def _read_back(warehouse: Queries, store: Store, note: Note) -> int:
    return _count(warehouse, *store.files(note))


def _count(warehouse: Queries, target: str, values: tuple[str, ...] | None = None) -> int:
    row: Mapping[str, Any] = warehouse.query(f"SELECT COUNT(*) AS n FROM {target}", values)[0]  # noqa: S608 - quoted
    return int(row["n"])
