"""Moves cooled partitions to the object store, and removes files there that nothing refers to.

A move has four steps: the rows are written to a local Parquet file, the file is sent under a name that no other file
ever had, it is read back from the store and compared with the rows that are there by then, and one transaction of the
engine removes the rows and records the file. What ends the process before that transaction leaves the rows where they
were, and at most a file that nothing refers to; what ends it afterwards leaves them in the store alone.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from nereus.warehouse.embedded.catalog import Catalog, physical, quoted
from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.catalog.versions import of_partition
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.tiers import layout
from nereus.warehouse.embedded.tiers.cache import checksums
from nereus.warehouse.embedded.tiers.filesystem import SCHEME, UNCACHED
from nereus.warehouse.embedded.tiers.model import Piece, RemoteFile, StoragePolicy, pieces
from nereus.warehouse.embedded.tiers.reading import remote_select
from nereus.warehouse.embedded.types import DorisType
from nereus.warehouse.embedded.write.partitions import inside
from nereus.warehouse.embedded.write.transactions import count, transaction
from nereus.warehouse.embedded.write.values import text

_log = logging.getLogger(__name__)

#: A file that nothing refers to any more is kept for readers that are no statements, in seconds.
GRACE_S = 60.0
#: How often the store is asked which files it has, in seconds.
LIST_EVERY_S = 600.0
#: DuckDB looks for a footer in this many of the last bytes first.
_TAIL = 32_768
#: Types that Parquet would not give back as they were.
_AS_TEXT = ("HUGEINT", "UHUGEINT", "INTERVAL")

#: Gives the moments (of time.monotonic()) at which the statements that run now began.
Running = Callable[[], Iterable[float]]


class _Digest(NamedTuple):
    """What two sets of rows have in common when they are the same, whatever their order."""

    rows: int
    hashes: int


class Mover:
    """One pass after another, each safe to repeat and to be cut short.

    Attributes:
        step: called with the name of each step of a move before it is taken; tests end the process there.
    """

    def __init__(self, engine: Engine, catalog: Catalog, running: Running) -> None:
        self._engine = engine
        self._catalog = catalog
        self._running = running
        self._one_at_a_time = threading.Lock()
        self._settled: dict[int, int] = {}
        self._unlinked: dict[str, float] = {}
        self._listed = float("-inf")
        self.grace_s = GRACE_S
        self._in_flight: set[str] = set()
        catalog.tiers.send_by(self)
        self.step: Callable[[str], None] = lambda name: None
        with closing(engine.cursor()) as cursor:
            self._writes = layout.read_writes(cursor)

    def run(self) -> int:
        """Move what has cooled down, then remove what nothing refers to. Gives how many partitions moved.

        A store that does not answer is logged, and tried again by the next pass.
        """
        moved = 0
        with self._one_at_a_time, closing(self._engine.cursor()) as cursor:
            now = datetime.now(UTC).replace(tzinfo=None)
            for cold in list(self._catalog.snapshot().cold.values()):
                table = self._catalog.snapshot().by_id(cold.table.id)
                if not isinstance(table, Table) or any(began < cold.kept_from for began in self._running()):
                    # A query that was planned before the table had a policy reads its rows under their plain name.
                    continue
                for piece in pieces(table):
                    policy = self._catalog.tiers.policies.get(piece.policy)
                    version = of_partition(self._catalog.versions.of(table.id), piece.id)
                    if policy is None or self._settled.get(piece.id) == version:
                        continue
                    if self._due(cursor, piece, version, policy, now) > now:
                        continue
                    try:
                        moved += self._move(cursor, piece, policy, version)
                    except (DorisError, duckdb.Error, OSError) as error:
                        _log.warning("partition %s of %s stays local: %s", piece.name, table.name, error)
            self._sweep()
        return moved

    def _due(
        self, cursor: duckdb.DuckDBPyConnection, piece: Piece, version: int, policy: StoragePolicy, now: datetime
    ) -> datetime:
        """When a partition has cooled down. A partition is taken as written when a change of it is first seen."""
        known = self._writes.get(piece.id)
        if known is None or known[0] != version:
            known = self._writes[piece.id] = (version, now)
            with transaction(cursor):
                layout.put_write(cursor, piece.id, version, now)
                cursor.commit()
        return policy.due(known[1])

    def _move(self, cursor: duckdb.DuckDBPyConnection, piece: Piece, policy: StoragePolicy, version: int) -> int:
        table = piece.table
        mine = _inside(piece)
        if count(cursor.execute(f"SELECT count(*) FROM (SELECT 1 FROM {physical(table)} WHERE {mine} LIMIT 1)")) == 0:
            self._settled[piece.id] = version
            return 0
        self.step("export")
        file = self.put(cursor, piece.id, table, f"SELECT * FROM {physical(table)} WHERE {mine}", policy.resource)
        try:
            self.step("verify")
            sent = _digest(cursor, table, remote_select(_names(table), [file], f"{SCHEME}://{UNCACHED}/"))
            self.step("commit")
            if not self._switch(cursor, piece, file, sent):
                _log.info("partition %s of %s changed while it was moved: next time", piece.name, table.name)
                return 0
            self._settled[piece.id] = version
            self.step("committed")
        finally:
            self._in_flight.discard(file.key)
        _log.info("partition %s of %s moved to %s: %d rows", piece.name, table.name, policy.resource, file.rows)
        return 1

    def _switch(self, cursor: duckdb.DuckDBPyConnection, piece: Piece, file: RemoteFile, sent: _Digest) -> bool:
        """Remove the local rows and record the file, unless the rows are no longer those that were sent."""
        table, mine = piece.table, _inside(piece)
        with self._catalog.changing(table) as current, transaction(cursor):
            here = _digest(cursor, table, f"SELECT * FROM {physical(table)} WHERE {mine}")
            same = current.columns == table.columns and _piece(current, piece.id) is not None
            if not same or here != sent or sent.rows != file.rows:
                cursor.rollback()
                return False
            cursor.execute(f"DELETE FROM {physical(table)} WHERE {mine}")
            cold = self._catalog.snapshot().cold[table.id]
            new = replace(cold, table=current, files=(*cold.files, file))
            self._catalog.commit(cursor, cold=new, same_rows=True)
        return True

    def put(self, cursor: duckdb.DuckDBPyConnection, part: int, table: Table, select: str, resource: str) -> RemoteFile:
        """Write the rows of a SELECT of the table's columns to a new file of the store; it is kept until it
        is `recorded`, or the process ends.

        Raises DorisError where the store does not take it.
        """
        client = self._catalog.tiers.client(resource)
        name = uuid.uuid4().hex
        local = self._engine.spool / f"{name}.parquet"
        key = f"{self._prefix(resource)}{table.id}/{part}/{name}.parquet"
        self._in_flight.add(key)
        try:
            items = ", ".join(
                f"{_written(column.type, quoted(column.name))} AS {quoted(column.name)}" for column in table.columns
            )
            order = f" ORDER BY {', '.join(map(quoted, table.keys))}" if table.keys else ""
            written = f"(SELECT {items} FROM ({select}){order})"
            rows = count(cursor.execute(f"COPY {written} TO {text(str(local))} (FORMAT parquet, COMPRESSION zstd)"))
            file = RemoteFile(
                key,
                table.id,
                part,
                resource,
                rows,
                local.stat().st_size,
                checksums(local),
                _tail(local),
                tuple((column.name, _read(column.type, quoted(column.name))) for column in table.columns),
            )
            self.step("upload")
            client.upload(key, local)
            self.step("uploaded")
            if client.size(key) != file.size:
                raise DorisError(f"the object store {client.resource.place} kept {key} with another size")
        except BaseException:
            self._in_flight.discard(key)
            raise
        finally:
            local.unlink(missing_ok=True)
        self._engine.cold_files.add(file)
        return file

    def recorded(self, keys: Iterable[str]) -> None:
        """These files are the catalogue's from now on."""
        self._in_flight.difference_update(keys)

    def _sweep(self) -> None:
        """Remove files of this warehouse that no table refers to, once no statement can be reading them."""
        files = self._engine.cold_files
        for key in files.known() - self._used():
            if self._unread(key):
                self._remove(key, files.resource_of(key))
        if time.monotonic() - self._listed < LIST_EVERY_S:
            return
        for name in list(self._catalog.tiers.resources):
            try:
                # What a move left that was cut short is known to the store alone.
                listed = set(self._catalog.tiers.client(name).keys(self._prefix(name)))
            except DorisError as error:
                _log.warning("cannot look for files that nothing refers to in %s: %s", name, error)
                return
            for key in listed - files.known() - self._used():
                self._remove(key, name)
        self._listed = time.monotonic()

    def _used(self) -> set[str]:
        cold = self._catalog.snapshot().cold.values()
        return {file.key for table in cold for file in table.files} | self._in_flight

    def _unread(self, key: str) -> bool:
        since = self._unlinked.setdefault(key, time.monotonic())
        if time.monotonic() < since + self.grace_s:
            return False
        return all(began > since for began in self._running())

    def _remove(self, key: str, resource: str) -> None:
        try:
            self._catalog.tiers.client(resource).delete(key)
        except DorisError as error:
            _log.warning("the file %s, which nothing refers to, stays in %s: %s", key, resource, error)
            return
        self._engine.cold_files.remove(key)
        self._unlinked.pop(key, None)

    def _prefix(self, resource: str) -> str:
        return f"{root_of(self._catalog.tiers.resources[resource].values)}{self._catalog.tiers.owner}/"


