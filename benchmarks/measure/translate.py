"""What a Doris query costs before DuckDB sees it: parsing, binding, privileges. The first time, and repeated.

    .venv/bin/python -m benchmarks.measure.translate [--suite ssb|tpch] [--repeats 50]

Runs in one process without sockets and without data: only the tables exist. Repeated queries come from the plan cache.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, median

from rich.table import Table

from benchmarks.measure.data import SUITES, Dataset, dataset
from benchmarks.measure.findings import CONSOLE, Finding, note, report
from nereus.warehouse.embedded.plancache import PlanCache
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.statements.query import plan_query
from nereus.warehouse.embedded.warehouse import Warehouse

#: The smallest scale: the tables stay empty, and the data set is asked for its DDL and queries alone.
SCALE = 0.01


def measure(suite: str | None = None, repeats: int = 50) -> list[Finding]:
    found: list[Finding] = []
    for name in (suite,) if suite else SUITES:
        data = dataset(name, SCALE)
        with tempfile.TemporaryDirectory(prefix="nereus-measure-") as folder:
            warehouse = Warehouse.open(Path(folder), memory_gb=1, threads=1, root_password=secrets.token_urlsafe())
            try:
                found += _suite(name, data, warehouse, repeats)
            finally:
                warehouse.close()
    return found


def _suite(name: str, data: Dataset, warehouse: Warehouse, repeats: int) -> list[Finding]:
    session = warehouse.connect("root")
    _run(session, f"CREATE DATABASE {data.database}", f"USE {data.database}", *(table.ddl for table in data.tables))
    table = Table("query", box=None, pad_edge=False)
    for heading in ("first ms", "repeated ms"):
        table.add_column(heading, justify="right")
    firsts, agains = [], []
    for query in data.queries:

        def first(text: str = query.doris) -> None:
            warehouse.plans = PlanCache()
            plan_query(session, text)

        def again(text: str = query.doris) -> None:
            plan_query(session, text)

        first()
        firsts.append(_median_ms(first, repeats))
        agains.append(_median_ms(again, repeats))
        table.add_row(f"{name} {query.name}", f"{firsts[-1]:.2f}", f"{agains[-1]:.3f}")
    session.close()
    CONSOLE.print(table)
    slowest = max(zip(firsts, data.queries, strict=True), key=lambda pair: pair[0])
    return [
        note(f"{name}: first time, average of the queries' medians", f"{fmean(firsts):.2f} ms"),
        note(f"{name}: first time, slowest", f"{slowest[0]:.2f} ms ({slowest[1].name})"),
        note(f"{name}: repeated, average of the queries' medians", f"{fmean(agains):.3f} ms"),
    ]


def _run(session: Session, *statements: str) -> None:
    for text in statements:
        for _ in session.execute(text):
            pass


def _median_ms(work: Callable[[], None], repeats: int) -> float:
    """The thread's own CPU time: nothing waits here, so it is what an idle machine's clock would show."""
    times = []
    for _ in range(repeats):
        started = time.thread_time()
        work()
        times.append((time.thread_time() - started) * 1000)
    return median(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", choices=SUITES)
    parser.add_argument("--repeats", type=int, default=50)
    return report("Translating", measure(**vars(parser.parse_args())))


if __name__ == "__main__":
    sys.exit(main())
