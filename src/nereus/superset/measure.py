"""Measures dashboards as analysts feel them: all charts of one opened at once, over Superset's own interface."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta

from nereus.bench import stats
from nereus.bench.results import ConcurrentResult, QueryResult
from nereus.superset.api import Chart, Superset
from nereus.warehouse.client import Queries

#: Browsers open this many connections to one server.
_CONNECTIONS = 6
Login = Callable[[], Superset]


@dataclass(frozen=True)
class Dashboard:
    slug: str
    number: int
    charts: tuple[Chart, ...]


@dataclass
class Viewer:
    """One person: a session per connection, as a browser has."""

    login: Login
    sessions: list[Superset] = field(default_factory=list)

    def __post_init__(self) -> None:
        first = self.login()
        self.sessions = [first, *(first.again() for _ in range(_CONNECTIONS - 1))]

    def open(self, dashboard: Dashboard, *, force: bool = False, period: str | None = None) -> tuple[float, int]:
        """Ask for every chart, of a time range if told. Gives ms until the last one is there, and the rows of all."""
        waiting = list(dashboard.charts)
        lock, rows = threading.Lock(), [0]

        def work(session: Superset) -> None:
            while True:
                with lock:
                    if not waiting:
                        return
                    chart = waiting.pop()
                answer = session.ask(chart, dashboard=dashboard.number, force=force, period=period)
                with lock:
                    rows[0] += answer.rows

        started = time.perf_counter()
        with ThreadPoolExecutor(len(self.sessions)) as pool:
            for done in [pool.submit(work, session) for session in self.sessions]:
                done.result()
        return (time.perf_counter() - started) * 1000, rows[0]


def dashboards(session: Superset) -> list[Dashboard]:
    """Every dashboard that this person sees."""
    return [Dashboard(slug, number, tuple(session.charts(slug))) for slug, number in session.dashboards().items()]


def unseen_period(chance: random.Random) -> str:
    """A time range that holds all data, one of 400 million: no cache has an answer for it."""
    first, last = date(1940, 1, 1) + timedelta(chance.randrange(15_000)), date(2030, 1, 1)
    return f"{first} : {last + timedelta(chance.randrange(25_000))}"


def caches(warehouse: Queries) -> str:
    """Which caches may answer for a dashboard, in words. `warehouse` is asked as any user."""
    (row,) = warehouse.query("SELECT @@enable_sql_cache AS kept")
    kept = "on" if str(row["kept"]).lower() in ("1", "true") else "off"
    return f"Superset's cache of answers: on; the warehouse's cache of results: {kept}"


def alone(viewer: Viewer, shown: Sequence[Dashboard], repeats: int) -> list[QueryResult]:
    """Each dashboard past all caches (`cold_ms`: the warehouse computes every chart), then from Superset's cache."""
    chance = random.Random()  # noqa: S311 - a time range, no secret
    found = []
    for dashboard in shown:
        # What stands in Superset's cache is not replaced by this: the range is another.
        cold, rows = viewer.open(dashboard, period=unseen_period(chance))
        viewer.open(dashboard)
        warm = tuple(viewer.open(dashboard)[0] for _ in range(repeats))
        found.append(QueryResult(name=dashboard.slug, rows=rows, cold_ms=cold, warm_ms=warm))
    return found


def together(
    login: Login, shown: Sequence[Dashboard], people: int, rounds: int, think_s: float, seed: int = 1
) -> tuple[ConcurrentResult, list[QueryResult]]:
    """`people` open the dashboards in their own order and think in between. Gives all together, and each dashboard."""
    times: dict[str, list[float]] = {one.slug: [] for one in shown}
    rows: dict[str, int] = {}
    lock = threading.Lock()
    viewers = [Viewer(login) for _ in range(people)]

    def work(number: int) -> None:
        order = random.Random(seed * 1000 + number)  # noqa: S311 - an order, no secret
        for _ in range(rounds):
            for dashboard in order.sample(list(shown), len(shown)):
                time.sleep(order.uniform(0.5, 1.5) * think_s)
                spent, found = viewers[number].open(dashboard)
                with lock:
                    times[dashboard.slug].append(spent)
                    rows[dashboard.slug] = found

    started = time.perf_counter()
    with ThreadPoolExecutor(people) as pool:
        for done in [pool.submit(work, number) for number in range(people)]:
            done.result()
    seconds = time.perf_counter() - started
    every = stats.summarise([one for each in times.values() for one in each])
    return (
        ConcurrentResult(
            clients=people,
            statements=every.count,
            seconds=seconds,
            average_ms=every.average_ms,
            p50_ms=every.p50_ms,
            p95_ms=every.p95_ms,
            max_ms=every.max_ms,
            under_1s=every.under_1s,
        ),
        [
            QueryResult(name=f"{slug} x{people}", rows=rows[slug], cold_ms=None, warm_ms=tuple(each))
            for slug, each in times.items()
        ],
    )
