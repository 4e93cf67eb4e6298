"""What the catalogue knows of databases, tables and views: frozen values, no behaviour beyond reading them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from nereus.warehouse.embedded.types import DorisType


class KeyModel(StrEnum):
    DUPLICATE = "DUPLICATE"
    UNIQUE = "UNIQUE"
    AGGREGATE = "AGGREGATE"


@dataclass(frozen=True, slots=True)
class Column:
    """A column as declared. `default` is Doris text as SHOW CREATE TABLE quotes it; None is no default.

    `default_is_expression` marks CURRENT_TIMESTAMP, CURRENT_DATE, BITMAP_EMPTY ... which are shown unquoted.
    `generated` is the Doris text of a generated column's expression, `generated_sql` the same as DuckDB text over the
    columns of the table, which is called "t0" there.
    """

    name: str
    type: DorisType
    nullable: bool = True
    default: str | None = None
    default_is_expression: bool = False
    on_update: str | None = None
    comment: str = ""
    aggregation: str | None = None
    is_key: bool = False
    auto_increment: int | None = None
    generated: str | None = None
    generated_sql: str = ""


@dataclass(frozen=True, slots=True)
class Index:
    name: str
    columns: tuple[str, ...]
    kind: str = "INVERTED"
    properties: tuple[tuple[str, str], ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Partition:
    """A RANGE partition holds rows in [lower, upper); a LIST partition rows equal to one of `values`.

    Bounds are Doris literals as text, one per partition column; None is MINVALUE / MAXVALUE.
    """

    name: str
    id: int
    lower: tuple[str | None, ...] = ()
    upper: tuple[str | None, ...] = ()
    values: tuple[tuple[str | None, ...], ...] = ()
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Partitioning:
    """PARTITION BY. `unit` is the date_trunc unit of an AUTO RANGE partition."""

    kind: str  # "RANGE" or "LIST"
    columns: tuple[str, ...]
    auto: bool = False
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Distribution:
    """DISTRIBUTED BY. No columns is RANDOM; `buckets` None is AUTO."""

    columns: tuple[str, ...] = ()
    buckets: int | None = None


@dataclass(frozen=True, slots=True)
class Materialized:
    """What makes a table an asynchronous materialised view.

    Attributes:
        sql: its Doris SELECT with every table written out, read under `sql_mode` and `time_zone`.
        build: IMMEDIATE or DEFERRED; method: AUTO or COMPLETE; trigger: MANUAL, COMMIT or SCHEDULE.
        every, unit, starts: the schedule; `starts` is empty or ``2024-01-01 00:00:00``.
        properties: those of materialised views (grace_period ...), not of tables.
        bases: (database, name) of the tables that it reads.
        related: the base table whose partitions it follows, and `related_column`, by which that is partitioned.
        truncated: the date_trunc unit of its own partitions, where it is not the base table's.
    """

    sql: str
    sql_mode: str
    time_zone: str
    build: str
    method: str
    trigger: str
    every: int = 0
    unit: str = ""
    starts: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    bases: tuple[tuple[str, str], ...] = ()
    related: tuple[str, str] | None = None
    related_column: str = ""
    truncated: str = ""
    job_id: int = 0
    paused: bool = False

    def property(self, name: str, usual: str = "") -> str:
        return dict(self.properties).get(name) or usual


@dataclass(frozen=True, slots=True)
class Rollup:
    """A rollup index: remembered and shown; queries read the table itself. `keys` are the first of its `columns`."""

    name: str
    id: int
    columns: tuple[str, ...]
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `temporary` are its temporary partitions, each with rows of its own in the data table of its id."""

    db: str
    name: str
    id: int
    columns: tuple[Column, ...]
    model: KeyModel
    keys: tuple[str, ...]
    partitioning: Partitioning | None = None
    partitions: tuple[Partition, ...] = ()
    distribution: Distribution = field(default_factory=Distribution)
    indexes: tuple[Index, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    comment: str = ""
    cluster_by: tuple[str, ...] = ()
    created_at: datetime | None = None  # UTC
    materialized: Materialized | None = None
    rollups: tuple[Rollup, ...] = ()
    temporary: tuple[Partition, ...] = ()

    def column(self, name: str) -> Column | None:
        wanted = name.lower()
        return next((column for column in self.columns if column.name.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class View:
    """A view: `sql` is the Doris SELECT with every name qualified, bound anew at each use."""

    db: str
    name: str
    id: int
    sql: str
    columns: tuple[tuple[str, DorisType, str], ...]  # name, type, comment
    comment: str = ""
    created_at: datetime | None = None  # UTC


@dataclass(frozen=True, slots=True)
class DatabaseDef:
    """A database and, by name, what is in it."""

    name: str
    id: int
    relations: Mapping[str, Table | View] = field(default_factory=dict)
    properties: tuple[tuple[str, str], ...] = ()
    created_at: datetime | None = None  # UTC
