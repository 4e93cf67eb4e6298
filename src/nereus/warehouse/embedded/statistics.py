"""What ANALYZE found out about tables: counts, distinct values, NULLs, sizes, least and greatest values."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

import duckdb

from nereus.warehouse.embedded.catalog.model import Column, Table
from nereus.warehouse.embedded.catalog.snapshot import quoted
from nereus.warehouse.embedded.catalog.store import Ids
from nereus.warehouse.embedded.engine import Engine

_LAYOUT = "CREATE TABLE IF NOT EXISTS nereus.statistics (table_id BIGINT NOT NULL, found VARCHAR NOT NULL)"
#: Jobs that SHOW ANALYZE remembers.
_MOST_JOBS = 1000


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """`least` and `greatest` are Doris literals, or N/A where every value is NULL."""

    count: int
    distinct: int
    nulls: int
    bytes: int
    least: str
    greatest: str
    updated: str
    version: int


@dataclass(frozen=True, slots=True)
class TableStatistics:
    rows: int
    updated: str
    columns: dict[str, ColumnStatistics] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnalyzeJob:
    """One ANALYZE, as SHOW ANALYZE lists it."""

    id: int
    db: str
    table_id: int
    table: str
    columns: tuple[str, ...]
    started: str
    ended: str


class Statistics:
    """The statistics of all tables, in memory and in DuckDB; jobs are remembered until the warehouse stops."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._guard = threading.Lock()
        self._known: dict[int, TableStatistics] = {}
        self.jobs: list[AnalyzeJob] = []
        with closing(engine.cursor()) as cursor:
            cursor.execute(_LAYOUT)
            for table_id, text in cursor.execute("SELECT table_id, found FROM nereus.statistics").fetchall():
                body = json.loads(text)
                columns = {name: ColumnStatistics(**found) for name, found in body.pop("columns").items()}
                self._known[table_id] = TableStatistics(**body, columns=columns)
        self._ids = Ids(engine, "analyze", 1)

    def of(self, table: Table) -> TableStatistics | None:
        return self._known.get(table.id)

    def analyze(
        self, cursor: duckdb.DuckDBPyConnection, source: str, table: Table, columns: list[Column], version: int
    ) -> AnalyzeJob:
        """Look at every value of these columns; `source` is DuckDB text of the table's rows."""
        started = _now()
        rows = 0
        found: dict[str, ColumnStatistics] = {}
        for column in columns:
            rows, found[column.name] = _column(cursor, source, column, version)
        with self._guard:
            former = self._known.get(table.id)
            kept = {name: value for name, value in (former.columns if former else {}).items() if table.column(name)}
            self._save(table, TableStatistics(rows, _now(), {**kept, **found}))
            job = AnalyzeJob(self._ids.take(), table.db, table.id, table.name, tuple(found), started, _now())
            self.jobs = [*self.jobs, job][-_MOST_JOBS:]
        return job

    def drop(self, table: Table, columns: list[str]) -> None:
        """Forget what is known of these columns; of the whole table where none is named."""
        with self._guard:
            known = self._known.get(table.id)
            if known is None:
                return
            wanted = {name.lower() for name in columns}
            left = {name: value for name, value in known.columns.items() if wanted and name.lower() not in wanted}
            self._save(table, TableStatistics(known.rows, known.updated, left) if left else None)

    def _save(self, table: Table, found: TableStatistics | None) -> None:
        with closing(self._engine.cursor()) as cursor:
            cursor.begin()
            cursor.execute("DELETE FROM nereus.statistics WHERE table_id = ?", [table.id])
            if found is not None:
                cursor.execute("INSERT INTO nereus.statistics VALUES (?, ?)", [table.id, json.dumps(asdict(found))])
            cursor.commit()
        if found is None:
            self._known.pop(table.id, None)
        else:
            self._known[table.id] = found


def _column(
    cursor: duckdb.DuckDBPyConnection, source: str, column: Column, version: int
) -> tuple[int, ColumnStatistics]:
    name = quoted(column.name)
    ordered = not (column.type.args or column.type.fields or column.type.name in ("json", "variant", "bitmap", "hll"))
    extremes = f"CAST(min({name}) AS VARCHAR), CAST(max({name}) AS VARCHAR)" if ordered else "NULL, NULL"
    distinct = f"approx_count_distinct({name})" if ordered else "0"
    size = (
        f"coalesce(sum(strlen(CAST({name} AS VARCHAR))), 0)" if column.type.is_text else f"count(*) * {_width(column)}"
    )
    row = cursor.execute(f"SELECT count(*), {distinct}, count({name}), {size}, {extremes} FROM {source}").fetchone()
    if row is None:
        raise ValueError("a SELECT without GROUP BY gives a row")
    rows, filled = int(row[0]), int(row[2])
    found = ColumnStatistics(
        rows, min(int(row[1]), filled), rows - filled, int(row[3]), _literal(row[4], column), _literal(row[5], column),
        _now(), version,
    )  # fmt: skip
    return rows, found


def _width(column: Column) -> int:
    """Bytes of a value as Doris stores it."""
    widths = {"boolean": 1, "tinyint": 1, "smallint": 2, "int": 4, "float": 4, "date": 4, "ipv4": 4, "largeint": 16}
    if column.type.name == "decimal":
        precision = column.type.precision or 0
        return 4 if precision <= 9 else 8 if precision <= 18 else 16
    return widths.get(column.type.name, 8)


def _literal(value: str | None, column: Column) -> str:
    if value is None:
        return "N/A"
    return f"'{value}'" if column.type.is_text or column.type.is_date else value


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
