"""What the wire costs: Doris SQL over the MySQL protocol against hand-written SQL in DuckDB itself.

    .venv/bin/python -m benchmarks.measure.wire [--suite ssb|tpch] [--scale 1] [--driver mysqlclient]

The warehouse is a process; DuckDB is another one with its own file, the same tables in the same order, as many threads
and as much memory. Each query runs in turn here and there, so that whatever else the machine does hits both. Both times
end when a Python client holds all rows as Python values. Every row of every query is compared.

Both are started several times: where a process' memory happens to lie makes DuckDB some percent faster or slower in all
its queries. They are measured after a start and not after loading, because DuckDB scans what it has just loaded up to
twice as fast as what it has opened.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

import pymysql
from rich.table import Table

from benchmarks.measure.data import SUITES, Dataset, Query, dataset, load, load_native
from benchmarks.measure.drivers import NEEDS, mysqlclient
from benchmarks.measure.findings import CONSOLE, Finding, at_most, holds, not_run, note, report, say
from benchmarks.measure.native import Native, native
from benchmarks.measure.rows import difference
from benchmarks.measure.server import Running, serve
from nereus.bench.stats import geometric_mean
from nereus.warehouse.client import COMPUTE_ALWAYS

#: From this scale on the share counts, below it the milliseconds.
LARGE_SCALE = 10
RATIO = 1.10
EXTRA_MS = 2.0
AVERAGE_MS = 1000.0


@dataclass(frozen=True)
class Measured:
    """Times of one query in ms, in the order of the repeats, and what its rows differ in.

    `wire_cpu_ms` and `native_cpu_ms` are the processor time of the two processes for one run: other work on the machine
    disturbs them less.
    """

    name: str
    rows: int
    wire_ms: tuple[float, ...]
    native_ms: tuple[float, ...]
    different: str | None
    wire_cpu_ms: float
    native_cpu_ms: float

    @property
    def ratio(self) -> float:
        return median(self.wire_ms) / median(self.native_ms)

    @property
    def extra_ms(self) -> float:
        return median(self.wire_ms) - median(self.native_ms)


def measure(
    suite: str = "ssb",
    scale: float = 1,
    repeats: int = 8,
    starts: int = 4,
    threads: int = 2,
    memory_gb: float = 8,
    driver: str = "pymysql",
) -> list[Finding]:
    data, module = dataset(suite, scale), pymysql if driver == "pymysql" else mysqlclient()
    if module is None:
        return [not_run(f"{suite} SF {scale:g} with {driver}", f"{driver} cannot be built; it needs: {NEEDS}")]
    runs = []
    with tempfile.TemporaryDirectory(prefix="nereus-measure-") as folder:
        with both(Path(folder), threads, memory_gb) as (server, beside):
            say(f"loading {data.database} into the warehouse")
            load(server.client, data)
            say(f"loading {data.database} into DuckDB")
            load_native(beside.run, data)
        for start in range(starts):
            say(f"start {start + 1} of {starts}: {len(data.queries)} queries {repeats} times here and there")
            with (
                both(Path(folder), threads, memory_gb) as (server, beside),
                closing(_connect(module, server, data)) as connection,
            ):
                runs.append([compare(server, connection, beside, query, repeats) for query in data.queries])
    measured = [together(same) for same in zip(*runs, strict=True)]
    CONSOLE.print(_table(measured))
    return findings(measured, suite, scale)


def _connect(module: Any, server: Running, data: Dataset) -> Any:  # noqa: ANN401 - one of two drivers
    login = {"user": "root", "password": server.password, "database": data.database, "charset": "utf8mb4"}
    return module.connect(host="127.0.0.1", port=server.mysql_port, init_command=COMPUTE_ALWAYS, **login)


@contextmanager
def both(folder: Path, threads: int, memory_gb: float) -> Iterator[tuple[Running, Native]]:
    """A warehouse and a DuckDB on their files in `folder`."""
    with (
        serve(folder, memory_gb, threads) as server,
        native(folder / "native.duckdb", threads, memory_gb) as beside,
    ):
        yield server, beside


def compare(server: Running, connection: Any, beside: Native, query: Query, repeats: int) -> Measured:  # noqa: ANN401
    """Run a query once each to compare the rows and warm both up, then `repeats` times in turn."""
    _, rows = over_the_wire(connection, query.doris)
    different = difference(rows, beside.run(query.native)[1])
    wire, alone = [], []
    wire_cpu, native_cpu = -server.cpu_ms, -beside.cpu_ms
    for _ in range(repeats):
        wire.append(over_the_wire(connection, query.doris)[0] * 1000)
        alone.append(beside.run(query.native)[0] * 1000)
    wire_cpu, native_cpu = (wire_cpu + server.cpu_ms) / repeats, (native_cpu + beside.cpu_ms) / repeats
    return Measured(query.name, len(rows), tuple(wire), tuple(alone), different, wire_cpu, max(native_cpu, 0.1))


def together(runs: Sequence[Measured]) -> Measured:
    """The same query in several starts as one."""
    return Measured(
        runs[0].name,
        runs[0].rows,
        tuple(time for run in runs for time in run.wire_ms),
        tuple(time for run in runs for time in run.native_ms),
        next((run.different for run in runs if run.different), None),
        fmean(run.wire_cpu_ms for run in runs),
        fmean(run.native_cpu_ms for run in runs),
    )


def over_the_wire(connection: Any, sql: str) -> tuple[float, Sequence[Sequence[Any]]]:  # noqa: ANN401
    """Seconds until the client holds all rows, and the rows."""
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows = cursor.fetchall()
    return time.perf_counter() - started, rows


def findings(measured: Sequence[Measured], suite: str, scale: float) -> list[Finding]:
    """What was promised, beside what was found. Pure."""
    ratio = geometric_mean([one.ratio for one in measured])
    extra = median(one.extra_ms for one in measured)
    average = fmean(time for one in measured for time in one.wire_ms)
    worst = max(measured, key=lambda one: one.extra_ms)
    what = f"{suite} SF {scale:g}"
    processor = sum(one.wire_cpu_ms for one in measured) / sum(one.native_cpu_ms for one in measured)
    large, promised = scale >= LARGE_SCALE, suite == "ssb"
    ratio_text, extra_text = f"{what}: wire / native, geometric mean", f"{what}: extra per query, median"
    average_text = f"{what}: warm average over the wire"
    different = [one.name for one in measured if one.different]
    return [
        at_most(ratio_text, ratio, RATIO) if promised and large else note(ratio_text, f"{ratio:.2f}"),
        at_most(extra_text, extra, EXTRA_MS, " ms") if promised and not large else note(extra_text, f"{extra:.2f} ms"),
        note(f"{what}: extra of the worst query", f"{worst.extra_ms:.2f} ms ({worst.name})"),
        at_most(average_text, average, AVERAGE_MS, " ms", digits=0)
        if promised and large
        else note(average_text, f"{average:.1f} ms"),
        note(f"{what}: processor time wire / native", f"{processor:.2f}"),
        holds(
            f"{what}: queries with the same rows",
            f"{len(measured) - len(different)} of {len(measured)}" + "".join(f", not {name}" for name in different),
            "all",
            kept=not different,
        ),
    ]


def _table(measured: Sequence[Measured]) -> Table:
    table = Table("query", box=None, pad_edge=False)
    for heading in ("rows", "native ms", "wire ms", "ratio", "extra ms", "native CPU ms", "wire CPU ms"):
        table.add_column(heading, justify="right")
    table.add_column("difference")
    for one in measured:
        times = (
            f"{median(one.native_ms):.1f}",
            f"{median(one.wire_ms):.1f}",
            f"{one.ratio:.2f}",
            f"{one.extra_ms:+.2f}",
        )
        cpu = (f"{one.native_cpu_ms:.0f}", f"{one.wire_cpu_ms:.0f}")
        table.add_row(one.name, f"{one.rows}", *times, *cpu, one.different or "")
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", choices=SUITES, default="ssb")
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--repeats", type=int, default=8, help="after each start")
    parser.add_argument("--starts", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory-gb", type=float, default=8)
    parser.add_argument("--driver", choices=("pymysql", "mysqlclient"), default="pymysql")
    return report("What the wire costs", measure(**vars(parser.parse_args())))


if __name__ == "__main__":
    sys.exit(main())
