"""What makes a row of a load bad, and how Doris' error log says it. Everything here is DuckDB text."""

from __future__ import annotations

from collections.abc import Sequence

from nereus.warehouse.embedded.catalog import quoted
from nereus.warehouse.embedded.catalog.model import Column, Partition, Table
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.http.formats.source import sql_text
from nereus.warehouse.embedded.write.partitions import inside

#: Longest text that a backend takes into a column of type STRING (string_type_length_soft_limit_bytes).
LONGEST_STRING_BYTES = 1_048_576
_SHOWN_CHARACTERS = 32

#: (predicate that is true for a bad row, text that says why)
Check = tuple[str, str]


def null_check(column: Column) -> Check | None:
    """NULL in a column that takes none."""
    if column.nullable or column.auto_increment is not None:
        return None
    return f"{quoted(column.name)} IS NULL", sql_text(
        f"column({column.name}) values is null while columns is not nullable"
    )


def strict_check(column: Column, source: str) -> Check:
    """In strict mode: a value that the column's type does not take; `source` is the field as it was in the file."""
    reason = sql_text(f"column({column.name}) value is incorrect while strict mode is true, src value is ")
    return f"{quoted(column.name)} IS NULL AND {source} IS NOT NULL", f"{reason} || CAST({source} AS VARCHAR)"


def length_check(column: Column) -> Check | None:
    """Text that is longer than the column, in bytes."""
    if column.type.name == "string":
        limit, what, schema = LONGEST_STRING_BYTES, "input string is too long than vec schema. ", "-1"
        shown_limit = f"limit length: {limit}; "
    elif column.type.name in ("char", "varchar") and column.type.length is not None:
        limit, what, schema = column.type.length, "input is too long than schema. ", str(column.type.length)
        shown_limit = ""
    else:
        return None
    value = quoted(column.name)
    head = f"column_name[{column.name}], the length of {what}first 32 bytes of input str: ["
    tail = f"] schema length: {schema}; {shown_limit}actual length: "
    shown = f"left({value}, {_SHOWN_CHARACTERS})"
    return f"strlen({value}) > {limit}", (f"{sql_text(head)} || {shown} || {sql_text(tail)} || strlen({value}) || '; '")


def partition_check(table: Table, names: Sequence[str], targets: Sequence[Column]) -> Check | None:
    """A row outside every partition, or outside those named. None where every row has a place.

    Raises DorisError for a name that is no partition.
    """
    partitioning = table.partitioning
    if partitioning is None or (partitioning.auto and not names):
        if names:
            raise DorisError(f"partition {names[0]} is not found in table {table.name}")
        return None
    chosen = _named(table, names) if names else table.partitions
    keys = [table.column(name) for name in partitioning.columns]
    if not all(key in targets for key in keys):
        # A default that is outside is found by the writer, which refuses the load.
        return None
    values = [quoted(key.name) for key in keys if key is not None]
    shown = " || ', ' || ".join(
        f"{sql_text(name + '=')} || coalesce(CAST({value} AS VARCHAR), 'NULL')"
        for name, value in zip(partitioning.columns, values, strict=True)
    )
    return f"NOT {inside(table, chosen, values)}", f"'no partition for this tuple. tuple=' || {shown}"


def _named(table: Table, names: Sequence[str]) -> list[Partition]:
    known = {partition.name.lower(): partition for partition in table.partitions}
    for name in names:
        if name.lower() not in known:
            raise DorisError(f"partition {name} is not found in table {table.name}")
    return [known[name.lower()] for name in names]


def first_reason(checks: Sequence[Check]) -> str:
    """Text that says why a row is bad, or NULL."""
    cases = " ".join(f"WHEN {bad} THEN {reason}" for bad, reason in checks)
    return f"CASE {cases} END" if cases else "CAST(NULL AS VARCHAR)"
