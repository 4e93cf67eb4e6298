"""Dashboards with and without a scientist's heavy scans in a loop beside them.

    .venv/bin/python -m benchmarks.measure.isolation [--scale 1] [--clients 16] [--rounds 5] [--seconds 8]

Dashboards ask small questions of one month each, without think time, in the workload group `analysts`. The scientist
scans the whole fact table again and again in the group `scientists`, whose max_cpu_percent is below 100. Rounds without
and with the scientist take turns in one run, so that what else the machine does hits both; a third kind of round, with
the same scans in a group without limits, shows what the limits are good for.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import secrets
import statistics
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import pymysql

from benchmarks.measure.data import dataset, load
from benchmarks.measure.findings import Finding, at_most, holds, note, report, say
from benchmarks.measure.server import Running, warehouse
from nereus.warehouse.client import COMPUTE_ALWAYS, Warehouse

#: The promise, and what must hold even on a bad day.
GROWTH, WORST = 1.2, 1.5

DASHBOARD = (
    "SELECT SUM(lo_revenue), COUNT(*) FROM lineorder WHERE {month}",
    "SELECT lo_orderdate, SUM(lo_revenue) FROM lineorder WHERE {month} GROUP BY lo_orderdate ORDER BY lo_orderdate",
    "SELECT lo_shipmode, AVG(lo_quantity), COUNT(*) FROM lineorder WHERE {month} GROUP BY lo_shipmode",
    "SELECT lo_orderpriority, SUM(lo_extendedprice * lo_discount) FROM lineorder WHERE {month} AND lo_discount > 5"
    " GROUP BY lo_orderpriority ORDER BY 2 DESC",
    "SELECT s_nation, SUM(lo_revenue) FROM lineorder, supplier WHERE lo_suppkey = s_suppkey AND {month}"
    " GROUP BY s_nation ORDER BY 2 DESC LIMIT 10",
    "SELECT s_region, COUNT(*) FROM supplier GROUP BY s_region ORDER BY s_region",
)
SCANS = (
    "SELECT lo_custkey, COUNT(DISTINCT lo_partkey), SUM(lo_revenue) FROM lineorder GROUP BY lo_custkey"
    " ORDER BY 2 DESC, 1 LIMIT 10",
    "SELECT c_nation, p_category, SUM(lo_revenue), AVG(lo_quantity) FROM lineorder, customer, part"
    " WHERE lo_custkey = c_custkey AND lo_partkey = p_partkey GROUP BY c_nation, p_category ORDER BY 3 DESC LIMIT 10",
)
GROUPS = {
    "analysts": {"min_cpu_percent": "60%"},
    "normal": {},
    "scientists": {"max_cpu_percent": "40%", "max_memory_percent": "50%", "max_concurrency": "2"},
}
_WARM_SECONDS = 2.0

Question = Callable[[random.Random], str]


def measure(scale: float = 1, clients: int = 16, rounds: int = 5, seconds: float = 8) -> list[Finding]:
    data = dataset("ssb", scale)
    with warehouse() as server:
        say("loading")
        load(server.client, data)
        return compare(server, clients, rounds, seconds)


def compare(server: Running, clients: int, rounds: int, seconds: float) -> list[Finding]:
    """Measure on a warehouse that holds the database `retail`."""
    users = provide(server.client)
    calm, beside, free = _Times(), _Times(), _Times()
    scans: list[float] = []
    with (
        _Child(_dashboard, users["analysts"], clients) as dashboards,
        _Child(_scan, users["scientists"], 1) as scientist,
        _Child(_scan, users["normal"], 1) as unlimited,
    ):
        say("the scientist alone")
        alone = scientist.during(2 * seconds)
        dashboards.during(_WARM_SECONDS)
        for number in range(rounds):
            for times, heavy in ((calm, None), (beside, scientist), (free, unlimited)):
                if heavy is not None:
                    heavy.start()
                    dashboards.during(_WARM_SECONDS)
                times.rounds.append(dashboards.during(seconds))
                if heavy is not None:
                    done = heavy.stop()
                    scans += done if heavy is scientist else []
            say(
                f"round {number + 1}: p95 {calm.last:.1f} ms, beside scans {beside.last:.1f} ms, "
                f"beside scans without limits {free.last:.1f} ms"
            )
    growth = [one / other for one, other in zip(beside.each, calm.each, strict=True)]
    unguarded = [one / other for one, other in zip(free.each, calm.each, strict=True)]
    return [
        at_most(f"{clients} dashboards' p95 beside scans, against without", statistics.median(growth), GROWTH, " x"),
        at_most("The worst round", max(growth), WORST, " x"),
        note("The same beside scans in a group without limits", f"{statistics.median(unguarded):.2f} x"),
        holds("Scans that the scientist completed meanwhile", f"{len(scans)}", "at least one", kept=bool(scans)),
        note("A scan took (median)", f"{_median(scans):,.0f} ms beside dashboards, {_median(alone):,.0f} ms alone"),
        calm.note("without scans", seconds),
        beside.note("beside scans", seconds),
        free.note("beside scans without limits", seconds),
    ]


@dataclass
class _Times:
    """Times of dashboard queries by round, ms."""

    rounds: list[list[float]] = field(default_factory=list)

    @property
    def all(self) -> list[float]:
        return [time for one in self.rounds for time in one]

    @property
    def each(self) -> list[float]:
        """The p95 of each round."""
        return [_p95(one) for one in self.rounds]

    @property
    def last(self) -> float:
        return _p95(self.rounds[-1])

    def note(self, when: str, seconds: float) -> Finding:
        speed = len(self.all) / len(self.rounds) / seconds
        found = f"p50 {_median(self.all):.1f} ms, p95 {_p95(self.all):.1f} ms, {speed:,.0f} /s"
        return note(f"Dashboards {when}", found)


def provide(root: Warehouse) -> dict[str, Warehouse]:
    """Make the workload groups and one user for each, who may read `retail`. Returns their clients by group."""
    users: dict[str, Warehouse] = {}
    for group, properties in GROUPS.items():
        password = secrets.token_urlsafe(18) + "aA1!"
        listed = ", ".join(f"'{key}' = '{value}'" for key, value in {"max_queue_size": "9", **properties}.items())
        for text in (
            f"CREATE WORKLOAD GROUP IF NOT EXISTS {group} PROPERTIES ({listed})",
            f"DROP USER IF EXISTS {group}_user",
            f"CREATE USER {group}_user IDENTIFIED BY '{password}'",
            f"GRANT SELECT_PRIV ON retail.* TO {group}_user",
            f"GRANT USAGE_PRIV ON WORKLOAD GROUP '{group}' TO {group}_user",
            f"SET PROPERTY FOR '{group}_user' 'default_workload_group' = '{group}'",
        ):
            root.execute(text)
        users[group] = Warehouse(root.host, root.mysql_port, root.http_port, f"{group}_user", password)
    return users


# Clients, each kind in a process of its own


class _Child:
    """A process whose clients ask one question after the other between `start` and `stop`; gives their times, ms."""

    def __init__(self, question: Question, warehouse: Warehouse, clients: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, its = context.Pipe()
        self._process = context.Process(target=_obey, args=(its, question, warehouse, clients), daemon=True)

    def __enter__(self) -> _Child:
        """Once all clients are connected."""
        self._process.start()
        self._pipe.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.send("end")
        self._process.join(60)
        if self._process.is_alive():
            self._process.kill()

    def start(self) -> None:
        self._pipe.send("start")

    def stop(self) -> list[float]:
        """Wait for what is under way. Raises RuntimeError where a question failed or none was answered."""
        self._pipe.send("stop")
        times, error = self._pipe.recv()
        if error or not times:
            raise RuntimeError(error or "nothing was answered in time: give more --seconds")
        return list(times)

    def during(self, seconds: float) -> list[float]:
        self.start()
        time.sleep(seconds)
        return self.stop()


def _obey(pipe: Connection, question: Question, warehouse: Warehouse, clients: int) -> None:
    connections = [warehouse.connect("retail", first=COMPUTE_ALWAYS) for _ in range(clients)]
    chances = [random.Random(number) for number in range(clients)]  # noqa: S311 - repeatable questions
    pipe.send("ready")
    with ThreadPoolExecutor(clients) as pool:
        while pipe.recv() == "start":
            done = threading.Event()
            loops = [
                pool.submit(_loop, connection, question, done, chance)
                for connection, chance in zip(connections, chances, strict=True)
            ]
            pipe.recv()
            done.set()
            errors = [f"{type(error).__name__}: {error}" for loop in loops if (error := loop.exception())]
            pipe.send(([], errors[0]) if errors else ([time for loop in loops for time in loop.result()], ""))


def _loop(
    connection: pymysql.Connection[Any], question: Question, done: threading.Event, chance: random.Random
) -> list[float]:
    times: list[float] = []
    with connection.cursor() as cursor:
        while not done.is_set():
            text = question(chance)
            started = time.perf_counter()
            cursor.execute(text)
            cursor.fetchall()
            times.append((time.perf_counter() - started) * 1000)
    return times


def _dashboard(chance: random.Random) -> str:
    year, month = chance.randint(1992, 1997), chance.randint(1, 12)
    following = f"{year + month // 12}-{month % 12 + 1:02}-01"
    period = f"lo_orderdate >= '{year}-{month:02}-01' AND lo_orderdate < '{following}'"
    return chance.choice(DASHBOARD).format(month=period)


def _scan(chance: random.Random) -> str:
    return chance.choice(SCANS)


def _median(times: list[float]) -> float:
    return statistics.median(times) if times else float("nan")


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8)
    return report("Analysts beside a scientist", measure(**vars(parser.parse_args())))


if __name__ == "__main__":
    sys.exit(main())
