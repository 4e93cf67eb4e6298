"""CREATE TABLE as written -> a table of the catalogue, by Doris' rules and in the order in which Doris checks them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from nereus.warehouse.embedded.catalog.model import Column, Distribution, KeyModel, Partition, Partitioning, Table
from nereus.warehouse.embedded.catalog.names import check_table_name
from nereus.warehouse.embedded.ddl.columns import check_automatic, make_column, refuse_what_cannot_be_kept
from nereus.warehouse.embedded.ddl.dynamic import DEFAULT_BUCKETS, moved
from nereus.warehouse.embedded.ddl.indexes import make_indexes
from nereus.warehouse.embedded.ddl.partitioning import add_partitions, make_partitioning
from nereus.warehouse.embedded.ddl.properties import Facts, read_properties
from nereus.warehouse.embedded.ddl.syntax import ColumnClause, CreateTable, DistributedBy
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.types import DorisType

_SHORT_KEY_COLUMNS = 3
_SHORT_KEY_BYTES = 36
_SHORT_KEY_SIZES = {
    "boolean": 1,
    "tinyint": 1,
    "smallint": 2,
    "int": 4,
    "bigint": 8,
    "largeint": 16,
    "date": 4,
    "datetime": 8,
    "varchar": 20,
    "ipv4": 4,
    "ipv6": 16,
}


def build_table(written: CreateTable, db: str, *, now: datetime | None = None) -> Table:
    """The table, without ids. Raises DorisError with Doris' own text, Refused for what cannot be kept.

    `now` (with a time zone) places the dynamic partitions; by default the present.
    """
    name = written.name[-1]
    if not written.columns:
        raise DorisError("table should contain at least one column")
    if (written.engine or "olap").lower() != "olap":
        raise DorisError(f"Do not support table with engine name = {(written.engine or '').lower()}")
    check_table_name(name)
    _check_names(written.columns)
    model, keys = _keys(written)
    _check_keys(written.columns, keys, model, written.cluster_by)
    columns = tuple(
        make_column(clause, model, is_key=position < len(keys)) for position, clause in enumerate(written.columns)
    )
    on_write = written.properties.get("enable_unique_key_merge_on_write", "true") == "true"
    merge_on_write = model is KeyModel.UNIQUE and on_write
    partitioning, partitions = _partitions(written, columns, merge_on_write=merge_on_write)
    distribution = make_distribution(written.distributed_by, columns, model)
    for column in columns:
        refuse_what_cannot_be_kept(column)
    indexes = make_indexes(written.indexes, columns, model)
    check_automatic(columns, model)
    if any(column.on_update for column in columns) and not merge_on_write:
        raise DorisError(
            "'ON UPDATE CURRENT_TIMESTAMP' is only supportted in unique table with merge-on-write enabled."
        )
    properties = read_properties(written.properties, Facts(model, columns, distribution, partitioning))
    table = Table(
        db,
        name,
        0,
        columns,
        model,
        tuple(column.name for column in columns[: len(keys)]),
        partitioning,
        partitions,
        distribution,
        indexes,
        properties,
        written.comment,
        tuple(_declared(columns, name) for name in written.cluster_by),
    )
    for rollup in written.rollups:
        # Rollups have rules of their own, which stand with ALTER TABLE.
        from nereus.warehouse.embedded.ddl.apply_rollups import with_rollup

        table = with_rollup(table, rollup)
    return with_dynamic_partitions(table, now)


def with_dynamic_partitions(table: Table, now: datetime | None = None) -> Table:
    """The table with the partitions that its dynamic properties ask for at this moment; new ones have no ids."""
    added, dropped = moved(table, now or datetime.now(UTC))
    kept = tuple(partition for partition in table.partitions if partition.name not in dropped)
    return replace(table, partitions=(*kept, *added))


def make_distribution(written: DistributedBy | None, columns: Sequence[Column], model: KeyModel) -> Distribution:
    """DISTRIBUTED BY, or what Doris takes in its place: RANDOM BUCKETS AUTO."""
    written = written or DistributedBy(None, auto=True)
    buckets = None if written.auto else DEFAULT_BUCKETS if written.buckets is None else written.buckets
    if buckets is not None and buckets <= 0:
        kind = "random" if written.columns is None else "hash"
        raise DorisError(f"Number of {kind} distribution should be greater than zero.")
    if written.columns is None:
        if model is KeyModel.UNIQUE:
            raise DorisError("Create unique keys table should not contain random distribution desc")
        if model is KeyModel.AGGREGATE and any((c.aggregation or "").startswith("REPLACE") for c in columns):
            raise DorisError(
                "Create aggregate keys table with value columns of which aggregate type is "
                "REPLACE or REPLACE_IF_NOT_NULL should not contain random distribution desc"
            )
        return Distribution((), buckets)
    if len(set(written.columns)) != len(written.columns):
        raise DorisError("Duplicate key in distribution desc is not allowed")
    found = []
    for name in written.columns:
        column = next((column for column in columns if column.name.lower() == name.lower()), None)
        if column is None:
            raise DorisError(f"Distribution column({name}) doesn't exist")
        if not column.is_key and model is not KeyModel.DUPLICATE:
            raise DorisError(f"Distribution column[{name}] is not key column")
        found.append(column.name)
    return Distribution(tuple(found), buckets)


def _partitions(
    written: CreateTable, columns: Sequence[Column], *, merge_on_write: bool
) -> tuple[Partitioning | None, tuple[Partition, ...]]:
    if written.partition_by is None:
        return None, ()
    partitioning = make_partitioning(written.partition_by, columns, merge_on_write=merge_on_write)
    types = [_column(columns, name).type for name in partitioning.columns]
    return partitioning, add_partitions(written.partition_by.definitions, partitioning, types)


def _check_names(clauses: Sequence[ColumnClause]) -> None:
    seen: set[str] = set()
    for clause in clauses:
        name = clause.column.name
        if name.upper().startswith("__DORIS_"):
            raise DorisError(f"Disable to create table column with name start with __DORIS_: {name.upper()}")
    for clause in clauses:
        name = clause.column.name
        if name.lower() in seen:
            raise DorisError(f"Duplicate column name '{name}'")
        seen.add(name.lower())


def _keys(written: CreateTable) -> tuple[KeyModel, tuple[str, ...]]:
    """The key model and its columns; where none are written, those that Doris takes."""
    without = written.properties.get("enable_duplicate_without_keys_by_default", "").lower() == "true"
    if written.keys and written.model is not None:
        if without:
            raise DorisError(
                "table property 'enable_duplicate_without_keys_by_default' only can set 'true' when create olap "
                "table by default."
            )
        return written.model, written.keys
    aggregated = [position for position, c in enumerate(written.columns) if c.column.aggregation is not None]
    if aggregated:
        model, keys = KeyModel.AGGREGATE, tuple(c.column.name for c in written.columns[: aggregated[0]])
    else:
        model, keys = KeyModel.DUPLICATE, () if without else short_key([clause.column for clause in written.columns])
    if not keys and not without:
        raise DorisError(
            "The olap table first column could not be float, double, string or array, struct, map, please use decimal "
            "or varchar instead."
        )
    return model, keys


def short_key(columns: Sequence[Column]) -> tuple[str, ...]:
    """The leading columns that Doris takes for keys where none are written; none where the first cannot be one."""
    keys: list[str] = []
    size = 0
    for column in columns:
        width = _key_width(column.type)
        if width is None and column.type.name == "string" and not keys:
            # Doris counts a string's width before it looks whether it may be a key.
            break
        size += width or 0
        if len(keys) >= _SHORT_KEY_COLUMNS or size > _SHORT_KEY_BYTES:
            if not keys and column.type.is_text:
                keys.append(column.name)
            break
        if width is None:
            break
        keys.append(column.name)
        if column.type.name == "varchar":
            break
    return tuple(keys)


def _key_width(kind: DorisType) -> int | None:
    """Bytes of a column in the short key index, or None where it cannot be part of it."""
    if kind.name == "char":
        return kind.length
    if kind.name == "decimal":
        precision = kind.precision or 0
        return 4 if precision <= 9 else 8 if precision <= 18 else 16
    return _SHORT_KEY_SIZES.get(kind.name)


def _check_keys(
    clauses: Sequence[ColumnClause], keys: Sequence[str], model: KeyModel, cluster_by: Sequence[str]
) -> None:
    names = [clause.column.name for clause in clauses]
    lower = [name.lower() for name in names]
    if len(keys) > len(names):
        raise DorisError("The number of key columns should be less than the number of columns.")
    for position, key in enumerate(keys):
        if key.lower() != lower[position]:
            if key.lower() not in lower:
                raise DorisError(f"Key column[{key}] doesn't exist.")
            raise DorisError(
                f"Key columns should be a ordered prefix of the schema. KeyColumns[{position}] (starts from zero) is "
                f"{key}, but corresponding column is {names[position]} in the previous columns declaration."
            )
        if clauses[position].column.aggregation is not None:
            raise DorisError(f"Key column[{names[position]}] should not specify aggregate type.")
    short = {KeyModel.AGGREGATE: "AGG", KeyModel.UNIQUE: "UNIQUE", KeyModel.DUPLICATE: "DUP"}[model]
    for clause in clauses[len(keys) :]:
        aggregated = clause.column.aggregation is not None
        if aggregated != (model is KeyModel.AGGREGATE):
            word = "should not specify" if aggregated else "should specify"
            raise DorisError(f"{short}_KEYS table {word} aggregate type for non-key column[{clause.column.name}]")
    _check_cluster(keys, lower, model, cluster_by)


def _check_cluster(keys: Sequence[str], names: Sequence[str], model: KeyModel, cluster_by: Sequence[str]) -> None:
    if not cluster_by:
        return
    if model is not KeyModel.UNIQUE:
        raise DorisError("Cluster keys only support unique keys table")
    wanted = [name.lower() for name in cluster_by]
    for position, name in enumerate(cluster_by):
        if name.lower() in wanted[:position]:
            raise DorisError(f"Duplicate cluster key column[{name}].")
    common = min(len(keys), len(wanted))
    if [key.lower() for key in keys[:common]] == wanted[:common]:
        raise DorisError("Unique keys and cluster keys should be different.")
    for name in cluster_by:
        if name.lower() not in names:
            raise DorisError(f"Cluster key column[{name}] doesn't exist.")


def _column(columns: Sequence[Column], name: str) -> Column:
    return next(column for column in columns if column.name.lower() == name.lower())


def _declared(columns: Sequence[Column], name: str) -> str:
    return _column(columns, name).name
