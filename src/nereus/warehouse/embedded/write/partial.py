"""Partial update: a load gives some columns of a UNIQUE table, and rows that are there keep the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import duckdb

from nereus.warehouse.embedded.catalog import physical, quoted
from nereus.warehouse.embedded.catalog.model import Column
from nereus.warehouse.embedded.write.load import Load
from nereus.warehouse.embedded.write.rows import BAD_ROW
from nereus.warehouse.embedded.write.values import default, text

#: What becomes of a row whose key the table does not have: partial_update_new_key_behavior.
NewRows = Literal["APPEND", "ERROR"]


def completed(cursor: duckdb.DuckDBPyConnection, load: Load, new_rows: NewRows) -> Load:
    """The load with every column: absent ones come from the row of the same key, or get their defaults.

    A column with ON UPDATE gets the present moment. Runs in the transaction of the load.
    """
    table = load.table
    given = {column.name: f'"s"."c{at}"' for at, column in enumerate(load.columns)}
    kept = (column for column in table.columns if column.auto_increment is None and column.generated is None)
    absent = [column for column in kept if column.name not in given]
    items = [f'"s"."c{at}"' for at in range(len(load.columns))] + [_kept(load, column, new_rows) for column in absent]
    names = ", ".join(f'"c{at}"' for at in range(len(load.columns)))
    numbered = f'SELECT *, row_number() OVER () AS "n" FROM ({load.source_sql}) AS "s"({names})'
    same = " AND ".join(f'"o".{quoted(key)} IS NOT DISTINCT FROM {given[key]}' for key in table.keys)
    found = f'({numbered}) AS "s" LEFT JOIN (SELECT *, rowid AS "#row" FROM {physical(table)}) AS "o" ON {same}'
    source = f'SELECT {", ".join(items)} FROM {found} ORDER BY "s"."n"'
    return replace(load, columns=(*load.columns, *absent), source_sql=source)


def _kept(load: Load, column: Column, new_rows: NewRows) -> str:
    present = f'"o".{quoted(column.name)}'
    if column.on_update is not None:
        present = default(replace(column, default=column.on_update, default_is_expression=True), load.now)
    if new_rows == "ERROR":
        shown = " || ', ' || ".join(
            f'coalesce(CAST("s"."c{at}" AS VARCHAR), \'null\')'
            for at, other in enumerate(load.columns)
            if other.name in load.table.keys
        )
        reason = "Can't append new rows in partial update when partial_update_new_key_behavior is ERROR. Row with key=["
        absent = f"error({text(BAD_ROW + reason)} || {shown} || '] is not in table.')"
    elif column.default is None and not column.nullable:
        reason = (
            f"the unmentioned column `{column.name}` should have default value or be nullable for newly inserted rows "
            "in non-strict mode partial update"
        )
        absent = f"error({text(BAD_ROW + reason)})"
    else:
        absent = default(column, load.now)
    return f'CASE WHEN "o"."#row" IS NULL THEN {absent} ELSE {present} END'
