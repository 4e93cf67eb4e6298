"""Benchmark results as rows in the warehouse, where the portal and anybody with SQL can read them."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from nereus.bench.results import BenchResult
from nereus.bench.stats import summarise
from nereus.warehouse.client import Warehouse

DATABASE = "nereus_ops"

TABLE = f"""
CREATE TABLE IF NOT EXISTS {DATABASE}.benchmark_result (
  started_at DATETIME NOT NULL COMMENT 'Start of the run, UTC',
  suite VARCHAR(32) NOT NULL COMMENT 'Suite, such as ssb',
  scale DOUBLE NOT NULL COMMENT 'Scale factor of the data',
  machine VARCHAR(64) NOT NULL COMMENT 'Label of the machine',
  target VARCHAR(16) NOT NULL COMMENT 'Target of the platform, such as local',
  engine VARCHAR(128) NOT NULL COMMENT 'What the warehouse calls itself',
  commit_id VARCHAR(64) NOT NULL COMMENT 'Commit of the platform that was measured',
  phase VARCHAR(16) NOT NULL COMMENT 'cold, warm or concurrent',
  query_name VARCHAR(32) NOT NULL COMMENT 'Query of the suite, or all',
  clients INT NOT NULL COMMENT 'Connections at once',
  statements INT NOT NULL COMMENT 'Statements measured',
  average_ms DOUBLE NOT NULL COMMENT 'Average response over the wire, ms',
  p50_ms DOUBLE NOT NULL COMMENT 'Median response, ms',
  p95_ms DOUBLE NOT NULL COMMENT '95th percentile, ms',
  max_ms DOUBLE NOT NULL COMMENT 'Slowest response, ms',
  under_1s DOUBLE NOT NULL COMMENT 'Share of responses under one second, 0 to 1'
)
DUPLICATE KEY(started_at, suite)
COMMENT 'Results of make bench, one row per query and phase'
DISTRIBUTED BY HASH(suite) BUCKETS 1
PROPERTIES ("replication_num" = "1")
"""


def rows(result: BenchResult) -> list[tuple[Any, ...]]:
    """The rows of one result, in the order of the table's columns."""
    head = (
        result.started_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        result.suite,
        result.scale,
        result.machine.name,
        result.target,
        result.engine,
        result.commit,
    )
    found: list[tuple[Any, ...]] = []
    for query in result.queries:
        for phase, times in (("cold", () if query.cold_ms is None else (query.cold_ms,)), ("warm", query.warm_ms)):
            if times:
                one = summarise(times)
                measured = (one.average_ms, one.p50_ms, one.p95_ms, one.max_ms, one.under_1s)
                found.append((*head, phase, query.name, 1, one.count, *measured))
    for many in result.concurrent:
        measured = (many.average_ms, many.p50_ms, many.p95_ms, many.max_ms, many.under_1s)
        found.append((*head, "concurrent", "all", many.clients, many.statements, *measured))
    return found


def record(result: BenchResult, warehouse: Warehouse) -> int:
    """Store a result in the warehouse. Returns the number of rows."""
    warehouse.execute(TABLE)
    values = rows(result)
    one = "(" + ", ".join(["%s"] * len(values[0])) + ")"
    flat = [value for row in values for value in row]
    warehouse.execute(f"INSERT INTO {DATABASE}.benchmark_result VALUES " + ", ".join([one] * len(values)), flat)  # noqa: S608
    return len(values)
