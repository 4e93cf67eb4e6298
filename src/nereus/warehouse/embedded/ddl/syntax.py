"""DDL statements as written: what the parser reads, before anything is checked against Doris' rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from nereus.warehouse.embedded.catalog.model import Column, Index, KeyModel
from nereus.warehouse.embedded.sql.tree import Query

#: One or two names: a table of the current database, or with its database.
NameParts = tuple[str, ...]
Properties = dict[str, str]


@dataclass(frozen=True, slots=True)
class ColumnClause:
    """A column definition. `nullable` None is neither NULL nor NOT NULL."""

    column: Column
    nullable: bool | None = None
    key: bool = False


@dataclass(frozen=True, slots=True)
class Bound:
    """A partition bound as written; `text` None is MAXVALUE, and in lists NULL."""

    text: str | None


@dataclass(frozen=True, slots=True)
class PartitionDef:
    """One entry of PARTITION BY ... (...).

    `kind`: "LESS" (upper; empty is MAXVALUE), "FIXED" (lower, upper), "STEP" (lower, upper, step, unit) or "IN".
    """

    kind: str
    name: str = ""
    if_not_exists: bool = False
    lower: tuple[Bound, ...] = ()
    upper: tuple[Bound, ...] = ()
    values: tuple[tuple[Bound, ...], ...] = ()
    step: int = 0
    unit: str | None = None
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PartitionBy:
    """`function` is (name, arguments after the column) of AUTO PARTITION BY RANGE (date_trunc(c, 'month'))."""

    kind: str
    columns: tuple[str, ...]
    auto: bool
    function: tuple[str, tuple[str, ...]] | None
    definitions: tuple[PartitionDef, ...]


@dataclass(frozen=True, slots=True)
class DistributedBy:
    """`columns` None is RANDOM. `auto` is BUCKETS AUTO; `buckets` None with it unset is no BUCKETS clause."""

    columns: tuple[str, ...] | None
    buckets: int | None = None
    auto: bool = False


@dataclass(frozen=True, slots=True)
class RollupDef:
    """``name (columns) [DUPLICATE KEY (keys)]``."""

    name: str
    columns: tuple[str, ...]
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CreateTable:
    name: NameParts
    if_not_exists: bool
    columns: tuple[ColumnClause, ...] = ()
    indexes: tuple[Index, ...] = ()
    names: tuple[str, ...] = ()
    engine: str | None = None
    model: KeyModel | None = None
    keys: tuple[str, ...] = ()
    cluster_by: tuple[str, ...] = ()
    comment: str = ""
    partition_by: PartitionBy | None = None
    distributed_by: DistributedBy | None = None
    properties: Properties = field(default_factory=dict)
    rollups: tuple[RollupDef, ...] = ()
    query: Query | None = None
    query_text: str = ""


@dataclass(frozen=True, slots=True)
class CreateTableLike:
    """`rollups` None is none of the source's, () is all of them."""

    name: NameParts
    if_not_exists: bool
    source: NameParts
    rollups: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class CreateView:
    """Also ALTER VIEW ... AS. `columns` None is no column list; its items are (name, comment)."""

    name: NameParts
    query: Query
    query_text: str
    columns: tuple[tuple[str, str], ...] | None = None
    comment: str | None = None
    or_replace: bool = False
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True)
class CommentView:
    name: NameParts
    comment: str


@dataclass(frozen=True, slots=True)
class CreateDatabase:
    name: NameParts
    if_not_exists: bool
    properties: Properties


@dataclass(frozen=True, slots=True)
class Drop:
    """`kind`: "TABLE", "VIEW" or "DATABASE". Without `force` it can be recovered."""

    kind: str
    name: NameParts
    if_exists: bool
    force: bool = False


@dataclass(frozen=True, slots=True)
class Truncate:
    name: NameParts
    partitions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlterDatabase:
    """`new_name` for RENAME, else SET PROPERTIES."""

    name: str
    new_name: str | None = None
    properties: Properties = field(default_factory=dict)


# The clauses of ALTER TABLE


@dataclass(frozen=True, slots=True)
class AddColumns:
    """`after` None is at the end, "" is FIRST."""

    columns: tuple[ColumnClause, ...]
    after: str | None = None


@dataclass(frozen=True, slots=True)
class DropColumn:
    name: str


@dataclass(frozen=True, slots=True)
class ModifyColumn:
    column: ColumnClause
    after: str | None = None


@dataclass(frozen=True, slots=True)
class RenameColumn:
    name: str
    new_name: str


@dataclass(frozen=True, slots=True)
class CommentColumn:
    name: str
    comment: str


@dataclass(frozen=True, slots=True)
class OrderColumns:
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AddPartitions:
    definition: PartitionDef
    distributed_by: DistributedBy | None = None
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class DropPartition:
    name: str
    if_exists: bool
    force: bool = False
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class ModifyPartitions:
    """MODIFY PARTITION ... SET (...): `names` None is every partition."""

    names: tuple[str, ...] | None
    properties: Properties
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class ReplacePartitions:
    """REPLACE PARTITION (names) WITH TEMPORARY PARTITION (temporary)."""

    names: tuple[str, ...]
    temporary: tuple[str, ...]
    properties: Properties


@dataclass(frozen=True, slots=True)
class AddRollup:
    rollup: RollupDef


@dataclass(frozen=True, slots=True)
class DropRollup:
    name: str


@dataclass(frozen=True, slots=True)
class RenameRollup:
    name: str
    new_name: str


@dataclass(frozen=True, slots=True)
class EnableFeature:
    name: str


@dataclass(frozen=True, slots=True)
class RenamePartition:
    name: str
    new_name: str


@dataclass(frozen=True, slots=True)
class RenameTable:
    new_name: str


@dataclass(frozen=True, slots=True)
class SetProperties:
    properties: Properties


@dataclass(frozen=True, slots=True)
class CommentTable:
    comment: str


@dataclass(frozen=True, slots=True)
class AddIndex:
    """Also CREATE INDEX."""

    index: Index
    if_not_exists: bool


@dataclass(frozen=True, slots=True)
class DropIndex:
    """Also DROP INDEX ... ON."""

    name: str
    if_exists: bool


@dataclass(frozen=True, slots=True)
class ReplaceTable:
    """REPLACE WITH TABLE other: `swap` keeps the replaced one under the other's name."""

    other: str
    swap: bool


AlterClause = (
    AddColumns
    | DropColumn
    | ModifyColumn
    | RenameColumn
    | CommentColumn
    | OrderColumns
    | AddPartitions
    | DropPartition
    | ModifyPartitions
    | ReplacePartitions
    | RenamePartition
    | AddRollup
    | DropRollup
    | RenameRollup
    | EnableFeature
    | RenameTable
    | SetProperties
    | CommentTable
    | AddIndex
    | DropIndex
    | ReplaceTable
)


@dataclass(frozen=True, slots=True)
class AlterTable:
    name: NameParts
    clauses: tuple[AlterClause, ...]


Statement = (
    CreateTable
    | CreateTableLike
    | CreateView
    | CommentView
    | CreateDatabase
    | Drop
    | Truncate
    | AlterDatabase
    | AlterTable
)
