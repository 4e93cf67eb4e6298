"""Analysts at their dashboards, with and without a scientist's notebook that scans beside them.

    .venv/bin/python -m benchmarks.measure.end_to_end [--config platform.yaml] [--analysts 10] [--rounds 4] [--keep]

Asks the deployment that `make provision` stood up, through the same doors as people: Superset's interface on one side,
a kernel in a server that JupyterHub starts on the other. Two kinds of opening a dashboard are told apart: from
Superset's cache, and with a time range that nobody chose before, which the warehouse must compute. Rounds without and
with the notebook take turns, so that what else the machine does hits both. `--keep` writes the times among the
benchmarks' results, where the portal shows them.
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure.findings import Finding, at_least, at_most, note, report, say
from benchmarks.measure.people import Person
from nereus import usecases
from nereus.bench import machine, mixed, results, stats
from nereus.config import Platform, load
from nereus.home import Home
from nereus.paths import BENCHMARKS
from nereus.provision import probes, superset
from nereus.superset import measure as dashboards
from nereus.warehouse.client import Warehouse

#: By how much the dashboards' p95 may grow, and how fast they are on average beside it.
GROWTH, AVERAGE_MS = 1.5, 1000.0
#: A scan that nothing can answer but the fact table itself: every run has another constant in it.
_KERNEL = """
import threading
from nereus_notebook import warehouse

ended, scans, errors = threading.Event(), [], []

def scan():
    number = 0
    while not ended.is_set():
        number += 1
        try:
            warehouse.sql(
                "SELECT lo_custkey, COUNT(DISTINCT lo_partkey) AS parts, SUM(lo_revenue + %d) AS revenue"
                " FROM retail.lineorder GROUP BY lo_custkey ORDER BY 2 DESC, 1 LIMIT 10" % number
            )
        except Exception as error:
            errors.append(str(error))
            ended.wait(1)
        else:
            scans.append(number)

scanning = threading.Thread(target=scan)
scanning.start()
"""


@dataclass
class _Times:
    """Milliseconds of every opening."""

    cached: list[float] = field(default_factory=list)
    computed: list[float] = field(default_factory=list)

    def notes(self, when: str) -> Iterator[Finding]:
        for how, times in (("from Superset's cache", self.cached), ("computed by the warehouse", self.computed)):
            told = stats.summarise(times)
            found = (
                f"average {told.average_ms:.0f} ms, p95 {told.p95_ms:.0f} ms, {told.under_1s:.0%} under 1 s"
                f" ({told.count} openings)"
            )
            yield note(f"Dashboards {when}, {how}", found)


def measure(
    config: Path,
    analysts: int = 10,
    rounds: int = 4,
    seconds: float = 20,
    think: float = 5,
    *,
    keep: bool = False,
    label: str | None = None,
) -> list[Finding]:
    platform, home = load(config), Home.beside(config)
    started = datetime.now(UTC).replace(microsecond=0)
    viewers = [dashboards.Viewer(lambda: superset.login(home, platform, "analyst")) for _ in range(analysts)]
    shown = dashboards.dashboards(viewers[0].sessions[0])
    for dashboard in shown:
        viewers[0].open(dashboard)
    alone, beside = _Times(), _Times()
    scans, errors = 0, []
    with scientist(platform, home) as person:
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}: analysts alone")
            _work(viewers, shown, alone, seconds, think)
            say(f"round {number + 1} of {rounds}: beside a notebook that scans")
            person.run(_KERNEL)
            try:
                _work(viewers, shown, beside, seconds, think)
            finally:
                ended = person.run("ended.set(); scanning.join()", "print(len(scans), *errors[:1])")
            done, _, error = ended.partition(" ")
            scans += int(done)
            errors += [error] if error else []
    found = [_kept(platform, home, started, label, alone, beside, analysts, rounds * seconds)] if keep else []
    return [
        *found,
        *alone.notes("alone"),
        *beside.notes("beside the notebook"),
        at_most("p95 grows beside the notebook, from the cache", _growth(alone.cached, beside.cached), GROWTH, " x"),
        at_most("p95 grows beside the notebook, computed", _growth(alone.computed, beside.computed), GROWTH, " x"),
        at_most("average beside the notebook, from the cache", _average(beside.cached), AVERAGE_MS, " ms", digits=0),
        at_least("the notebook's scans that got through", scans, 1, digits=0),
        note("the notebook's errors", errors[0] if errors else "none"),
        note("caches", dashboards.caches(Warehouse.for_user(platform, home, "bench"))),
    ]


def _kept(
    platform: Platform,
    home: Home,
    started: datetime,
    label: str | None,
    alone: _Times,
    beside: _Times,
    analysts: int,
    seconds: float,
) -> Finding:
    """Write the times among the benchmarks' results."""
    times = {
        (mixed.ALONE, mixed.CACHED): alone.cached,
        (mixed.BESIDE, mixed.CACHED): beside.cached,
        (mixed.ALONE, mixed.COMPUTED): alone.computed,
        (mixed.BESIDE, mixed.COMPUTED): beside.computed,
    }
    warehouse = Warehouse.for_user(platform, home, "bench")
    result = results.BenchResult(
        suite=mixed.SUITE,
        scale=usecases.scale("retail") if "retail" in platform.usecases else 1.0,
        started_at=started,
        machine=machine.describe(label),
        target=platform.platform.target,
        engine=str(warehouse.query("SELECT @@version_comment AS engine")[0]["engine"]),
        commit=machine.commit(),
        queries=mixed.queries(times),
        concurrent=(mixed.together([*beside.cached, *beside.computed], analysts, seconds),),
    )
    return note("kept in", str(results.write(result, BENCHMARKS / "results")))


