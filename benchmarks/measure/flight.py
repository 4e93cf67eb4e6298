"""Fetching 1,000,000 rows of four columns over Arrow Flight SQL: against a bare Flight server, and the MySQL protocol.

    .venv/bin/python -m benchmarks.measure.flight [--rows 1000000] [--repeats 7]

The bare server is pyarrow's own with nothing around it; both read the same rows from DuckDB, in turn. The client is the
ADBC driver that Doris' manual names; for the bare server it is pyarrow's client. mysqlclient (C) speaks MySQL. A data
frame is made with Arrow's own column types, as the notebooks' helper makes it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import adbc_driver_flightsql.dbapi as adbc
import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.flight as fl

from benchmarks.measure.drivers import NEEDS, mysqlclient
from benchmarks.measure.fetch import ALL_ROWS, DATA, fetch, load
from benchmarks.measure.findings import Finding, at_least, at_most, holds, not_run, note, report, say
from benchmarks.measure.server import Running, warehouse
from nereus.warehouse.client import COMPUTE_ALWAYS

OF_BARE = 0.8
OF_MYSQL = 2.0
TO_PANDAS = 1.3


def measure(rows: int = 1_000_000, repeats: int = 7) -> list[Finding]:
    with warehouse() as server:
        file = server.folder / "t.parquet"
        with duckdb.connect() as db:
            db.execute(f"COPY ({DATA.format(rows=rows)}) TO '{file}' (FORMAT parquet)")
        load(server, file)
        with bare(file) as port:
            return compare(server, port, rows, repeats)


@contextmanager
def bare(parquet: Path) -> Iterator[int]:
    """The yardstick on its own copy of the data; gives its port."""
    file = parquet.with_suffix(".duckdb")
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE TABLE t AS FROM read_parquet(?)", [str(parquet)])
    command = [sys.executable, "-m", "benchmarks.measure.bare_flight_server", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        port = process.stdout.readline() if process.stdout else b""
        if not port:
            raise SystemExit("the bare Flight server did not start")
        yield int(port)
    finally:
        process.kill()
        process.wait()


def compare(server: Running, port: int, rows: int, repeats: int) -> list[Finding]:
    say(f"fetching {rows:,} rows {repeats} times here and there")
    address = f"grpc://127.0.0.1:{server.flight_port}"
    login = {"username": "root", "password": server.password}
    with (
        adbc.connect(address, login, autocommit=True) as connection,
        connection.cursor() as cursor,
        fl.connect(f"grpc://127.0.0.1:{port}") as client,
    ):
        for statement in ("USE measure", COMPUTE_ALWAYS):
            cursor.execute(statement)
            cursor.fetchall()

        def ours() -> pa.Table:
            cursor.execute(ALL_ROWS)
            return cursor.fetch_arrow_table()

        def theirs() -> pa.Table:
            return client.do_get(fl.Ticket(ALL_ROWS.encode())).read_all()

        def frame() -> object:
            # Columns stay Arrow's: decimals stay exact, and no Python object is made for each value.
            return ours().to_pandas(types_mapper=pd.ArrowDtype)

        same = ours().equals(theirs().cast(ours().schema))
        times: dict[str, list[float]] = {"flight": [], "bare": [], "pandas": [], "mysql": []}
        driver = mysqlclient()
        for _ in range(repeats):
            times["flight"].append(_seconds(ours))
            times["bare"].append(_seconds(theirs))
            times["pandas"].append(_seconds(frame))
            if driver is not None:
                times["mysql"].append(fetch(driver, server.mysql_port, server.password, "measure")[0])
    found = [holds("The same rows", "yes" if same else "no", "yes", kept=same)]
    found += [note(name, f"{rows / median(taken):,.0f} rows/s") for name, taken in times.items() if taken]
    found.append(at_least("Speed of the bare Flight server", _factor(times["bare"], times["flight"]), OF_BARE, " x"))
    what = "Speed of the MySQL protocol (mysqlclient)"
    if driver is None:
        found.append(not_run(what, f"mysqlclient cannot be built; it needs: {NEEDS}"))
    else:
        found.append(at_least(what, _factor(times["mysql"], times["flight"]), OF_MYSQL, " x"))
    found.append(at_most("To pandas, of the Arrow time", _factor(times["pandas"], times["flight"]), TO_PANDAS, " x"))
    return found


def _factor(others: list[float], ours: list[float]) -> float:
    return median(other / our for other, our in zip(others, ours, strict=True))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=7)
    return report("Arrow Flight SQL", measure(**vars(parser.parse_args())))


if __name__ == "__main__":
    sys.exit(main())
