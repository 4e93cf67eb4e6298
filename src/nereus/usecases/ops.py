"""The platform's own records in the warehouse: what was deployed, what was loaded, what was checked."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nereus.usecases.quality import Check, Verdict
from nereus.warehouse.client import Queries, Row, StreamLoadResult

DATABASE = "nereus_ops"

TABLES = {
    "usecase_object": """
CREATE TABLE IF NOT EXISTS usecase_object (
  use_case VARCHAR(64) NOT NULL COMMENT 'Use case that owns the object',
  object_kind VARCHAR(32) NOT NULL COMMENT 'TABLE, VIEW, MATERIALIZED VIEW or ROLE',
  object_name VARCHAR(64) NOT NULL COMMENT 'Name within the database of the use case',
  database_name VARCHAR(64) NOT NULL COMMENT 'Database of the use case',
  digest VARCHAR(64) NOT NULL COMMENT 'SHA-256 of the definition that was deployed',
  deployed_at DATETIME NOT NULL COMMENT 'When, UTC'
)
UNIQUE KEY(use_case, object_kind, object_name)
COMMENT 'What use cases have put into the warehouse'
DISTRIBUTED BY HASH(use_case) BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}")
""",
    "load_history": """
CREATE TABLE IF NOT EXISTS load_history (
  use_case VARCHAR(64) NOT NULL COMMENT 'Use case that was loaded',
  label VARCHAR(128) NOT NULL COMMENT 'Stream Load label',
  table_name VARCHAR(64) NOT NULL COMMENT 'Table that was loaded',
  part VARCHAR(255) NOT NULL COMMENT 'Part of the table, such as a month or a file',
  digest VARCHAR(64) NOT NULL COMMENT 'Names the content of the part',
  generation INT NOT NULL COMMENT 'Counts how often the table was removed before',
  status VARCHAR(16) NOT NULL COMMENT 'LOADED, or REMOVED with its table',
  loaded_rows BIGINT NULL COMMENT 'Rows of this load; NULL when it was found loaded',
  load_bytes BIGINT NULL COMMENT 'Bytes sent',
  duration_ms BIGINT NULL COMMENT 'Time of the load in the warehouse, ms',
  loaded_at DATETIME NOT NULL COMMENT 'When, UTC'
)
UNIQUE KEY(use_case, label)
COMMENT 'Every load of every use case'
DISTRIBUTED BY HASH(use_case) BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}")
""",
    "quality_check": """
