"""Which rows belong to which partition, and which partitions AUTO PARTITION makes for new rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import cast

from nereus.warehouse.embedded.catalog.bounds import low_key
from nereus.warehouse.embedded.catalog.model import Partition, Partitioning, Table
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.types import DorisType
from nereus.warehouse.embedded.write.values import constant

#: Doris' max_auto_partition_num.
AUTO_LIMIT = 2000
_NAME_LIMIT = 50


def inside(table: Table, partitions: Iterable[Partition], columns: Sequence[str]) -> str:
    """A DuckDB predicate that is true for rows of these partitions and never NULL.

    `columns` are the expressions of the partition columns, in their order.
    """
    partitioning = partitioning_of(table)
    types = partition_types(table)
    if partitioning.kind == "LIST":
        keys = [values for partition in partitions for values in partition.values]
        return _any(_equal(columns, types, key) for key in keys)
    spans = _merged(sorted(partitions, key=lambda p: low_key(p.lower, types)))
    return _any(_between(columns, types, lower, upper) for lower, upper in spans)


def partition_types(table: Table) -> list[DorisType]:
    found = [table.column(name) for name in partitioning_of(table).columns]
    return [column.type for column in found if column is not None]


def auto_partitions(table: Table, values: Iterable[Sequence[object]]) -> tuple[Partition, ...]:
    """The partitions, without ids, that these values of the partition columns need and the table lacks.

    Values of a RANGE are beginnings of partitions: already truncated to the unit. Named as Doris names them:
    p20240101000000, and for LIST the value with its length (pBerlin6).
    """
    partitioning = partitioning_of(table)
    types = partition_types(table)
    have = {partition.name for partition in table.partitions}
    made: dict[str, Partition] = {}
    for row in values:
        if partitioning.kind == "RANGE":
            new = _range(cast(date, row[0]), partitioning.unit or "day", types[0])
        else:
            new = _list([None if value is None else _list_text(value) for value in row], types)
        if new.name not in have:
            made[new.name] = new
    if len(table.partitions) + len(made) > AUTO_LIMIT:
        raise DorisError(
            f"partition numbers {len(table.partitions) + len(made)} exceeded limit of variable max_auto_partition_num"
            f" {AUTO_LIMIT}"
        )
    return tuple(sorted(made.values(), key=lambda partition: partition.name))


def without_known(table: Table, values: Iterable[Sequence[object]]) -> list[Sequence[object]]:
    """The truncated values that no present partition of an AUTO RANGE table holds."""
    kind = partition_types(table)[0]
    spans = _merged(sorted(table.partitions, key=lambda p: low_key(p.lower, [kind])))

    def known(text: str) -> bool:
        return any((low is None or low <= text) and (high is None or text < high) for (low,), (high,) in spans)

    return [row for row in values if isinstance(row[0], date) and not known(_moment_text(row[0], kind))]


def partitioning_of(table: Table) -> Partitioning:
    if table.partitioning is None:
        raise DorisError(f"Alter table [{table.name}] failed. Not a partitioned table")
    return table.partitioning


def _any(predicates: Iterable[str]) -> str:
    return "(" + (" OR ".join(predicates) or "FALSE") + ")"


#: The texts of a lower and an upper bound.
_Span = tuple[tuple[str | None, ...], tuple[str | None, ...]]


def _merged(ordered: Sequence[Partition]) -> list[_Span]:
    """Ranges that touch become one, so that the usual unbroken row of months is a single comparison."""
    spans: list[_Span] = []
    for partition in ordered:
        lower, upper = partition.lower, partition.upper
        if spans and spans[-1][1][0] is not None and spans[-1][1] == lower:
            spans[-1] = (spans[-1][0], upper)
        else:
            spans.append((lower, upper))
    return spans


def _between(
    columns: Sequence[str], types: Sequence[DorisType], lower: Sequence[str | None], upper: Sequence[str | None]
) -> str:
    if len(columns) > 1:
        return _between_keys(columns, types, lower, upper)
    (column,), (kind,), (low,), (high,) = columns, types, lower, upper
    parts = []
    if low is not None:
        parts.append(f"{column} >= {constant(low, kind)}")
    if high is not None:
        parts.append(f"{column} < {constant(high, kind)}")
    within = " AND ".join(parts) or "TRUE"
    # NULL sorts before every value: it belongs to the partition that has no lower bound.
    return f"coalesce({within}, {'TRUE' if low is None else 'FALSE'})"


def _between_keys(
    columns: Sequence[str], types: Sequence[DorisType], lower: Sequence[str | None], upper: Sequence[str | None]
) -> str:
    """``(a, b) >= (1, 2) AND (a, b) < (3, 4)``, compared column by column; NULL sorts before every value."""
    parts = []
    if lower[0] is not None:
        parts.append(f"coalesce({_at_least(columns, types, lower)}, FALSE)")
    if upper[0] is not None:
        parts.append(f"NOT coalesce({_at_least(columns, types, upper)}, FALSE)")
    return f"({' AND '.join(parts) or 'TRUE'})"


def _at_least(columns: Sequence[str], types: Sequence[DorisType], bound: Sequence[str | None]) -> str:
    """NULL or false where the row sorts before the bound."""
    column, value = columns[0], constant(bound[0], types[0])
    if len(columns) == 1:
        return f"{column} >= {value}"
    return f"({column} > {value} OR ({column} = {value} AND {_at_least(columns[1:], types[1:], bound[1:])}))"


def _equal(columns: Sequence[str], types: Sequence[DorisType], key: Sequence[str | None]) -> str:
    terms = (
        f"{column} IS NOT DISTINCT FROM {constant(value, kind)}"
        for column, kind, value in zip(columns, types, key, strict=True)
    )
    return "(" + " AND ".join(terms) + ")"


def _range(begin: date, unit: str, kind: DorisType) -> Partition:
    moment = begin if isinstance(begin, datetime) else datetime(begin.year, begin.month, begin.day)
    end = _next(moment, unit)
    upper = None if end is None else _moment_text(end, kind)
    name = "p" + moment.strftime("%Y%m%d%H%M%S").rjust(14, "0")
    return Partition(name, 0, (_moment_text(moment, kind),), (upper,))


def _next(moment: datetime, unit: str) -> datetime | None:
    """The beginning of the next unit, or None beyond the last year."""
    try:
        if unit in ("month", "quarter", "year"):
            months = moment.month - 1 + {"month": 1, "quarter": 3, "year": 12}[unit]
            return moment.replace(year=moment.year + months // 12, month=months % 12 + 1)
        return moment + timedelta(**{f"{unit}s": 1})
    except (ValueError, OverflowError):
        return None


def _moment_text(moment: date, kind: DorisType) -> str:
    """As SHOW CREATE TABLE writes a bound of this type."""
    if kind.name == "date":
        return f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d}"
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    seconds = moment.strftime("%Y-%m-%d %H:%M:%S").rjust(19, "0")
    return seconds + (f".{moment.microsecond:06d}"[: kind.scale + 1] if kind.scale else "")


def _list(values: Sequence[str | None], types: Sequence[DorisType]) -> Partition:
    marked = "".join("X" if value is None else f"{value}{len(value)}" for value in values)
    body = "".join(char if char.isascii() and char.isalnum() else f"{ord(char):x}" for char in marked)
    name = "p" + ("_" if marked.startswith("-") else "") + body
    if any(kind.is_text for kind in types) and len(name) > _NAME_LIMIT:
        raise DorisError("Partition name's length is over limit of 50. abort to create.")
    return Partition(name, 0, values=(tuple(values),))


def _list_text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)
