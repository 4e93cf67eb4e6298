"""ALTER TABLE: rollups and features. A rollup speeds up a real cluster; here it is checked, remembered and shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nereus.warehouse.embedded.catalog.model import Column, KeyModel, Rollup, Table
from nereus.warehouse.embedded.ddl import syntax
from nereus.warehouse.embedded.ddl.apply import Altered, apply
from nereus.warehouse.embedded.ddl.build import short_key
from nereus.warehouse.embedded.errors import DorisError, Refused


@apply.register
def _add_rollup(clause: syntax.AddRollup, table: Table) -> Altered:
    if table.temporary:
        raise DorisError("Can not alter table when there are temp partitions in table")
    return Altered(with_rollup(table, clause.rollup))


def with_rollup(table: Table, written: syntax.RollupDef) -> Table:
    """The table with one rollup more, without an id. Raises what Doris raises."""
    name = written.name
    if name == table.name or any(rollup.name == name for rollup in table.rollups):
        raise DorisError(f"Rollup index[{name}] already exists")
    suffix = " in base index" if table.model is KeyModel.DUPLICATE else ""
    columns = []
    for column_name in written.columns:
        column = table.column(column_name)
        if column is None:
            raise DorisError(f"Column[{column_name}] does not exist{suffix}")
        columns.append(column)
    if table.model is KeyModel.DUPLICATE:
        if written.keys:
            raise Refused("a rollup with DUPLICATE KEY", "Leave the keys out: they are taken from the columns.")
        keys = _duplicate_keys(table, columns)
    else:
        keys = _merged_keys(table, columns)
    rollup = Rollup(name, 0, tuple(column.name for column in columns), keys)
    return replace(table, rollups=(*table.rollups, rollup))


def _merged_keys(table: Table, columns: Sequence[Column]) -> tuple[str, ...]:
    keys: list[str] = []
    replaced = False
    for column in columns:
        if (
            column.is_key
            and len(keys) < len([c for c in columns if c.is_key])
            and any(not other.is_key for other in columns[: columns.index(column)])
        ):
            raise DorisError("Invalid column order. value should be after key")
        if column.is_key:
            keys.append(column.name)
        else:
            replaced = replaced or table.model is KeyModel.UNIQUE or (column.aggregation or "").startswith("REPLACE")
    if not keys:
        raise DorisError("No key column is found")
    if (table.model is KeyModel.UNIQUE or replaced) and len(keys) != len(table.keys):
        raise DorisError(
            "Rollup should contains all unique keys in basetable"
            if table.model is KeyModel.UNIQUE
            else "Rollup should contains all keys if there is a REPLACE value"
        )
    if tuple(keys) == table.keys:
        raise DorisError(
            "Rollup contains all keys in base table with same order for aggregation or unique table is useless."
        )
    return tuple(keys)


def _duplicate_keys(table: Table, columns: Sequence[Column]) -> tuple[str, ...]:
    keys = short_key(columns)
    if not keys:
        raise DorisError("The first column could not be float or double")
    pairs = zip(columns, table.columns, strict=False)
    if not any(column.name != own.name and own.is_key for column, own in pairs):
        raise DorisError("Rollup contain the columns of the base table in prefix order for duplicate table is useless.")
    return keys


@apply.register
def _drop_rollup(clause: syntax.DropRollup, table: Table) -> Altered:
    if all(rollup.name != clause.name for rollup in table.rollups):
        raise DorisError(f"Materialized view [{clause.name}] does not exist in table [{table.name}]")
    return Altered(replace(table, rollups=tuple(r for r in table.rollups if r.name != clause.name)))


@apply.register
def _rename_rollup(clause: syntax.RenameRollup, table: Table) -> Altered:
    if clause.name == clause.new_name:
        raise DorisError("Same rollup name")
    if all(rollup.name != clause.name for rollup in table.rollups):
        raise DorisError(f"Rollup index[{clause.name}] does not exists")
    if any(rollup.name == clause.new_name for rollup in table.rollups):
        raise DorisError(f"Rollup name[{clause.new_name}] is already used")
    renamed = (replace(r, name=clause.new_name) if r.name == clause.name else r for r in table.rollups)
    return Altered(replace(table, rollups=tuple(renamed)))


@apply.register
def _enable_feature(clause: syntax.EnableFeature, table: Table) -> Altered:
    name = clause.name.upper()
    if name not in ("BATCH_DELETE", "SEQUENCE_LOAD", "UPDATE_FLEXIBLE_COLUMNS"):
        raise DorisError(f"unknown feature name: {clause.name}")
    if table.model is not KeyModel.UNIQUE:
        raise Refused(f"ENABLE FEATURE {name} of a table that is not UNIQUE")
    if name == "BATCH_DELETE":
        raise DorisError("Can not enable batch delete support, already supported batch delete.")
    raise Refused(f"ENABLE FEATURE {name}", "Declare a function_column.sequence_col when you make the table.")
