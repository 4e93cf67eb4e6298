"""ALTER TABLE: what each clause makes of a table, by Doris' rules, and what that asks of its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import singledispatch

from nereus.warehouse.embedded.catalog.model import Column, KeyModel, Partition, Table
from nereus.warehouse.embedded.catalog.names import check_column_name
from nereus.warehouse.embedded.catalog.snapshot import quoted
from nereus.warehouse.embedded.ddl import syntax
from nereus.warehouse.embedded.ddl.columns import make_column, refuse_what_cannot_be_kept
from nereus.warehouse.embedded.ddl.dynamic import PREFIX
from nereus.warehouse.embedded.ddl.indexes import make_index
from nereus.warehouse.embedded.ddl.properties import Facts, read_properties
from nereus.warehouse.embedded.ddl.retype import check_change
from nereus.warehouse.embedded.errors import DorisError, Refused

#: Properties that a table keeps as it was made.
_KEPT = {
    "enable_unique_key_merge_on_write": "Can not change UNIQUE KEY to Merge-On-Write mode",
    "enable_duplicate_without_keys_by_default": "Can not change enable_duplicate_without_keys_by_default",
    "inverted_index_storage_format": "Property inverted_index_storage_format is not allowed to change",
    "tablet_type": "Alter tablet type not supported",
    "estimate_partition_size": "You can not modify estimate partition size",
    "storage_page_size": "You can not modify storage_page_size|storage_dict_page_size property.",
    "storage_dict_page_size": "You can not modify storage_page_size|storage_dict_page_size property.",
}
_CHANGED = frozenset(
    {"replication_num", "replication_allocation", "in_memory", "min_load_replica_num", "bloom_filter_columns"}
    | {"bloom_filter_fpp", "compaction_policy", "skip_write_index_on_load", "enable_single_replica_compaction"}
    | {"enable_mow_light_delete", "disable_auto_compaction", "group_commit_interval_ms", "group_commit_data_bytes"}
    | {"storage_medium", "storage_format", "light_schema_change", "storage_policy", "file_cache_ttl_seconds"}
    | {f"time_series_compaction_{name}" for name in ("goal_size_mbytes", "file_count_threshold")}
    | {f"time_series_compaction_{name}" for name in ("time_threshold_seconds", "empty_rowsets_threshold")}
    | {"time_series_compaction_level_threshold"}
)


# What the rows need, in the order in which it is to be done


@dataclass(frozen=True, slots=True)
class AddData:
    """A new column whose present rows hold its default."""

    column: Column


@dataclass(frozen=True, slots=True)
class DropData:
    name: str


@dataclass(frozen=True, slots=True)
class RenameData:
    name: str
    new_name: str


@dataclass(frozen=True, slots=True)
class ChangeData:
    """Values of another type, or a column that may be NULL from now on."""

    old: Column
    new: Column


@dataclass(frozen=True, slots=True)
class DeleteData:
    """The rows of a partition."""

    partition: Partition


@dataclass(frozen=True, slots=True)
class MakeTemporary:
    """Room for the rows of a new temporary partition."""

    name: str


@dataclass(frozen=True, slots=True)
class DropTemporary:
    """A temporary partition goes; with `into` its rows become rows of the table first."""

    partition: Partition
    into: bool = False


DataChange = AddData | DropData | RenameData | ChangeData | DeleteData | MakeTemporary | DropTemporary


@dataclass(frozen=True, slots=True)
class Altered:
    table: Table
    data: tuple[DataChange, ...] = ()


@singledispatch
def apply(clause: object, table: Table) -> Altered:
    """One clause. Partitions that it adds have no ids. Raises what Doris raises."""
    raise Refused(f"ALTER TABLE with {type(clause).__name__}")


@apply.register
def _add_columns(clause: syntax.AddColumns, table: Table) -> Altered:
    _check_stable(table)
    columns, data = list(table.columns), []
    after = clause.after
    for written in clause.columns:
        name = written.column.name
        if written.column.generated is not None:
            raise DorisError("Not supporting alter table add generated columns.")
        if table.column(name) is not None:
            raise DorisError(f"Can not add column which already exists in base table: {name}")
        if written.column.auto_increment is not None:
            raise DorisError(f"Can not add auto-increment column {name}")
        is_key = written.key or (table.model is KeyModel.AGGREGATE and written.column.aggregation is None)
        if is_key and table.model is KeyModel.UNIQUE:
            raise Refused("adding a key column to a UNIQUE table", "Make a new table with it and insert the rows.")
        if table.model is not KeyModel.AGGREGATE and written.column.aggregation is not None:
            model = "Unique" if table.model is KeyModel.UNIQUE else "Duplicate"
            raise DorisError(f"Can not assign aggregation method on column in {model} data model table: {name}")
        column = make_column(written, table.model, is_key=is_key)
        refuse_what_cannot_be_kept(column)
        columns.insert(_place(columns, after, column), column)
        after = name if after is not None else None
        data.append(AddData(column))
    return Altered(_ordered(replace(table, columns=tuple(columns))), tuple(data))


def _check_stable(table: Table) -> None:
    if table.temporary:
        raise DorisError("Can not alter table when there are temp partitions in table")


def _place(columns: list[Column], after: str | None, column: Column) -> int:
    """Where a column goes: behind another, first (""), or behind the others of its kind (None)."""
    if after is None:
        return sum(other.is_key for other in columns) if column.is_key else len(columns)
    if after == "":
        if not column.is_key:
            raise DorisError(f"Can't add value column {column.name} as First column")
        return 0
    for position, other in enumerate(columns):
        if other.name.lower() == after.lower():
            return position + 1
    raise DorisError(f"Column[{after}] does not found")


def dependants(table: Table, column: Column) -> list[str]:
    """The columns that are generated from this one."""
    reference = f'"t0".{quoted(column.name)}'
    return [other.name for other in table.columns if reference in other.generated_sql]


@apply.register
def _drop_column(clause: syntax.DropColumn, table: Table) -> Altered:
    _check_stable(table)
    column = table.column(clause.name)
    if column is None:
        raise DorisError(f"Column does not exists: {clause.name}")
    if table.model is KeyModel.UNIQUE and column.is_key:
        raise DorisError("Can not drop key column in Unique data model table")
    if column.name in table.cluster_by:
        raise DorisError("Can not drop cluster key column in Unique data model table")
    if table.partitioning is not None and column.name in table.partitioning.columns:
        raise DorisError(f"Partition column[{column.name}] cannot be dropped. index[{table.name}]")
    if column.name in table.distribution.columns:
        raise DorisError(f"Distribution column[{column.name}] cannot be dropped. index[{table.name}]")
    users = dependants(table, column)
    if users:
        raise DorisError(f"Column '{column.name}' has a generated column dependency on :[{', '.join(users)}]")
    for rollup in table.rollups:
        if column.name in rollup.columns:
            raise DorisError(f"Can not drop column contained by mv, mv={rollup.name}")
    if column.is_key and (table.model is KeyModel.AGGREGATE or len(table.keys) == 1):
        raise Refused(f"dropping the key column {column.name}")
    columns = tuple(other for other in table.columns if other is not column)
    if not columns:
        raise DorisError("table should contain at least one column")
    changed = replace(
        table,
        columns=columns,
        keys=tuple(key for key in table.keys if key != column.name),
        indexes=tuple(index for index in table.indexes if column.name not in index.columns),
        properties=_bloom(table, lambda names: [name for name in names if name != column.name]),
    )
    return Altered(changed, (DropData(column.name),))


@apply.register
def _modify_column(clause: syntax.ModifyColumn, table: Table) -> Altered:
    _check_stable(table)
    name = clause.column.column.name
    old = table.column(name)
    if old is None:
        raise DorisError(f"Column[{name}] does not exists")
    if old.generated is not None or clause.column.column.generated is not None:
        raise DorisError("Not supporting alter table modify generated columns.")
    placed = () if table.partitioning is None else table.partitioning.columns
    if old.name in placed or old.name in table.distribution.columns:
        raise DorisError(f"Can not modify partition or distribution column : {name}")
    for rollup in table.rollups:
        if old.name in rollup.columns:
            raise DorisError(f"Can not modify column contained by mv, mv={rollup.name}")
    new = make_column(clause.column, table.model, is_key=old.is_key)
    new = replace(new, name=old.name, auto_increment=old.auto_increment)
    if clause.column.column.auto_increment is not None and old.auto_increment is None:
        raise DorisError(f"Can't modify the column[{old.name}]'s auto-increment attribute.")
    check_change(old, new)
    columns = [new if column is old else column for column in table.columns]
    if clause.after is not None:
        columns.remove(new)
        if clause.after == "":
            if not new.is_key:
                raise DorisError(f"Can't add value column {new.name} as First column")
            columns.insert(0, new)
        else:
            if clause.after.lower() == new.name.lower():
                raise DorisError("Can not modify column position after itself")
            columns.insert(_place(columns, clause.after, new), new)
    changed = old.type.duckdb != new.type.duckdb or old.nullable != new.nullable
    data = (ChangeData(old, new),) if changed or old.type != new.type else ()
    return Altered(_ordered(replace(table, columns=tuple(columns))), data)


@apply.register
def _rename_column(clause: syntax.RenameColumn, table: Table) -> Altered:
    if clause.name.lower() == clause.new_name.lower():
        raise DorisError("Same column name")
    if table.partitioning is not None and clause.name.lower() in map(str.lower, table.partitioning.columns):
        raise DorisError("Renaming partition columns has problems, forbidden in current Doris version")
    if table.column(clause.new_name) is not None:
        raise DorisError(f"Column name[{clause.new_name}] is already used")
    old = table.column(clause.name)
    if old is None:
        raise DorisError(f"Column[{clause.name}] does not exists")
    check_column_name(clause.new_name)
    if dependants(table, old):
        raise Refused(f"renaming {old.name}, from which a column is generated")

    def renamed(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(clause.new_name if name == old.name else name for name in names)

    changed = replace(
        table,
        columns=tuple(replace(c, name=clause.new_name) if c is old else c for c in table.columns),
        keys=renamed(table.keys),
        cluster_by=renamed(table.cluster_by),
        rollups=tuple(replace(r, columns=renamed(r.columns), keys=renamed(r.keys)) for r in table.rollups),
        distribution=replace(table.distribution, columns=renamed(table.distribution.columns)),
        indexes=tuple(replace(index, columns=renamed(index.columns)) for index in table.indexes),
        properties=_bloom(table, lambda names: list(renamed(names))),
    )
    return Altered(changed, (RenameData(old.name, clause.new_name),))


@apply.register
def _comment_column(clause: syntax.CommentColumn, table: Table) -> Altered:
    old = table.column(clause.name)
    if old is None:
        raise DorisError(f"Unknown column '{clause.name}' in '{table.name}'")
    return Altered(
        replace(table, columns=tuple(replace(c, comment=clause.comment) if c is old else c for c in table.columns))
    )


@apply.register
def _order_columns(clause: syntax.OrderColumns, table: Table) -> Altered:
    _check_stable(table)
    columns: list[Column] = []
    for name in clause.names:
        column = table.column(name)
        if column is None:
            raise DorisError(f"Column[{name}] not exists")
        if column in columns:
            raise DorisError(f"Reduplicative column[{name}]")
        columns.append(column)
    if len(columns) != len(table.columns):
        raise DorisError("Reorder stmt should contains all columns")
    return Altered(_ordered(replace(table, columns=tuple(columns))))


def _ordered(table: Table) -> Table:
    """The table with its keys in the order of its columns. Raises where a value stands before a key."""
    keys = [column for column in table.columns if column.is_key]
    if list(table.columns[: len(keys)]) != keys:
        raise DorisError(f"Invalid column order. value should be after key. index[{table.name}]")
    return replace(table, keys=tuple(column.name for column in keys) if table.keys else ())


@apply.register
def _rename_table(clause: syntax.RenameTable, table: Table) -> Altered:
    if clause.new_name == table.name:
        raise DorisError("Same table name")
    return Altered(replace(table, name=clause.new_name))


@apply.register
def _comment_table(clause: syntax.CommentTable, table: Table) -> Altered:
    return Altered(replace(table, comment=clause.comment))


@apply.register
def _set_properties(clause: syntax.SetProperties, table: Table) -> Altered:
    dynamic = any(name.startswith(PREFIX) for name in clause.properties)
    if len(clause.properties) != 1 and not dynamic:
        raise DorisError("Can only set one table property at a time")
    for name in clause.properties:
        if name in _KEPT:
            raise DorisError(_KEPT[name])
        if name.removeprefix("default.") not in _CHANGED and not name.startswith(PREFIX):
            raise DorisError(f"Unknown table property: [{', '.join(clause.properties)}]")
    given = {name.removeprefix("default."): value for name, value in clause.properties.items()}
    if "replication_allocation" in given:
        given["replication_num"] = given.pop("replication_allocation").rpartition(":")[2].strip()
    merged = dict(table.properties) | given
    facts = Facts(table.model, table.columns, table.distribution, table.partitioning)
    return Altered(replace(table, properties=read_properties(merged, facts)))


@apply.register
def _add_index(clause: syntax.AddIndex, table: Table) -> Altered:
    if any(index.name.lower() == clause.index.name.lower() for index in table.indexes):
        if clause.if_not_exists:
            return Altered(table)
        raise DorisError(f"index `{clause.index.name}` already exist.")
    made = make_index(clause.index, table.columns, table.model)
    if any(index.kind == made.kind and index.columns == made.columns for index in table.indexes):
        raise DorisError(
            f"{made.kind} index for column ({','.join(made.columns)}) with non-analyzed type already exists."
        )
    return Altered(replace(table, indexes=(*table.indexes, made)))


@apply.register
def _drop_index(clause: syntax.DropIndex, table: Table) -> Altered:
    kept = tuple(index for index in table.indexes if index.name.lower() != clause.name.lower())
    if len(kept) == len(table.indexes) and not clause.if_exists:
        raise DorisError(f"index {clause.name} does not exist")
    return Altered(replace(table, indexes=kept))


def _bloom(table: Table, change: Callable[[list[str]], list[str]]) -> tuple[tuple[str, str], ...]:
    """The properties with other columns in bloom_filter_columns."""
    kept = dict(table.properties)
    if "bloom_filter_columns" in kept:
        names = change(kept["bloom_filter_columns"].split(", "))
        kept["bloom_filter_columns"] = ", ".join(names)
        if not names:
            del kept["bloom_filter_columns"]
    return tuple(sorted(kept.items()))
