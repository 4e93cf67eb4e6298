"""Parquet files: typed columns, found by name in any case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from nereus.warehouse.embedded.http.failures import LoadFailed, refused
from nereus.warehouse.embedded.http.formats.source import sql_text
from nereus.warehouse.embedded.sql.rules.build import cast, sql, text
from nereus.warehouse.embedded.sql.typed import Typed
from nereus.warehouse.embedded.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    LARGEINT,
    STRING,
    DorisType,
    datetime,
    decimal,
)
from nereus.warehouse.embedded.variables import UTC_NAMES

_TYPES = {
    "BOOLEAN": BOOLEAN,
    "TINYINT": DorisType("tinyint"),
    "SMALLINT": DorisType("smallint"),
    "INTEGER": INT,
    "BIGINT": BIGINT,
    "HUGEINT": LARGEINT,
    "FLOAT": FLOAT,
    "DOUBLE": DOUBLE,
    "DATE": DATE,
    "TIMESTAMP": datetime(6),
    "VARCHAR": STRING,
}
#: Doris has no unsigned types and one type of moments.
_WIDENED = {
    "UTINYINT": DorisType("smallint"),
    "USMALLINT": INT,
    "UINTEGER": BIGINT,
    "UBIGINT": LARGEINT,
    "TIMESTAMP_S": datetime(6),
    "TIMESTAMP_MS": datetime(6),
}
_ADJUSTED = "TIMESTAMP WITH TIME ZONE"
#: Doris loses what such a timestamp has below the second; to load zeros instead of it would help nobody.
_WHOLE_SECONDS = "CASE WHEN epoch_ns(t) % 1000000000 <> 0 THEN error(m) ELSE CAST(t AS TIMESTAMP) END"
_NANOSECONDS = (
    "the embedded warehouse refuses Parquet timestamps in nanoseconds that are not whole seconds. Write microseconds"
)
_PLACE = re.compile(r"(?:in |of |from )?(?:file )?['\"]?/\S*?/spool/[0-9a-f]{32}['\"]?")
_WIDEST = 38
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


@dataclass(frozen=True, slots=True)
class ParquetColumn:
    """A column of the file: its name there and DuckDB's name of its type."""

    name: str
    physical: str

    def typed(self, timezone: str) -> Typed | None:
        """The column as a Doris value; None for a nested or another type without one.

        Moments that the file counts from an instant in UTC need the load's `timezone` to be UTC; raises LoadFailed.
        """
        node = exp.column(self.name, quoted=True)
        if self.physical == _ADJUSTED:
            if timezone.lower() not in UTC_NAMES:
                raise refused(
                    f"the Parquet column {self.name}, whose timestamps are adjusted to UTC",
                    "Send the header timezone: UTC, or write timestamps without a time zone.",
                )
            return Typed(cast(node, "TIMESTAMP"), datetime(6))
        if (kind := _WIDENED.get(self.physical)) is not None:
            return Typed(cast(node, kind), kind)
        if self.physical == "TIMESTAMP_NS":
            return Typed(sql(_WHOLE_SECONDS, t=node, m=text(_NANOSECONDS)), datetime(6))
        if (found := _DECIMAL.fullmatch(self.physical)) and int(found[1]) <= _WIDEST:
            return Typed(node, decimal(int(found[1]), int(found[2])))
        kind = _TYPES.get(self.physical)
        return None if kind is None else Typed(node, kind)


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """What is known of a file before its rows are read."""

    from_sql: str
    columns: tuple[ParquetColumn, ...]
    rows: int

    def column(self, name: str) -> ParquetColumn | None:
        return next((column for column in self.columns if column.name.lower() == name.lower()), None)


def parquet_file(cursor: duckdb.DuckDBPyConnection, path: Path) -> ParquetFile:
    """Read the footer of a file. Raises LoadFailed for what is no Parquet."""
    name = sql_text(str(path))
    from_sql = f"read_parquet({name}, binary_as_string = true, hive_partitioning = false)"
    try:
        described = cursor.execute(f"DESCRIBE SELECT * FROM {from_sql}").fetchall()
        counted = cursor.execute(f"SELECT num_rows FROM parquet_file_metadata({name})").fetchone()
        elements = cursor.execute(f"SELECT name, num_children, precision, scale FROM parquet_schema({name})").fetchall()
    except duckdb.Error as error:
        raise unreadable(error) from error
    declared = _top_level(elements)
    names = [row[0].lower() for row in declared]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        # DuckDB renames columns whose names differ in case alone; which one a load means would be a guess.
        raise refused(f"a Parquet file with several columns named {doubled[0]}")
    columns = tuple(
        # A wider decimal comes as DOUBLE.
        ParquetColumn(row[0], f"DECIMAL({element[2]},{element[3]})" if (element[2] or 0) > _WIDEST else row[1])
        for row, element in zip(described, declared, strict=True)
    )
    return ParquetFile(from_sql, columns, int(counted[0]) if counted else 0)


def unreadable(error: duckdb.Error) -> LoadFailed:
    """The failure that a broken file is; without the file's place on the server."""
    reason = _PLACE.sub("", str(error).partition("\n")[0])
    return LoadFailed("CORRUPTION", f"the body is not a readable Parquet file: {' '.join(reason.split())}")


def _top_level(elements: list[tuple[str, int | None, int | None, int | None]]) -> list[tuple[Any, ...]]:
    """Of a schema written depth first, the elements below the root."""
    found: list[tuple[Any, ...]] = []
    at = 1
    while at < len(elements):
        found.append(elements[at])
        at = _after(elements, at)
    return found


def _after(elements: Sequence[tuple[Any, ...]], at: int) -> int:
    """Where the element behind the one at `at` and all of its children is."""
    children, at = elements[at][1] or 0, at + 1
    for _ in range(children):
        at = _after(elements, at)
    return at
