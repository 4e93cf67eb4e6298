"""SHOW PARTITIONS and SHOW DATA."""

from __future__ import annotations

from typing import Any

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.ddl.dynamic import settings
from nereus.warehouse.embedded.denials import command_denied, missing
from nereus.warehouse.embedded.dispatch import refuse, statement
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.introspection.partitions import partition_facts, replica_count
from nereus.warehouse.embedded.introspection.storage import readable
from nereus.warehouse.embedded.privileges import WANTED
from nereus.warehouse.embedded.result import Result, text_rows
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.answers import find, named_database
from nereus.warehouse.embedded.statements.filtering import filtered
from nereus.warehouse.embedded.statements.reader import Reader

refuse("SHOW TABLET", "SHOW DATA SKEW", "SHOW DATA TYPES", kind="SHOW")
refuse("SHOW INDEX STATS", kind="SHOW")

_PARTITIONS = (
    "PartitionId",
    "PartitionName",
    "VisibleVersion",
    "VisibleVersionTime",
    "State",
    "PartitionKey",
    "Range",
    "DistributionKey",
    "Buckets",
    "ReplicationNum",
    "StorageMedium",
    "CooldownTime",
    "RemoteStoragePolicy",
    "LastConsistencyCheckTime",
    "DataSize",
    "IsInMemory",
    "ReplicaAllocation",
    "IsMutable",
    "SyncWithBaseTables",
    "UnsyncTables",
    "CommittedVersion",
    "RowCount",
)
_DYNAMIC = (
    "TableName",
    "Enable",
    "TimeUnit",
    "Start",
    "End",
    "Prefix",
    "Buckets",
    "ReplicationNum",
    "ReplicaAllocation",
    "StartOf",
    "LastUpdateTime",
    "LastSchedulerTime",
    "State",
    "LastCreatePartitionMsg",
    "LastDropPartitionMsg",
    "ReservedHistoryPeriods",
)
QUOTA_BYTES = 8388608 << 40
QUOTA_REPLICAS = 1073741824


@statement("SHOW PARTITIONS", "SHOW TEMPORARY PARTITIONS", kind="SHOW")
def show_partitions(session: Session, text: str) -> Result:
    """SHOW PARTITIONS FROM table [WHERE ...] [ORDER BY ...] [LIMIT ...]"""
    reader = Reader.after(text, "SHOW")
    temporary = reader.accept_word("TEMPORARY")
    reader.expect_word("PARTITIONS")
    reader.expect("FROM")
    db, name = reader.table(session.database)
    tail = reader.tail()
    if not session.rights.sees_table(db, name):
        raise command_denied(session, "SHOW PARTITIONS", f"{db}: {name}")
    named_database(session, db)
    found = session.warehouse.catalog.snapshot().table(db, name)
    if not isinstance(found, Table):
        raise DorisError(f"errCode = 7, detailMessage = table not found, tableName={name}")
    rows: list[list[Any]] = []
    if not temporary:
        size = session.warehouse.sizes.of(session.cursor, [found])[found.id]
        made = f"{found.created_at:%Y-%m-%d %H:%M:%S}" if found.created_at else None
        for fact in partition_facts(session.cursor, found, size):
            head = [fact.id, fact.name, 1, made, "NORMAL", fact.key, fact.range, fact.distribution, fact.buckets]
            medium = [fact.replicas, "HDD", "9999-12-31 15:59:59", fact.policy, None, fact.readable, "false"]
            rows.append([*head, *medium, fact.replicas_text, "true", "true", None, 1, fact.rows])
    return filtered(session, _PARTITIONS, rows, tail)


@statement("SHOW DATA", kind="SHOW")
def show_data(session: Session, text: str) -> Result:
    """SHOW DATA [FROM table]: bytes are those of DuckDB's file, one copy, whatever the declared replicas"""
    reader = Reader.after(text, "SHOW", "DATA")
    if reader.accept("ALL"):
        raise Refused("SHOW DATA ALL", "Write SHOW DATA.")
    named = reader.table(session.database) if reader.accept("FROM") else None
    order = _order(reader)
    if reader.token.word == "PROPERTIES":
        raise Refused("SHOW DATA ... PROPERTIES")
    reader.finish()
    if named is not None:
        return _table_data(session, *named, order)
    if session.database is None:
        return _databases_data(session)
    return _database_data(session, session.database, order)


def _order(reader: Reader) -> list[tuple[str, bool]]:
    """``ORDER BY column [DESC], ...`` as (lower-case name, descending)."""
    found: list[tuple[str, bool]] = []
    if reader.accept("ORDER"):
        reader.expect("BY")
        while True:
            name = reader.name().lower()
            found.append((name, reader.accept("DESC")))
            if not found[-1][1]:
                reader.accept("ASC")
            if not reader.accept(","):
                break
    return found