def root_of(properties: dict[str, str]) -> str:
    """The resource's root path as a prefix of keys: empty, or ending in a slash."""
    root = properties.get("s3.root.path", "").strip("/")
    return f"{root}/" if root else ""


def _piece(table: Table, part: int) -> Piece | None:
    return next((piece for piece in pieces(table) if piece.id == part), None)


def _inside(piece: Piece) -> str:
    if piece.partition is None or piece.table.partitioning is None:
        return "TRUE"
    return inside(piece.table, [piece.partition], [quoted(name) for name in piece.table.partitioning.columns])


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def _digest(cursor: duckdb.DuckDBPyConnection, table: Table, select: str) -> _Digest:
    values = ", ".join(map(quoted, _names(table)))
    hashes = f"coalesce(sum(CAST(hash({values}) AS HUGEINT)), 0)"
    row = cursor.execute(f"SELECT count(*), {hashes} FROM ({select})").fetchone()
    return _Digest(*row) if row else _Digest(0, 0)


def _written(kind: DorisType, column: str) -> str:
    return f"CAST({column} AS VARCHAR)" if kind.duckdb in _AS_TEXT else column


def _read(kind: DorisType, column: str) -> str:
    """The value as the table holds it."""
    return f"CAST({column} AS {kind.duckdb})" if kind.duckdb in _AS_TEXT else column


def _tail(path: Path) -> bytes:
    """The end of a Parquet file from its footer on: length of the footer and magic number are its last 8 bytes."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(size - 8)
        footer = int.from_bytes(file.read(4), "little") + 8
        start = max(0, size - max(footer, _TAIL))
        file.seek(start)
        return file.read()
