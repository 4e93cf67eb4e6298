"""The SELECT that turns a source into rows of a table: order, defaults, ids, and what makes a row bad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from nereus.warehouse.embedded.catalog import quoted
from nereus.warehouse.embedded.catalog.model import Column, Table
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.write.partitions import inside
from nereus.warehouse.embedded.write.values import default, has_default, text

#: Starts the message by which the engine reports a row that the table does not take.
BAD_ROW = "nereus: bad row: "
_PREFIX = 32


@dataclass(frozen=True, slots=True)
class Shape:
    """How one append fills a table.

    Attributes:
        columns: the columns that the source gives, in its order.
        only: partitions that rows must be in; None where every row has a place (no partitions, or AUTO).
        first_id: the next automatic number, where the table has such a column.
    """

    table: Table
    columns: tuple[Column, ...]
    now: datetime
    only: tuple[str, ...] | None = None
    first_id: int | None = None

    @property
    def automatic(self) -> Column | None:
        return next((column for column in self.table.columns if column.auto_increment is not None), None)


def target_columns(table: Table, names: Sequence[str], *, all_needed: bool = True) -> tuple[Column, ...]:
    """The named columns. Raises for unknown ones and for one named twice.

    With `all_needed` also for an absent one that must be given.
    """
    found: list[Column] = []
    for name in names:
        column = table.column(name)
        if column is None:
            raise DorisError(f"Unknown column '{name}' in target table.")
        if column in found:
            raise DorisError(f"Duplicate column name '{name}'")
        if column.generated is not None:
            raise given_generated(column, table)
        found.append(column)
    for column in table.columns:
        if all_needed and column not in found and not has_default(column):
            raise DorisError(f"Column has no default value, column={column.name}")
    return tuple(found)


def given_generated(column: Column, table: Table) -> DorisError:
    return DorisError(
        f"The value specified for generated column '{column.name}' in table '{table.name}' is not allowed."
    )


def with_generated(shape: Shape, source_sql: str) -> tuple[Shape, str]:
    """The same load with every column of the table in its source, generated ones computed from the others."""
    columns = shape.table.columns
    generated = [column for column in columns if column.generated is not None]
    if not generated:
        return shape, source_sql
    items = [f"{_value(shape, column)} AS {quoted(column.name)}" for column in columns if column.generated is None]
    source = f"SELECT {', '.join(items)} FROM {_source(shape, source_sql)}"
    for column in generated:
        # One after the other: a generated column may be made of those before it.
        source = f'SELECT *, {column.generated_sql} AS {quoted(column.name)} FROM ({source}) AS "t0"'
    ordered = ", ".join(quoted(column.name) for column in columns)
    return replace(shape, columns=columns), f"SELECT {ordered} FROM ({source})"


def insert_select(shape: Shape, source_sql: str) -> str:
    """A SELECT of every column of the table that fails with BAD_ROW at the first bad row.

    NOT NULL is left to the table itself, whose check costs nothing.
    """
    checks = {column: (bad, reason) for column, bad, reason in _checks(shape) if bad is not None}
    items = []
    for column in shape.table.columns:
        value = _value(shape, column)
        if column.name in checks:
            bad, reason = checks[column.name]
            value = f"CASE WHEN {bad} THEN error({text(BAD_ROW)} || {reason}) ELSE {value} END"
        items.append(f"{value} AS {quoted(column.name)}")
    return f"SELECT {', '.join(items)} FROM {_source(shape, source_sql)}"


def sorted_out_select(shape: Shape, source_sql: str) -> str:
    """The same columns without checks, and in "reason" what is wrong with the row, or NULL."""
    items = [f"{_value(shape, column)} AS {quoted(column.name)}" for column in shape.table.columns]
    cases = [f"WHEN {_value(shape, c)} IS NULL THEN {text(null_reason(c))}" for c in shape.table.columns if _strict(c)]
    cases += [f"WHEN {bad} THEN {reason}" for _, bad, reason in _checks(shape)]
    reason = f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"
    return f'SELECT {", ".join(items)}, {reason} AS "reason" FROM {_source(shape, source_sql)}'


def null_reason(column: Column) -> str:
    return f"column_name[{column.name}], null value for not null column, type={str(column.type).upper()}"


def _strict(column: Column) -> bool:
    return not column.nullable and column.auto_increment is None


def _source(shape: Shape, source_sql: str) -> str:
    names = ", ".join(f'"c{i}"' for i in range(len(shape.columns)))
    return f'({source_sql}) AS "s"({names})'


def _value(shape: Shape, column: Column) -> str:
    given = f'"s"."c{shape.columns.index(column)}"' if column in shape.columns else None
    if column.auto_increment is not None:
        number = f"CAST({shape.first_id} + row_number() OVER () - 1 AS {column.type.duckdb})"
        return number if given is None else f"coalesce({given}, {number})"
    return default(column, shape.now) if given is None else given


def _checks(shape: Shape) -> list[tuple[str, str, str]]:
    """(column, DuckDB predicate that is true for a bad row, DuckDB text that says why); at most one per column."""
    found: dict[str, list[tuple[str, str]]] = {}
    for column in shape.columns:
        if column.type.name in ("char", "varchar"):
            value = _value(shape, column)
            found.setdefault(column.name, []).append(
                (f"strlen({value}) > {column.type.length}", _length_reason(column, value))
            )
    if shape.only is not None and shape.table.partitioning is not None:
        names = shape.table.partitioning.columns
        keys = [key for name in names if (key := shape.table.column(name)) is not None]
        values = [_value(shape, key) for key in keys]
        chosen = [partition for partition in shape.table.partitions if partition.name in shape.only]
        pairs = " || ', ' || ".join(
            f"{text(key.name + '=')} || coalesce(CAST({value} AS VARCHAR), 'NULL')"
            for key, value in zip(keys, values, strict=True)
        )
        # Last: a row is first judged for what its own columns hold.
        found.setdefault(keys[0].name, []).append(
            (f"NOT {inside(shape.table, chosen, values)}", f"'no partition for this tuple. tuple=' || {pairs}")
        )
    return [(name, *_either(checks)) for name, checks in found.items()]


def _either(checks: list[tuple[str, str]]) -> tuple[str, str]:
    if len(checks) == 1:
        return checks[0]
    cases = " ".join(f"WHEN {bad} THEN {reason}" for bad, reason in checks)
    return "(" + " OR ".join(bad for bad, _ in checks) + ")", f"CASE {cases} END"


def _length_reason(column: Column, value: str) -> str:
    what = f"column_name[{column.name}], the length of input is too long than schema. "
    shown = f"{text(what + 'first 32 bytes of input str: [')} || left({value}, {_PREFIX})"
    return f"{shown} || {text(f'] schema length: {column.type.length}; actual length: ')} || strlen({value}) || '; '"