def come(platform: Platform, home: Home) -> Person:
    """The first scientist, whose server runs."""
    host, port = probes.reachable(platform.local.bind), platform.local.ports.jupyterhub
    person = Person(f"http://{host}:{port}", "scientist")
    person.log_in((home.secrets / "jupyterhub-scientist").read_text("ascii").strip())
    person.start_server()
    return person


@contextmanager
def scientist(platform: Platform, home: Home) -> Iterator[Person]:
    """The first scientist, whose server is ended afterwards."""
    person = come(platform, home)
    try:
        yield person
    finally:
        person.stop_server()


def _work(
    viewers: list[dashboards.Viewer],
    shown: list[dashboards.Dashboard],
    times: _Times,
    seconds: float,
    think: float,
) -> None:
    """All analysts open dashboards, every third time with a time range of their own, until the time is up."""
    lock, deadline = threading.Lock(), time.monotonic() + seconds

    def work(number: int) -> None:
        # Time ranges differ from those of the last run, whose answers may still be kept.
        chance = random.Random()  # noqa: S311 - an order, no secret
        time.sleep(chance.uniform(0, think))
        while time.monotonic() < deadline:
            dashboard, own = chance.choice(shown), chance.random() < 1 / 3
            spent, _ = viewers[number].open(dashboard, period=dashboards.unseen_period(chance) if own else None)
            with lock:
                (times.computed if own else times.cached).append(spent)
            time.sleep(chance.uniform(0.5, 1.5) * think)

    with ThreadPoolExecutor(len(viewers)) as pool:
        for done in [pool.submit(work, number) for number in range(len(viewers))]:
            done.result()


def _growth(alone: list[float], beside: list[float]) -> float:
    return stats.summarise(beside).p95_ms / stats.summarise(alone).p95_ms


def _average(times: list[float]) -> float:
    return stats.summarise(times).average_ms


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=Path("platform.yaml"))
    parser.add_argument("--analysts", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--think", type=float, default=5)
    parser.add_argument("--keep", action="store_true", help="write the times among the benchmarks' results")
    parser.add_argument("--label", help="what the result calls this machine")
    return report("Analysts beside a scientist's notebook", measure(**vars(parser.parse_args())))


if __name__ == "__main__":
    sys.exit(main())
