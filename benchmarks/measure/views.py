"""What materialised views are worth: dashboard queries answered from them and from their tables, and the time it takes.

    .venv/bin/python -m benchmarks.measure.views [--scale 1] [--repeats 5]

The queries are those of a dashboard on the view v_sales. Each is run with and without enable_materialized_view_rewrite,
in turns, over one connection; the rows must be the same. At scale 10 a query is promised to be ten times as fast.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

import pymysql

from benchmarks.measure.data import dataset
from benchmarks.measure.findings import Finding, at_least, holds, note, report
from benchmarks.measure.server import Running, warehouse
from nereus.usecases import model
from nereus.usecases.schema import objects_of

PROMISED = 10.0
#: The scale for which the promise was made.
PROMISED_AT = 10.0
QUERIES = {
    "revenue by month and region": "SELECT order_month, customer_region, SUM(revenue), SUM(profit) FROM v_sales"
    " GROUP BY order_month, customer_region ORDER BY order_month, customer_region",
    "nations of one year": "SELECT customer_nation, supplier_nation, SUM(revenue) FROM v_sales WHERE order_year = 1997"
    " GROUP BY customer_nation, supplier_nation ORDER BY 3 DESC, 1, 2 LIMIT 20",
    "best brands": "SELECT brand, SUM(revenue), SUM(quantity), COUNT(*) FROM v_sales GROUP BY brand"
    " ORDER BY 2 DESC, 1 LIMIT 10",
    "headline figures": "SELECT SUM(revenue), SUM(profit), COUNT(*) FROM v_sales",
    "the monthly view": "SELECT * FROM v_sales_monthly ORDER BY 1, 2, 3, 4",
}


def measure(scale: float = 1, repeats: int = 5) -> list[Finding]:
    data = dataset("ssb", scale)
    usecase = model.find("retail")
    with warehouse() as server, server.connect() as connection:
        _all(connection, "CREATE DATABASE retail")
        _all(connection, "USE retail")
        for one in objects_of(usecase, {"replication_num": "1"}):
            _all(connection, one.sql)
        for table in data.tables:
            for number, file in enumerate(table.files):
                label = f"{table.name}_{number}"
                server.client.stream_load("retail", table.name, file, format="parquet", label=label)
        found = [_refreshed(connection, name) for name in usecase.materialized_views]
        return [*found, *_compared(server, connection, scale, repeats)]


def _compared(server: Running, connection: pymysql.Connection[Any], scale: float, repeats: int) -> list[Finding]:
    found: list[Finding] = []
    for name, query in QUERIES.items():
        times: dict[str, list[float]] = {"true": [], "false": []}
        rows = {}
        for _ in range(repeats):
            for switch, taken in times.items():
                _all(connection, f"SET enable_materialized_view_rewrite = {switch}")
                began = time.perf_counter()
                rows[switch] = _all(connection, query)
                taken.append(time.perf_counter() - began)
        found.append(
            holds(f"{name}: same rows", f"{len(rows['true'])} rows", "same", kept=rows["true"] == rows["false"])
        )
        views, tables = (median(times[switch]) * 1000 for switch in ("true", "false"))
        told = f"{name}: times as fast ({views:.1f} ms instead of {tables:.1f} ms)"
        ratio = tables / views
        found.append(at_least(told, ratio, PROMISED) if scale >= PROMISED_AT else note(told, f"{ratio:.1f}"))
    found.append(note("memory of the process", f"{server.rss_mb:.0f} MB"))
    return found


def _refreshed(connection: pymysql.Connection[Any], name: str) -> Finding:
    began = time.perf_counter()
    _all(connection, f"REFRESH MATERIALIZED VIEW {name} COMPLETE")
    sql = f"SELECT Status, ErrorMsg FROM tasks('type' = 'mv') WHERE MvName = '{name}'"
    while not (tasks := _all(connection, sql)) or tasks[-1][0] in ("PENDING", "RUNNING"):
        time.sleep(0.02)
    if tasks[-1][0] != "SUCCESS":
        raise SystemExit(f"the view {name} was not refreshed: {tasks[-1][1]}")
    ((rows,),) = _all(connection, f"SELECT count(*) FROM {name}")
    return note(f"{name}: computed", f"{time.perf_counter() - began:.1f} s, {rows:,} rows")


def _all(connection: pymysql.Connection[Any], sql: str) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    title = f"materialised views, retail at scale {given.scale:g}"
    return report(title, measure(given.scale, given.repeats))


if __name__ == "__main__":
    sys.exit(main())
