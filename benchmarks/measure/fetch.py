"""Fetching 1,000,000 rows of four columns: ours against mysql-mimic's own encoder, alternating in one run.

    .venv/bin/python -m benchmarks.measure.fetch [--rows 1000000] [--repeats 5]

The client is mysqlclient (C) where it is installed, so that the server is what is measured; PyMySQL is shown beside it.
Also shown: time to the first row, and the server's memory while it streams.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pymysql
import pymysql.cursors

from benchmarks.measure.server import Running, free_port, warehouse

DATA = "SELECT i::BIGINT AS k, 'Customer#' || lpad(i::VARCHAR, 9, '0') AS name, (i % 7919)::INTEGER AS v, \
(i * 0.37)::DECIMAL(15,2) AS amount FROM range({rows}) r(i)"
TABLE = """CREATE TABLE fetch.t (k BIGINT NOT NULL, name VARCHAR(32), v INT, amount DECIMAL(15,2))
DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1 PROPERTIES ("replication_num" = "1")"""
FIRST_ROW_SECONDS = 0.5
FACTOR = 2.2


@contextmanager
def stock(parquet: Path) -> Iterator[int]:
    """The yardstick on its own copy of the data."""
    file, port = parquet.with_suffix(".duckdb"), free_port()
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE TABLE t AS FROM read_parquet(?)", [str(parquet)])
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.measure.stock_server", str(file), str(port)], stdout=subprocess.PIPE
    )
    try:
        if process.stdout is None or process.stdout.readline() != b"ready\n":
            raise SystemExit("the stock server did not start")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def fetch(module: Any, port: int, password: str, sql: str) -> tuple[float, int]:  # noqa: ANN401
    """Seconds to run `sql` and hold all its rows, and their number."""
    connection = module.connect(host="127.0.0.1", port=port, user="root", passwd=password)
    cursor = connection.cursor()
    started = time.perf_counter()
    cursor.execute(sql)
    rows = len(cursor.fetchall())
    seconds = time.perf_counter() - started
    connection.close()
    return seconds, rows


def first_row(server: Running) -> float:
    """Seconds from sending the statement to holding its first row, unbuffered."""
    connection = server.connect()
    cursor = connection.cursor(pymysql.cursors.SSCursor)
    started = time.perf_counter()
    cursor.execute("SELECT * FROM fetch.t")
    cursor.fetchone()
    seconds = time.perf_counter() - started
    connection._force_close()
    return seconds


def watched(server: Running, work: Callable[[], object]) -> float:
    """The most memory the server held above its level before `work`, in MB."""
    before, peak, done = server.rss_mb, [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], server.rss_mb)

    thread = threading.Thread(target=watch)
    thread.start()
    work()
    done.set()
    thread.join()
    return peak[0] - before


def client_module() -> Any | None:  # noqa: ANN401
    try:
        return importlib.import_module("MySQLdb")
    except ImportError:
        return None


def compare(name: str, module: Any, server: Running, port: int, repeats: int) -> float:  # noqa: ANN401
    """Alternate both servers, print their medians, and return how many times as fast ours is."""
    ours, theirs, rows = [], [], 0
    for _ in range(repeats):
        seconds, rows = fetch(module, server.mysql_port, server.password, "SELECT * FROM fetch.t")
        ours.append(seconds)
        theirs.append(fetch(module, port, "", "SELECT * FROM t")[0])
    factor = median(their / our for our, their in zip(ours, theirs, strict=True))
    print(
        f"{name:<12} ours {rows / median(ours):>9,.0f} rows/s   mysql-mimic's encoder "
        f"{rows / median(theirs):>9,.0f} rows/s   x {factor:.2f}"
    )
    return factor


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with warehouse() as server:
        parquet = server.folder / "t.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({DATA.format(rows=options.rows)}) TO '{parquet}' (FORMAT parquet)")
        load(server, parquet)
        with stock(parquet) as port:
            compare("PyMySQL", pymysql, server, port, max(2, options.repeats // 2))
            module = client_module()
            factor = compare("mysqlclient", module, server, port, options.repeats) if module else None
        seconds = median(first_row(server) for _ in range(3))
        grown = watched(server, lambda: fetch(pymysql, server.mysql_port, server.password, "SELECT * FROM fetch.t"))
        print(f"first row after {seconds * 1000:.0f} ms; server memory while streaming: +{grown:.0f} MB at most")
        if factor is None:
            print("NOT RUN: mysqlclient is not installed (apt install libmariadb-dev, then uv pip install mysqlclient)")
            return 1
        return int(factor < FACTOR or seconds > FIRST_ROW_SECONDS)


def load(server: Running, parquet: Path) -> None:
    """Put the file into the table fetch.t by Stream Load."""
    from nereus.warehouse.client import Warehouse

    client = Warehouse("127.0.0.1", server.mysql_port, server.http_port, "root", server.password)
    client.execute("CREATE DATABASE fetch")
    client.execute(TABLE)
    client.stream_load("fetch", "t", parquet, format="parquet", label="fetch")


if __name__ == "__main__":
    sys.exit(main())
