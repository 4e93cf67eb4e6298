"""Resources, storage policies, and where the rows of cooled partitions are: frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from nereus.warehouse.embedded.catalog.model import Partition, Table

POLICY_PROPERTY = "storage_policy"

#: Bytes of one block: what the cache holds and what a checksum covers.
BLOCK = 262_144


@dataclass(frozen=True, slots=True)
class Resource:
    """CREATE RESOURCE of type s3. `properties` are Doris' own names, ``s3.endpoint`` and so on."""

    name: str
    id: int
    version: int
    properties: tuple[tuple[str, str], ...]

    @property
    def values(self) -> dict[str, str]:
        return dict(self.properties)

    @property
    def place(self) -> str:
        """Where it is, as errors name it."""
        values = self.values
        return f"{values['s3.endpoint']}/{values['s3.bucket']}"


@dataclass(frozen=True, slots=True)
class StoragePolicy:
    """When rows of a partition cool down: `ttl_s` after they were written, or at `moment` (UTC)."""

    name: str
    id: int
    version: int
    resource: str
    ttl_s: int | None = None
    moment: datetime | None = None

    def due(self, written: datetime) -> datetime:
        """When a partition whose last row was written then (UTC) has cooled down."""
        if self.moment is not None:
            return self.moment
        try:
            return written + timedelta(seconds=self.ttl_s or 0)
        except OverflowError:
            return datetime.max


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """Rows of one partition in the object store: an immutable Parquet file.

    Attributes:
        key: its name in the bucket of `resource`; no other file ever had it.
        checksums: CRC-32 of each block, four bytes each, little-endian.
        tail: its last bytes, the whole Parquet footer among them, so that planning asks the store nothing.
        sources: for each column of the table the DuckDB expression over the file's own columns that gives it.
    """

    key: str
    table_id: int
    partition_id: int
    resource: str
    rows: int
    size: int
    checksums: bytes
    tail: bytes
    sources: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ColdTable:
    """What a table with a storage policy has in the object store.

    Queries name its local rows through a view that every change of the tiers replaces: a query that was planned
    before a move fails to find the view and is planned anew, instead of missing the rows that moved.

    Attributes:
        partitions: the partitions as they were at that generation, by id.
        kept_from: moment of time.monotonic() at which it got its first policy in this process, else 0.
    """

    table: Table
    generation: int
    files: tuple[RemoteFile, ...] = ()
    kept_from: float = 0.0

    @property
    def view(self) -> str:
        """The DuckDB view of the local rows, as SQL text."""
        return f'"data"."c{self.table.id}_{self.generation}"'

    def of_partition(self, partition_id: int) -> tuple[RemoteFile, ...]:
        return tuple(file for file in self.files if file.partition_id == partition_id)

    def without(self, partition_ids: Iterable[int] | None = None) -> ColdTable:
        """Without the files of these partitions, or of all."""
        gone = None if partition_ids is None else set(partition_ids)
        kept = tuple(file for file in self.files if gone is not None and file.partition_id not in gone)
        return replace(self, files=kept)

    @property
    def remote_bytes(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def remote_rows(self) -> int:
        return sum(file.rows for file in self.files)


#: Cold tables by the id of the table.
ColdTables = Mapping[int, ColdTable]


@dataclass(frozen=True, slots=True)
class Piece:
    """What moves at once: a partition, or a table that has none."""

    table: Table
    partition: Partition | None
    policy: str

    @property
    def id(self) -> int:
        return self.table.id if self.partition is None else self.partition.id

    @property
    def name(self) -> str:
        return self.table.name if self.partition is None else self.partition.name


def policy_of(table: Table, partition: Partition | None) -> str:
    """The policy of a partition: the table's goes before its own. Empty where there is none."""
    own = dict(partition.properties).get(POLICY_PROPERTY, "") if partition else ""
    return dict(table.properties).get(POLICY_PROPERTY, "") or own


def pieces(table: Table) -> Sequence[Piece]:
    """What of a table is under a policy."""
    if table.partitioning is None:
        listed: list[Partition | None] = [None]
    else:
        listed = list(table.partitions)
    return [Piece(table, one, policy) for one in listed if (policy := policy_of(table, one))]


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes of one statement's reads of cooled rows: fetched from the store, and found in the cache."""

    fetched: int = 0
    cached: int = 0


NO_USAGE = Usage()
