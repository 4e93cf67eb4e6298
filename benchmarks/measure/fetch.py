"""Fetching 1,000,000 rows of four columns: the warehouse against mysql-mimic's own encoder, in turn.

    .venv/bin/python -m benchmarks.measure.fetch [--rows 1000000] [--repeats 5]

The client is mysqlclient (C), so that the server is what is measured; PyMySQL is shown beside it. mysqlclient is no
part of the project's environment: it is built once into the cache folder, which needs libmariadb-dev, pkg-config and a
compiler. Also measured: the time to the first row, and the server's memory while a client reads ten times as many rows
and stops reading in between.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pymysql
import pymysql.cursors

from benchmarks.measure.drivers import NEEDS, mysqlclient
from benchmarks.measure.findings import Finding, at_least, at_most, not_run, note, report, say
from benchmarks.measure.server import Running, warehouse
from nereus.warehouse.client import COMPUTE_ALWAYS

DATA = "SELECT i::BIGINT AS k, 'Customer#' || lpad(i::VARCHAR, 9, '0') AS name, (i % 7919)::INTEGER AS v, \
(i * 0.37)::DECIMAL(15,2) AS amount FROM range({rows}) r(i)"
TABLE = """CREATE TABLE measure.t (k BIGINT NOT NULL, name VARCHAR(32), v INT, amount DECIMAL(15,2))
DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1 PROPERTIES ("replication_num" = "1")"""
ALL_ROWS = "SELECT k, name, v, amount FROM t"
TEN_TIMES = f"{ALL_ROWS} CROSS JOIN (SELECT k AS n FROM t WHERE k < 10) AS ten"

FIRST_ROW_SECONDS = 0.5
FACTOR = 2.2
#: Ten million rows are 320 MB on the wire: what a server that collects them would grow by at least.
FLAT_MB = 100.0
PAUSE_SECONDS = 3.0


def measure(rows: int = 1_000_000, repeats: int = 5) -> list[Finding]:
    found: list[Finding] = []
    with warehouse() as server:
        file = server.folder / "t.parquet"
        with duckdb.connect() as db:
            db.execute(f"COPY ({DATA.format(rows=rows)}) TO '{file}' (FORMAT parquet)")
        load(server, file)
        with stock(file) as port:
            factor = compare(pymysql, server, port, max(2, repeats // 2), found)
            found.append(note("PyMySQL: against mysql-mimic's encoder", f"{factor:.2f} x"))
            what = "mysqlclient: against mysql-mimic's encoder"
            driver = mysqlclient()
            if driver is None:
                found.append(not_run(what, f"mysqlclient cannot be built; it needs: {NEEDS}"))
            else:
                found.append(at_least(what, compare(driver, server, port, repeats, found), FACTOR, " x"))
        seconds = median(first_row(server) for _ in range(3))
        found.append(at_most(f"First of {rows:,} rows after", seconds, FIRST_ROW_SECONDS, " s", digits=3))
        say(f"reading {10 * rows:,} rows with a pause")
        grown = watched(server, lambda: read_with_a_pause(server))
        found.append(at_most(f"Server memory while streaming {10 * rows:,} rows: +", grown, FLAT_MB, " MB", digits=0))
    return found


@contextmanager
def stock(parquet: Path) -> Iterator[int]:
    """The yardstick on its own copy of the data; gives its port."""
    file = parquet.with_suffix(".duckdb")
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE TABLE t AS FROM read_parquet(?)", [str(parquet)])
    command = [sys.executable, "-m", "benchmarks.measure.stock_server", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        port = process.stdout.readline() if process.stdout else b""
        if not port:
            raise SystemExit("the stock server did not start")
        yield int(port)
    finally:
        process.kill()
        process.wait()


def compare(module: Any, server: Running, port: int, repeats: int, found: list[Finding]) -> float:  # noqa: ANN401
    """Fetch in turn here and there. Returns how many times as fast the warehouse is; notes both speeds."""
    ours, theirs, rows = [], [], 0
    for _ in range(repeats):
        seconds, rows = fetch(module, server.mysql_port, server.password, "measure")
        ours.append(seconds)
        theirs.append(fetch(module, port, "", None)[0])
    name = "PyMySQL" if module is pymysql else "mysqlclient"
    speeds = f"{rows / median(ours):,.0f} rows/s against {rows / median(theirs):,.0f} rows/s"
    found.append(note(f"{name}: {rows:,} rows x 4 columns", speeds))
    return median(their / our for our, their in zip(ours, theirs, strict=True))


def fetch(module: Any, port: int, password: str, database: str | None) -> tuple[float, int]:  # noqa: ANN401
    """Seconds until the client holds all rows, and their number."""
    # The stock server has neither a database nor a cache.
    where = {"database": database, "init_command": COMPUTE_ALWAYS} if database else {}
    connection = module.connect(host="127.0.0.1", port=port, user="root", password=password, **where)
    try:
        cursor = connection.cursor()
        started = time.perf_counter()
        cursor.execute(ALL_ROWS)
        rows = len(cursor.fetchall())
        return time.perf_counter() - started, rows
    finally:
        connection.close()


def first_row(server: Running) -> float:
    """Seconds from sending the statement to holding its first row; the connection exists already."""
    with closing(server.connect("measure")) as connection, connection.cursor(pymysql.cursors.SSCursor) as cursor:
        started = time.perf_counter()
        cursor.execute(ALL_ROWS)
        cursor.fetchone()
        return time.perf_counter() - started


def read_with_a_pause(server: Running) -> None:
    """Read a tenth, let the server wait for the client, and read the rest."""
    with closing(server.connect("measure")) as connection, connection.cursor(pymysql.cursors.SSCursor) as cursor:
        cursor.execute(TEN_TIMES)
        read = 0
        while batch := cursor.fetchmany(10_000):
            if read < 1_000_000 <= read + len(batch):
                time.sleep(PAUSE_SECONDS)  # a client that does not read is what is measured
            read += len(batch)


def watched(server: Running, work: Callable[[], object]) -> float:
    """The most memory the server held above its level before `work`, in MB."""
    before, peak, done = server.rss_mb, [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], server.rss_mb)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        work()
    finally:
        done.set()
        thread.join()
    return max(0.0, peak[0] - before)


def load(server: Running, parquet: Path) -> None:
    """Put the file into the table measure.t by Stream Load."""
    client = server.client
    client.execute("CREATE DATABASE measure")
    client.execute(TABLE)
    client.stream_load("measure", "t", parquet, label="fetch")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    return report("Fetching", measure(**vars(parser.parse_args())))


if __name__ == "__main__":
    sys.exit(main())