def _ordered(rows: list[list[Any]], names: list[str], order: list[tuple[str, bool]]) -> list[list[Any]]:
    """Rows in the order asked for; sizes go by their bytes, which stand behind the columns that are shown."""
    known = [name.lower() for name in names]
    for name, descending in reversed(order):
        if name not in known:
            raise DorisError(f"Title name[{name}] does not exist")
        at = len(names) if name == "size" else known.index(name)
        rows = sorted(rows, key=lambda row: row[at], reverse=descending)
    return [row[: len(names)] for row in rows]


@statement("SHOW DYNAMIC PARTITION TABLES", kind="SHOW")
def show_dynamic_partitions(session: Session, text: str) -> Result:
    """SHOW DYNAMIC PARTITION TABLES [FROM db]"""
    reader = Reader.after(text, "SHOW", "DYNAMIC", "PARTITION", "TABLES")
    db = named_database(session, reader.from_database(session.database))
    reader.finish()
    rows: list[list[Any]] = []
    for found in session.warehouse.schema(session).tables(db):
        chosen = settings(found) if isinstance(found, Table) else {}
        if isinstance(found, Table) and chosen:
            made = f"{found.created_at:%Y-%m-%d %H:%M:%S}" if found.created_at else None
            names = ("enable", "time_unit", "start", "end", "prefix", "buckets")
            copies = replica_count(found)
            row = [found.name, *map(chosen.get, names), copies, f"tag.location.default: {copies}", None]
            rows.append([*row, made, made, "NORMAL", None, None, "NULL"])
    return text_rows(_DYNAMIC, rows)


def _table_data(session: Session, db: str, name: str, order: list[tuple[str, bool]]) -> Result:
    found = find(session, db, name)
    if not session.rights.sees_table(db, name):
        raise command_denied(session, "SHOW DATA", f"{db}: {db}.{name}")
    if not isinstance(found, Table):
        raise DorisError(f"'{db}.{name}' is not a OLAP table")
    size = session.warehouse.sizes.of(session.cursor, [found])[found.id]
    shown, copies = readable(size.bytes), replicas(found)
    names = ["TableName", "IndexName", "Size", "ReplicaCount", "RowCount", "RemoteSize"]
    remote = readable(size.remote_bytes)
    rows = _ordered([[name, name, shown, copies, size.rows, remote, size.bytes]], names, order)
    return text_rows(names, [*rows, ["", "Total", shown, copies, "", remote]])


def _database_data(session: Session, db: str, order: list[tuple[str, bool]]) -> Result:
    listed = [found for found in session.warehouse.schema(session).tables(db) if isinstance(found, Table)]
    measured = session.warehouse.sizes.of(session.cursor, listed)
    rows: list[list[Any]] = []
    for found in listed:
        size = measured[found.id]
        rows.append([found.name, readable(size.bytes), replicas(found), readable(size.remote_bytes), size.bytes])
    total, copies = sum(size.bytes for size in measured.values()), sum(row[2] for row in rows)
    names = ["TableName", "Size", "ReplicaCount", "RemoteSize"]
    rows = _ordered(rows, names, order)
    remote = sum(size.remote_bytes for size in measured.values())
    rows.append(["Total", readable(total), copies, readable(remote)])
    rows.append(["Quota", readable(QUOTA_BYTES), QUOTA_REPLICAS, ""])
    rows.append(["Left", readable(QUOTA_BYTES - total), QUOTA_REPLICAS - copies, ""])
    return text_rows(names, rows)


def _databases_data(session: Session) -> Result:
    session.check("ADMIN", error=missing(WANTED["ADMIN"].label))
    schema = session.warehouse.schema(session)
    rows: list[list[Any]] = []
    for db, stored in sorted(schema.snapshot.databases.items()):
        measured = session.warehouse.sizes.of(
            session.cursor, (found for found in schema.tables(db) if isinstance(found, Table))
        )
        local = sum(size.bytes for size in measured.values())
        rows.append([stored.id, db, local, sum(size.remote_bytes for size in measured.values()), 0, 0])
    rows.append(["Total", "NULL", sum(row[2] for row in rows), sum(row[3] for row in rows), 0, 0])
    return text_rows(["DbId", "DbName", "Size", "RemoteSize", "RecycleSize", "RecycleRemoteSize"], rows)


def replicas(table: Table) -> int:
    """Copies of buckets that a cluster would keep of it."""
    buckets = table.distribution.buckets or 10
    return replica_count(table) * buckets * (len(table.partitions) if table.partitioning else 1)