CREATE TABLE IF NOT EXISTS quality_check (
  use_case VARCHAR(64) NOT NULL COMMENT 'Use case that was checked',
  checked_at DATETIME(3) NOT NULL COMMENT 'Start of the run, UTC',
  check_name VARCHAR(128) NOT NULL COMMENT 'The check',
  run_id VARCHAR(36) NOT NULL COMMENT 'The run that the check belongs to',
  kind VARCHAR(16) NOT NULL COMMENT 'row_count, unique, not_null, reference, range, allowed, custom or freshness',
  table_name VARCHAR(64) NULL COMMENT 'Table or view that the check is about',
  severity VARCHAR(16) NOT NULL COMMENT 'error or warning',
  status VARCHAR(8) NOT NULL COMMENT 'PASS, FAIL, or ERROR when the check could not be run',
  observed VARCHAR(512) NOT NULL COMMENT 'What was found',
  expected VARCHAR(512) NOT NULL COMMENT 'What was asked for',
  violations BIGINT NOT NULL COMMENT 'Rows that break the rule',
  duration_ms BIGINT NOT NULL COMMENT 'Time of the check, ms'
)
DUPLICATE KEY(use_case, checked_at, check_name)
COMMENT 'Every quality check of every use case; only grows'
DISTRIBUTED BY HASH(use_case) BUCKETS 1
PROPERTIES ("replication_num" = "${replication_num}")
""",
}


@dataclass(frozen=True)
class CheckResult:
    """One check of one run. `status` is PASS, FAIL or ERROR."""

    check: Check
    status: str
    verdict: Verdict
    duration_ms: int

    @property
    def is_bad(self) -> bool:
        """It breaks the promise of the use case; a warning does not."""
        return self.status != "PASS" and self.check.severity == "error"


@dataclass(frozen=True)
class Load:
    """One load as recorded. `rows` is None when the warehouse had the label already and nobody counted."""

    table: str
    part: str
    digest: str
    generation: int
    rows: int | None
    removed: bool = False


def ensure(admin: Queries, replication_num: int) -> Iterator[str]:
    """Create the database and tables that are missing. Yields what was made."""
    if DATABASE not in databases(admin):
        admin.execute(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")
        yield f"database {DATABASE} created"
    known = tables(admin, DATABASE)
    for name, sql in TABLES.items():
        if name not in known:
            admin.execute(sql.replace("${replication_num}", str(replication_num)), database=DATABASE)
            yield f"table {DATABASE}.{name} created"


def exists(warehouse: Queries) -> bool:
    """Whether anything was ever deployed here. The database alone says nothing: others keep records in it too."""
    return DATABASE in databases(warehouse) and set(TABLES) <= tables(warehouse, DATABASE)


def databases(warehouse: Queries) -> set[str]:
    return {str(next(iter(row.values()))) for row in warehouse.query("SHOW DATABASES")}


def tables(warehouse: Queries, database: str) -> set[str]:
    """Tables and views of a database that exists."""
    return {str(next(iter(row.values()))) for row in warehouse.query(f"SHOW TABLES FROM `{database}`")}


def objects(warehouse: Queries, usecase: str) -> dict[tuple[str, str], str]:
    """(kind, name) -> digest of everything the use case has deployed."""
    sql = f"SELECT object_kind, object_name, digest FROM {DATABASE}.usecase_object WHERE use_case = %s"  # noqa: S608
    return {(row["object_kind"], row["object_name"]): row["digest"] for row in warehouse.query(sql, (usecase,))}


def record_object(warehouse: Queries, usecase: str, database: str, kind: str, name: str, digest: str) -> None:
    columns = ("use_case", "object_kind", "object_name", "database_name", "digest", "deployed_at")
    _insert(warehouse, "usecase_object", columns, [(usecase, kind, name, database, digest, now())])


def forget_objects(warehouse: Queries, usecase: str) -> None:
    warehouse.execute(f"DELETE FROM {DATABASE}.usecase_object WHERE use_case = %s", (usecase,))  # noqa: S608


def loads(warehouse: Queries, usecase: str) -> list[Load]:
    """Every recorded load of the use case."""
    sql = f"""
        SELECT table_name, part, digest, generation, status, loaded_rows
        FROM {DATABASE}.load_history WHERE use_case = %s
    """  # noqa: S608
    return [
        Load(
            table=row["table_name"],
            part=row["part"],
            digest=row["digest"],
            generation=int(row["generation"]),
            rows=None if row["loaded_rows"] is None else int(row["loaded_rows"]),
            removed=row["status"] == "REMOVED",
        )
        for row in warehouse.query(sql, (usecase,))
    ]


def record_load(warehouse: Queries, usecase: str, load: Load, result: StreamLoadResult) -> None:
    columns = ("use_case", "label", "table_name", "part", "digest", "generation", "status", "loaded_rows")
    row = (usecase, result.label, load.table, load.part, load.digest, load.generation, "LOADED", load.rows)
    figures = (result.load_bytes, result.load_time_ms, now())
    _insert(warehouse, "load_history", (*columns, "load_bytes", "duration_ms", "loaded_at"), [(*row, *figures)])


def forget_loads(warehouse: Queries, usecase: str, table: str) -> None:
    """Say that what was loaded into `table` is gone with it."""
    sql = f"UPDATE {DATABASE}.load_history SET status = 'REMOVED' WHERE use_case = %s AND table_name = %s"  # noqa: S608
    warehouse.execute(sql, (usecase, table))


def record_checks(warehouse: Queries, usecase: str, started: datetime, results: Iterable[CheckResult]) -> None:
    """Store one run of checks."""
    run_id, at = str(uuid.uuid4()), started.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    rows = [
        (
            usecase,
            at,
            result.check.label,
            run_id,
            result.check.kind,
            next(iter(result.check.tables), None),
            result.check.severity,
            result.status,
            _short(result.verdict.observed),
            _short(result.verdict.expected),
            result.verdict.violations,
            result.duration_ms,
        )
        for result in results
    ]
    columns = ("use_case", "checked_at", "check_name", "run_id", "kind", "table_name", "severity", "status")
    if rows:
        figures = ("observed", "expected", "violations", "duration_ms")
        _insert(warehouse, "quality_check", (*columns, *figures), rows)


def last_checks(warehouse: Queries, usecase: str) -> list[Row]:
    """The checks of the newest run, empty when there was none."""
    newest = f"SELECT checked_at, run_id FROM {DATABASE}.quality_check WHERE use_case = %s"  # noqa: S608
    runs = warehouse.query(f"{newest} ORDER BY checked_at DESC, run_id LIMIT 1", (usecase,))
    if not runs:
        return []
    sql = f"""
        SELECT check_name, table_name, severity, status, observed, expected, checked_at
        FROM {DATABASE}.quality_check WHERE use_case = %s AND run_id = %s ORDER BY check_name
    """  # noqa: S608
    return warehouse.query(sql, (usecase, runs[0]["run_id"]))


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _short(text: str) -> str:
    return text.encode("utf-8")[:500].decode("utf-8", "ignore")


def _insert(warehouse: Queries, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    one = f"({', '.join(['%s'] * len(columns))})"
    sql = f"INSERT INTO {DATABASE}.{table} ({', '.join(columns)}) VALUES {', '.join([one] * len(rows))}"  # noqa: S608
    warehouse.execute(sql, [value for row in rows for value in row])
