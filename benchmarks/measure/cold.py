"""The cold tier against the hot one: one month and full scans, first and repeated, and bytes fetched for each query.

    .venv/bin/python -m benchmarks.measure.cold [--months 12] [--rows-per-month 500000] [--repeats 5]

A fact table of so many months is asked while it is hot; then all of it moves to an object store started for this run,
and the same questions are asked again, first with an empty cache and then repeatedly. Ratios are within this run.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from nereus.config import Platform
from nereus.home import Home
from nereus.provision import local, object_store
from nereus.provision.services import local_services
from nereus.provision.supervisor import Supervisor
from nereus.warehouse.client import COMPUTE_ALWAYS
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.tiers import service
from nereus.warehouse.embedded.warehouse import Warehouse

_FIRST_PORT = 28_333
_CACHE_BYTES = 512 << 20
_MONTH = "k >= '2023-03-01' AND k < '2023-04-01'"
QUESTIONS = {
    "point, one day": "SELECT * FROM fact WHERE k = '2023-03-17' ORDER BY id LIMIT 5",
    "range, one month": f"SELECT sum(price * discount), count(*) FROM fact WHERE {_MONTH} AND discount BETWEEN 1 AND 3",
    "group, one month": f"SELECT mode, count(*), sum(price) FROM fact WHERE {_MONTH} GROUP BY mode ORDER BY mode",
    "full scan, one column": "SELECT sum(price) FROM fact",
    "full scan, grouped": "SELECT mode, count(*), sum(price), avg(quantity) FROM fact GROUP BY mode ORDER BY mode",
    "hot month of a cold table": "SELECT count(*) FROM fact WHERE k >= '2031-01-01'",
}


@dataclass
class Answer:
    """One question: rows, and seconds with bytes fetched of each time it was asked."""

    rows: list[object]
    seconds: list[float]
    fetched: list[int]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--rows-per-month", type=int, default=500_000)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args(arguments)
    service.MOVE_EVERY_S = 3600.0
    with tempfile.TemporaryDirectory(prefix="cold") as folder:
        home = Home(Path(folder) / "h").create()
        values = {"data": {"raw_tb": 1}, "local": {"ports": {"object_store": _FIRST_PORT}}}
        platform = Platform.model_validate(values)
        services = local_services(Path(folder) / "platform.yaml", platform, home)
        store = next(one for one in services if one.name == "object-store")
        object_store.prepare(home)
        Supervisor(home).apply([store])
        try:
            local.wait_until_ready(store, home)
            list(object_store.ensure_buckets(home, _FIRST_PORT))
            return _measure(asked, home, Path(folder) / "w")
        finally:
            Supervisor(home).stop()


def _measure(asked: argparse.Namespace, home: Home, data: Path) -> int:
    warehouse = Warehouse.open(data, memory_gb=4, threads=2, root_password="measure-only", cache_bytes=_CACHE_BYTES)  # noqa: S106
    try:
        session = warehouse.connect("root")
        # What is asked again is read again: from the local cache of cold blocks, not from the cache of results.
        _run(session, COMPUTE_ALWAYS)
        _load(session, asked.months, asked.rows_per_month)
        hot = {name: _ask(session, sql, asked.repeats) for name, sql in QUESTIONS.items()}
        _policy(session, home)
        began = time.perf_counter()
        moved = warehouse.tiering.mover.run()
        seconds = time.perf_counter() - began
        remote = sum(cold.remote_bytes for cold in warehouse.catalog.snapshot().cold.values())
        cold: dict[str, Answer] = {}
        most = 0
        for name, sql in QUESTIONS.items():
            warehouse.tiering.cache.clear()
            cold[name] = _ask(session, sql, asked.repeats)
            most = max(most, warehouse.tiering.cache.used)
        console = Console(width=130)
        rows = asked.months * asked.rows_per_month
        console.print(
            f"{rows:,} rows, {moved} partitions moved in {seconds:.1f} s ({remote / 1e6:.1f} MB in the store)"
        )
        console.print(_shown(hot, cold, remote))
        console.print(f"cache: at most {most / 1e6:.1f} MB of {warehouse.tiering.cache.limit / 1e6:.1f} MB")
        same = all(hot[name].rows == cold[name].rows for name in QUESTIONS)
        console.print("every answer is the same in both tiers" if same else "[red]ANSWERS DIFFER[/]")
        return 0 if same and most <= warehouse.tiering.cache.limit else 1
    finally:
        warehouse.close()


def _load(session: Session, months: int, rows: int) -> None:
    _run(session, "CREATE DATABASE measure")
    session.use("measure")
    _run(
        session,
        "CREATE TABLE fact (k DATE NOT NULL, id BIGINT, customer INT, mode VARCHAR(12), quantity INT, price INT, "
        "discount INT, note VARCHAR(40)) DUPLICATE KEY(k, id) AUTO PARTITION BY RANGE (date_trunc(k, 'month')) () "
        "DISTRIBUTED BY HASH(id) BUCKETS 1 PROPERTIES ('replication_num' = '1')",
    )
    for month in range(months):
        first = f"{2023 + month // 12}-{month % 12 + 1:02}-01"
        _run(
            session,
            f"INSERT INTO fact SELECT date_add('{first}', INTERVAL CAST(number % 28 AS INT) DAY), number, "
            "CAST(number * 7919 % 30000 AS INT), concat('MODE ', number % 7), CAST(number % 50 AS INT), "
            "CAST(number * 104729 % 999983 AS INT), CAST(number % 11 AS INT), md5(concat(number)) "
            f"FROM numbers('number' = '{rows}')",
        )


def _policy(session: Session, home: Home) -> None:
    found = object_store.access(home, _FIRST_PORT, "cold")
    _run(
        session,
        f"CREATE RESOURCE cold PROPERTIES ('type' = 's3', 's3.endpoint' = '{found.endpoint}', 's3.bucket' = 'cold', "
        f"'s3.root.path' = 'measure', 's3.region' = '{found.region}', 's3.access_key' = '{found.access_key}', "
        f"'s3.secret_key' = '{found.secret_key}')",
    )
    _run(session, "CREATE STORAGE POLICY cold PROPERTIES ('storage_resource' = 'cold', 'cooldown_ttl' = '0')")
    _run(session, "ALTER TABLE fact SET ('storage_policy' = 'cold')")


def _run(session: Session, sql: str) -> list[object]:
    rows: list[object] = []
    for result in session.execute(sql):
        rows = [row for batch in getattr(result, "batches", ()) for row in batch.to_pylist()]
    return rows


def _ask(session: Session, sql: str, repeats: int) -> Answer:
    answer = Answer([], [], [])
    for _ in range(repeats + 1):
        began = time.perf_counter()
        answer.rows = _run(session, sql)
        answer.seconds.append(time.perf_counter() - began)
        answer.fetched.append(session.last.remote.fetched if session.last else 0)
    return answer


def _shown(hot: dict[str, Answer], cold: dict[str, Answer], remote: int) -> Table:
    table = Table(box=None, header_style="bold")
    for heading in (
        "question",
        "hot ms",
        "cold first ms",
        "cold again ms",
        "again / hot",
        "fetched first",
        "fetched again",
    ):
        table.add_column(heading, justify="left" if heading == "question" else "right")
    for name in QUESTIONS:
        before = statistics.median(hot[name].seconds[1:])
        again = statistics.median(cold[name].seconds[1:])
        first, share = cold[name].fetched[0], cold[name].fetched[0] / remote if remote else 0
        table.add_row(
            name,
            f"{before * 1000:.1f}",
            f"{cold[name].seconds[0] * 1000:.1f}",
            f"{again * 1000:.1f}",
            f"{again / before:.2f}",
            f"{first / 1e6:.2f} MB ({share:.0%})",
            f"{sum(cold[name].fetched[1:]) / 1e6:.2f} MB",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
