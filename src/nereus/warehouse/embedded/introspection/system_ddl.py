"""What SHOW CREATE TABLE tells of the system tables, as Doris writes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from nereus.warehouse.embedded.catalog.model import Table
from nereus.warehouse.embedded.ddl.build import build_table
from nereus.warehouse.embedded.ddl.parse import parse_ddl
from nereus.warehouse.embedded.ddl.syntax import CreateTable
from nereus.warehouse.embedded.introspection.columns import INTERNAL, system_tables
from nereus.warehouse.embedded.sql.typed import RelationColumn
from nereus.warehouse.embedded.types import DorisType

#: Columns of the newer of Doris' two types for moments; the others are of the older one.
_NEW_MOMENTS = frozenset({"LoginTime", "CTIME", "MTIME"})

_STATISTICS = "Doris internal statistics table, DO NOT MODIFY IT"
#: Keys of the tables in which Doris keeps what it knows of itself: they are tables like those of users.
_KEYS = {
    "audit_log": ("query_id", "time", "client_ip"),
    "column_statistics": ("id", "catalog_id", "db_id", "tbl_id", "idx_id", "col_id", "part_id"),
    "partition_statistics": ("catalog_id", "db_id", "tbl_id", "idx_id", "part_name", "part_id", "col_id"),
}
_AUDIT = """DUPLICATE KEY({keys})
COMMENT "Doris internal audit table, DO NOT MODIFY IT"
PARTITION BY RANGE(`time`) ()
DISTRIBUTED BY HASH(`query_id`) BUCKETS 2
PROPERTIES ("dynamic_partition.time_unit" = "DAY", "dynamic_partition.start" = "-30", "dynamic_partition.end" = "3",
 "dynamic_partition.prefix" = "p", "dynamic_partition.buckets" = "2", "dynamic_partition.enable" = "true",
 "replication_num" = "1")"""
_OTHER = """UNIQUE KEY({keys})
COMMENT "{comment}"
DISTRIBUTED BY HASH({keys}) BUCKETS 7
PROPERTIES ("replication_num" = "1")"""


def system_view(name: str, columns: Sequence[RelationColumn]) -> str:
    """A table of information_schema or mysql."""
    listed = ",\n".join(f"  {_column(column)}" for column in columns)
    return f"CREATE TABLE `{name}` (\n{listed}\n) ENGINE=SCHEMA;"


def internal_table(name: str, now: datetime | None = None) -> Table | None:
    """A table of __internal_schema as Doris makes it, or None for another; `now` places the partitions by day."""
    keys = _KEYS.get(name)
    if keys is None:
        return None
    columns = ", ".join(
        f"`{c.name}` {c.type}{'' if c.nullable else ' NOT NULL'}" for c in system_tables()[INTERNAL, name]
    )
    tail = _AUDIT if name == "audit_log" else _OTHER
    text = f"CREATE TABLE `{INTERNAL}`.`{name}` ({columns})\n" + tail.format(
        keys=", ".join(f"`{key}`" for key in keys), comment=_STATISTICS
    )
    written = parse_ddl(text)
    return build_table(written, INTERNAL, now=now) if isinstance(written, CreateTable) else None


def _column(column: RelationColumn) -> str:
    return f"`{column.name}` {_type(column.name, column.type)} {'NULL' if column.nullable else 'NOT NULL'}"


def _type(name: str, kind: DorisType) -> str:
    if kind.name == "datetime":
        return "datetimev2(0)" if name in _NEW_MOMENTS else "datetime"
    return str(kind)
