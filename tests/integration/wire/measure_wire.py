"""Measures the MySQL port; run by hand on a quiet machine: ``python -m tests.integration.wire.measure_wire``.

- Rows a second of 1,000,000 rows x 4 columns, beside mysql-mimic's own encoder over the same DuckDB: with mysqlclient
  where it is installed (the target is 2.2 times as fast), with PyMySQL otherwise.
- Milliseconds to the first row of that result (the target is 500).
- Statements a second over 64 connections (the target is 1,500 on one core).

Both servers run in one child process each; the figures are medians and only their ratio is worth comparing.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import multiprocessing
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb
import pymysql

try:
    driver = importlib.import_module("MySQLdb")
except ImportError:
    driver = pymysql

ROWS = 1_000_000
PASSWORD = "measure"
DORIS = (
    "SELECT number AS a, cast(number * 7919 % 100000 AS int) AS b, concat('name', number % 1000) AS c, "
    f"cast(number * 1.25 AS decimal(15,2)) AS d FROM numbers('number' = '{ROWS}')"
)
DUCKDB = (
    "SELECT i AS a, (i * 7919 % 100000)::int AS b, 'name' || (i % 1000) AS c, (i * 1.25)::decimal(15,2) AS d "
    f"FROM range({ROWS}) t(i)"
)


async def ours(ready: Connection) -> None:
    from nereus.warehouse.embedded.warehouse import Warehouse
    from nereus.warehouse.embedded.wire.server import serve_mysql

    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse.open(Path(folder), memory_gb=2, threads=2, root_password=PASSWORD)
        server = await serve_mysql(warehouse, "127.0.0.1", 0)
        ready.send(server.port)
        await asyncio.Event().wait()


async def stock(ready: Connection) -> None:
    """mysql-mimic as its documentation shows it, with the query in a thread."""
    from mysql_mimic import MysqlServer
    from mysql_mimic.results import ResultColumn, ResultSet
    from mysql_mimic.session import BaseSession
    from mysql_mimic.types import ColumnType
    from mysql_mimic.variables import GlobalVariables, SessionVariables

    kinds = (ColumnType.LONGLONG, ColumnType.LONG, ColumnType.VARCHAR, ColumnType.NEWDECIMAL)

    class Session(BaseSession):
        def __init__(self) -> None:
            self.variables = SessionVariables(GlobalVariables())
            self.username = self.database = None
            self.cursor = duckdb.connect(":memory:", config={"threads": 2})

        async def init(self, connection: Any) -> None: ...

        async def close(self) -> None: ...

        async def reset(self) -> None: ...

        async def handle_query(self, sql: str, attrs: Any) -> Any:
            if "numbers" not in sql:
                return None
            rows = await asyncio.to_thread(lambda: self.cursor.execute(DUCKDB).fetchall())
            return ResultSet(rows, [ResultColumn(name, kind) for name, kind in zip("abcd", kinds, strict=True)])

    server = MysqlServer(session_factory=Session)
    await server.start_server(host="127.0.0.1", port=0)
    ready.send(server.sockets()[0].getsockname()[1])
    await asyncio.Event().wait()


def run(serve: Callable[[Connection], Any], ready: Connection) -> None:
    asyncio.run(serve(ready))


class Child:
    """A server in a process of its own."""

    def __init__(self, serve: Callable[[Connection], Any], password: str) -> None:
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        self.process = context.Process(target=run, args=(serve, there), daemon=True)
        self.process.start()
        self.password = password
        self.port = here.recv()

    def connect(self, module: Any = driver) -> Any:
        return module.connect(host="127.0.0.1", port=self.port, user="root", password=self.password)


def fetch_seconds(child: Child) -> float:
    connection = child.connect()
    cursor = connection.cursor()
    began = time.perf_counter()
    cursor.execute(DORIS)
    assert len(cursor.fetchall()) == ROWS
    spent = time.perf_counter() - began
    connection.close()
    return spent


def first_row_seconds(child: Child) -> float:
    connection = child.connect(pymysql)
    began = time.perf_counter()
    connection._execute_command(3, DORIS)
    for _ in range(4 + 1 + 1 + 1):  # the count, four columns, their end, a row
        connection._read_packet()
    spent = time.perf_counter() - began
    connection._force_close()
    return spent


def statements_a_second(child: Child, connections: int = 64, seconds: float = 5.0) -> float:
    done = [0] * connections
    start = threading.Barrier(connections + 1)

    def client(number: int) -> None:
        connection = child.connect()
        cursor = connection.cursor()
        start.wait()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            cursor.execute("SELECT 1")
            done[number] += 1
        connection.close()

    with ThreadPoolExecutor(connections) as pool:
        waiting = [pool.submit(client, number) for number in range(connections)]
        start.wait()
        for one in waiting:
            one.result()
    return sum(done) / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    repeat = parser.parse_args().repeat
    own, other = Child(ours, PASSWORD), Child(stock, "")
    times = [(fetch_seconds(own), fetch_seconds(other)) for _ in range(repeat)]
    fast, slow = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"{driver.__name__}: {ROWS:,} rows x 4 columns in {fast:.2f} s, mysql-mimic's encoder {slow:.2f} s")
    print(f"ratio {slow / fast:.2f}")
    print(f"first row after {statistics.median(first_row_seconds(own) for _ in range(repeat)) * 1000:.0f} ms")
    print(f"{statements_a_second(own):.0f} statements a second over 64 connections")
    for child in (own, other):
        child.process.terminate()
        child.process.join()


if __name__ == "__main__":
    main()
