"""Partitions as SHOW PARTITIONS and information_schema.partitions tell of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from nereus.warehouse.embedded.catalog.bounds import low_key
from nereus.warehouse.embedded.catalog.model import Partition, Table
from nereus.warehouse.embedded.introspection.storage import Size, partition_rows, readable
from nereus.warehouse.embedded.tiers.model import policy_of
from nereus.warehouse.embedded.types import DorisType

#: Buckets that Doris makes for BUCKETS AUTO without an estimate.
_AUTO_BUCKETS = 10
_LEAST = {"datev2": "0000-01-01", "datetimev2": "0000-01-01 00:00:00"}
_LEAST_NUMBER = {
    "tinyint": "-128",
    "smallint": "-32768",
    "int": "-2147483648",
    "bigint": "-9223372036854775808",
    "largeint": "-170141183460469231731687303715884105728",
}


@dataclass(frozen=True, slots=True)
class PartitionFact:
    """One partition.

    Attributes:
        rows: those in the object store are among them.
        bytes: the table's local size shared out by rows: DuckDB does not store partitions apart.
        remote_bytes: what it takes in the object store.
        policy: the storage policy it is under, or nothing.
    """

    id: int
    name: str
    key: str
    range: str
    distribution: str
    buckets: int
    replicas: int
    rows: int
    bytes: int
    remote_bytes: int = 0
    policy: str = ""

    @property
    def readable(self) -> str:
        return readable(self.bytes)

    @property
    def replicas_text(self) -> str:
        return f"tag.location.default: {self.replicas}"


def partition_facts(cursor: duckdb.DuckDBPyConnection, table: Table, size: Size) -> Iterator[PartitionFact]:
    """The partitions of a table; one without partitions has a single one of its own name."""
    rows = partition_rows(cursor, table)
    distribution = ", ".join(table.distribution.columns) or "RANDOM"
    buckets = table.distribution.buckets or _AUTO_BUCKETS
    replicas = replica_count(table)
    if table.partitioning is None:
        facts = ("", "", distribution, buckets, replicas, size.rows, size.bytes)
        yield PartitionFact(table.id, table.name, *facts, size.remote_bytes, policy_of(table, None))
        return
    key = ", ".join(table.partitioning.columns)
    for partition in _ordered(table):
        count = rows[partition.name]
        share = size.bytes * count // size.local_rows if size.local_rows else 0
        files = size.cold.of_partition(partition.id) if size.cold else ()
        yield PartitionFact(
            partition.id,
            partition.name,
            key,
            _shown(table, partition),
            distribution,
            buckets,
            replicas,
            count + sum(file.rows for file in files),
            share,
            sum(file.size for file in files),
            policy_of(table, partition),
        )


def replica_count(table: Table) -> int:
    """The declared number of replicas; the embedded warehouse keeps one."""
    properties = dict(table.properties)
    for name in ("replication_allocation", "default.replication_allocation", "replication_num"):
        found = re.search(r"(\d+)\s*$", properties.get(name, ""))
        if found:
            return int(found[1])
    return 1


def _ordered(table: Table) -> list[Partition]:
    """Ranges ascend, as Doris shows them."""
    if table.partitioning is None or table.partitioning.kind != "RANGE":
        return list(table.partitions)
    kinds = _kinds(table)
    return sorted(table.partitions, key=lambda partition: low_key(partition.lower, kinds))


def _shown(table: Table, partition: Partition) -> str:
    types = _types(table)
    if partition.values:
        keys = (", ".join(value or "NULL" for value in values) for values in partition.values)
        return "[" + ", ".join(f"types: [{types}]; keys: [{key}]; " for key in keys) + "]"
    lower = ", ".join(text or _least(kind) for text, kind in zip(partition.lower, _kinds(table), strict=True))
    upper = ", ".join(text or "MAXVALUE" for text in partition.upper)
    return f"[types: [{types}]; keys: [{lower}]; ..types: [{types}]; keys: [{upper}]; )"


def _kinds(table: Table) -> list[DorisType]:
    names = table.partitioning.columns if table.partitioning else ()
    return [column.type for column in map(table.column, names) if column is not None]


def _types(table: Table) -> str:
    return ", ".join(_type_word(kind).upper() for kind in _kinds(table))


def _type_word(kind: DorisType) -> str:
    return {"date": "datev2", "datetime": "datetimev2"}.get(kind.name, kind.name)


def _least(kind: DorisType) -> str:
    word = _type_word(kind)
    return _LEAST.get(word) or _LEAST_NUMBER.get(word, "MIN_VALUE")
