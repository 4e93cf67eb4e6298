"""Run a suite over the wire: once cold, then warm, then with several clients at once."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pymysql

from nereus.bench.results import ConcurrentResult, QueryResult
from nereus.bench.stats import summarise
from nereus.bench.suites import Query, Suite
from nereus.errors import Failure
from nereus.warehouse.client import COMPUTE_ALWAYS, Warehouse

#: Told after each step: what was done, steps done, steps in all.
Progress = Callable[[str, int, int], None]


def timed(connection: pymysql.Connection[Any], sql: str) -> tuple[float, int]:
    """Run one statement and read all its rows. Returns ms and the number of rows."""
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows = cursor.fetchall()
    return (time.perf_counter() - started) * 1000, len(rows)


def run_alone(
    warehouse: Warehouse, suite: Suite, repeats: int, restart: Callable[[], None] | None, progress: Progress
) -> tuple[QueryResult, ...]:
    """Each query once cold, then `repeats` times warm, one after another.

    Cold is the first run of each query after `restart` has restarted the warehouse; without it nothing is called cold.
    """
    if restart is not None:
        restart()
    steps = len(suite.queries) * (repeats + 1)
    cold: dict[str, tuple[float, int]] = {}
    warm: dict[str, list[float]] = {query.name: [] for query in suite.queries}
    connection = warehouse.connect(suite.database, first=COMPUTE_ALWAYS)
    try:
        for done, query in enumerate(suite.queries, 1):
            cold[query.name] = _checked(connection, query)
            progress(f"{query.name} first run", done, steps)
        for repeat in range(repeats):
            for number, query in enumerate(suite.queries, 1):
                elapsed, rows = _checked(connection, query)
                if rows != cold[query.name][1]:
                    raise Failure(f"{query.name} gave {rows} rows after {cold[query.name][1]}: the data changed")
                warm[query.name].append(round(elapsed, 3))
                progress(f"{query.name} warm {repeat + 1}", len(suite.queries) * (repeat + 1) + number, steps)
    finally:
        connection.close()
    return tuple(
        QueryResult(
            name=name,
            rows=rows,
            cold_ms=round(elapsed, 3) if restart is not None else None,
            warm_ms=tuple(warm[name]),
        )
        for name, (elapsed, rows) in cold.items()
    )


def run_together(warehouse: Warehouse, suite: Suite, clients: int, rounds: int) -> ConcurrentResult:
    """`clients` connections at once, each running every query `rounds` times in an order of its own.

    Raises Failure with the first error: a benchmark that lost statements has no result.
    """
    times: list[list[float]] = [[] for _ in range(clients)]
    errors: list[Exception] = []
    gate = threading.Barrier(clients + 1)

    def client(number: int) -> None:
        # Seeded, so that every run asks in the same orders.
        order = random.Random(number)  # noqa: S311
        connection = warehouse.connect(suite.database, first=COMPUTE_ALWAYS)
        try:
            gate.wait()
            for _ in range(rounds):
                for query in _shuffled(suite.queries, order):
                    times[number].append(timed(connection, query.sql)[0])
        except Exception as error:
            errors.append(error)
            gate.abort()
        finally:
            connection.close()

    threads = [threading.Thread(target=client, args=(number,), daemon=True) for number in range(clients)]
    for thread in threads:
        thread.start()
    # A client that could not connect breaks the gate; its error is raised below.
    with contextlib.suppress(threading.BrokenBarrierError):
        gate.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    if errors:
        raise Failure(f"{suite.name} with {clients} clients: {errors[0]}") from errors[0]
    found = summarise([one for several in times for one in several])
    return ConcurrentResult(
        clients=clients,
        statements=found.count,
        seconds=round(seconds, 3),
        average_ms=round(found.average_ms, 3),
        p50_ms=round(found.p50_ms, 3),
        p95_ms=round(found.p95_ms, 3),
        max_ms=round(found.max_ms, 3),
        under_1s=round(found.under_1s, 4),
    )


def _shuffled(queries: Sequence[Query], order: random.Random) -> list[Query]:
    return order.sample(list(queries), len(queries))


def _checked(connection: pymysql.Connection[Any], query: Query) -> tuple[float, int]:
    try:
        return timed(connection, query.sql)
    except pymysql.Error as error:
        raise Failure(f"benchmark query {query.name} failed: {error}") from error
