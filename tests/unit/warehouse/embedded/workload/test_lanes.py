from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.priority import NICER, threads
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.workload import WorkloadGroup
from nereus.warehouse.embedded.workload.lanes import Lanes, share
from tests.unit.warehouse.embedded.session.asking import ask, do
from tests.unit.warehouse.embedded.workload.running import ENDLESS, running, until

SCIENCE = WorkloadGroup(7, "science", {"max_cpu_percent": "40"})


@pytest.mark.parametrize(("percent", "of", "expected"), [(40, 2, 1), (1, 16, 1), (50, 2, 1), (40, 16, 6), (100, 2, 2)])
def test_a_group_has_its_percentage_of_the_threads_and_one_at_least(percent: int, of: int, expected: int) -> None:
    assert share(WorkloadGroup(7, "science", {"max_cpu_percent": str(percent)}), of) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux alone")
def test_a_limited_groups_queries_run_behind_the_others(tmp_path: Path) -> None:
    engine = Engine.open(tmp_path, memory_gb=1, threads=2)
    made = Lanes(engine)
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    lower = made.call(SCIENCE, lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()), lambda: None)
    made.close()
    engine.close()
    assert lower == NICER
    assert own < lower
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux alone")
def test_the_engines_own_threads_leave_the_processor_to_those_that_ask(tmp_path: Path) -> None:
    before = threads()
    engine = Engine.open(tmp_path, memory_gb=1, threads=3)
    engine.cursor().execute("SELECT sum(range) FROM range(10_000_000)").fetchall()
    helpers = threads() - before
    priorities = [os.getpriority(os.PRIO_PROCESS, thread) for thread in helpers]
    engine.close()
    assert priorities == [NICER, NICER]


def test_a_group_uses_no_more_threads_at_a_time_than_its_share(tmp_path: Path) -> None:
    engine = Engine.open(tmp_path, memory_gb=1, threads=2)
    made = Lanes(engine)
    inside, most, guard = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, most
        with guard:
            inside += 1
            most = max(most, inside)
        time.sleep(0.02)
        with guard:
            inside -= 1

    callers = [threading.Thread(target=made.call, args=(SCIENCE, work, lambda: None)) for _ in range(5)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    made.close()
    engine.close()
    assert most == 1


def test_everybody_else_is_answered_while_endless_queries_run(root: Session, ann: Session) -> None:
    other = root.warehouse.connect("root", database="shop")
    with running(other), running(ann):
        assert ask(root, "SELECT COUNT(*) FROM orders") == [(200_000,)]
    other.close()


def test_limited_queries_answer_alike_and_in_batches(ann: Session, root: Session) -> None:
    for sql in (
        "SELECT id, amount FROM orders ORDER BY id",
        "SELECT amount, COUNT(*) FROM orders GROUP BY amount ORDER BY amount",
    ):
        assert ask(ann, sql) == ask(root, sql)


def test_limited_writes_write(ann: Session, root: Session) -> None:
    do(ann, "INSERT INTO orders SELECT id + 1000000, amount FROM orders WHERE id < 10")
    assert ask(root, "SELECT COUNT(*) FROM orders WHERE id >= 1000000") == [(10,)]


def test_a_limited_query_ends_at_once_when_it_is_killed(root: Session, ann: Session) -> None:
    with running(ann, ENDLESS) as task:
        until(lambda: root.warehouse.lanes.active)
        began = time.monotonic()
        do(root, f"KILL QUERY {ann.connection_id}")
        error = task.end().error
        assert time.monotonic() - began < 3
    assert error is not None
    assert "cancel query by user" in error.detail


def test_a_limited_query_ends_at_its_timeout(ann: Session) -> None:
    do(ann, "SET query_timeout = 1")
    with running(ann, ENDLESS) as task:
        error = task.end().error
    assert error is not None
    assert "query is timeout" in error.detail
