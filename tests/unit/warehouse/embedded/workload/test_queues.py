from __future__ import annotations

import time

import pytest

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.unit.warehouse.embedded.session.asking import ask, do
from tests.unit.warehouse.embedded.workload.running import Task, running, until


def test_without_a_queue_one_too_many_is_sent_away(ann: Session, bob: Session) -> None:
    with running(ann), pytest.raises(DorisError) as error:
        ask(bob, "SELECT COUNT(*) FROM orders")
    assert (
        error.value.text == "errCode = 2, detailMessage = query waiting queue is full, queue capacity=0, waiting num=0"
    )
    assert ask(bob, "SELECT COUNT(*) FROM orders") == [(200_000,)]


def test_who_queues_is_let_in_when_another_ends(root: Session, ann: Session, bob: Session) -> None:
    do(root, "ALTER WORKLOAD GROUP science PROPERTIES ('max_queue_size' = '1')")
    with running(ann):
        waiting = Task(bob, "SELECT COUNT(*) AS waited FROM orders")
        until(lambda: ask(root, "SHOW WORKLOAD GROUPS LIKE 'science'")[0][-2:] == ("1", "1"))
        (row,) = ask(
            root,
            "SELECT query_status, queue_end_time FROM information_schema.active_queries"
            " WHERE `sql` LIKE '%waited%' AND user = 'ann'",
        )
        assert row == ("WAIT_IN_QUEUE", None)
        third = root.warehouse.connect("ann", database="shop")
        with pytest.raises(DorisError, match="query waiting queue is full, queue capacity=1, waiting num=1"):
            ask(third, "SELECT COUNT(*) FROM orders")
        third.close()
    assert waiting.end().rows == [(200_000,)]
    root.warehouse.audit.flush()
    (waited,) = ask(
        root,
        "SELECT schedule_times_ms['schedule_time_ms'] > 0 FROM __internal_schema.audit_log"
        " WHERE stmt = 'SELECT COUNT(*) AS waited FROM orders'",
    )
    assert waited[0]
    assert ask(root, "SHOW WORKLOAD GROUPS LIKE 'science'")[0][-2:] == ("0", "0")


def test_waiting_ends_after_the_queues_timeout(root: Session, ann: Session, bob: Session) -> None:
    do(root, "ALTER WORKLOAD GROUP science PROPERTIES ('max_queue_size' = '1', 'queue_timeout' = '150')")
    with running(ann):
        began = time.monotonic()
        with pytest.raises(DorisError, match="query queue timeout, timeout: 150 ms "):
            ask(bob, "SELECT COUNT(*) FROM orders")
        assert time.monotonic() - began < 5
    assert ask(bob, "SELECT COUNT(*) FROM orders") == [(200_000,)]


def test_who_waits_can_be_killed(root: Session, ann: Session, bob: Session) -> None:
    do(root, "ALTER WORKLOAD GROUP science PROPERTIES ('max_queue_size' = '1')")
    with running(ann):
        waiting = Task(bob, "SELECT COUNT(*) FROM orders")
        until(lambda: root.warehouse.queues.counts("science") == (1, 1))
        do(root, f"KILL QUERY {bob.connection_id}")
        error = waiting.end().error
        assert error is not None
        assert "cancel query by user" in error.detail
        assert root.warehouse.queues.counts("science") == (1, 0)


def test_more_room_lets_those_in_that_wait(root: Session, ann: Session, bob: Session) -> None:
    do(root, "ALTER WORKLOAD GROUP science PROPERTIES ('max_queue_size' = '1', 'max_cpu_percent' = '100%')")
    with running(ann):
        waiting = Task(bob, "SELECT COUNT(*) FROM orders")
        until(lambda: root.warehouse.queues.counts("science") == (1, 1))
        do(root, "ALTER WORKLOAD GROUP science PROPERTIES ('max_concurrency' = '2')")
        assert waiting.end().rows == [(200_000,)]


def test_what_reads_no_table_need_not_queue(root: Session, ann: Session, bob: Session) -> None:
    do(root, "ALTER WORKLOAD GROUP science PROPERTIES ('max_cpu_percent' = '100%')")
    with running(ann):
        assert ask(bob, "SELECT 1") == [(1,)]
        assert len(ask(bob, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop'")) == 1
        do(bob, "INSERT INTO orders VALUES (-1, 0)")
        do(bob, "SET bypass_workload_group = true")
        assert ask(bob, "SELECT COUNT(*) FROM orders") == [(200_001,)]


def test_writes_that_read_queue_too(ann: Session, bob: Session) -> None:
    with running(ann), pytest.raises(DorisError, match="query waiting queue is full"):
        do(bob, "INSERT INTO orders SELECT * FROM orders")


def test_a_result_that_is_read_holds_its_place_until_it_is_closed(
    warehouse: Warehouse, ann: Session, bob: Session
) -> None:
    results = ann.execute("SELECT id FROM orders")
    next(results)
    assert warehouse.queues.counts("science") == (1, 0)
    with pytest.raises(DorisError, match="query waiting queue is full"):
        ask(bob, "SELECT COUNT(*) FROM orders")
    results.close()  # type: ignore[attr-defined]
    assert ask(bob, "SELECT COUNT(*) FROM orders") == [(200_000,)]
    assert warehouse.queues.counts("science") == (0, 0)


def test_failing_statements_give_their_place_back(warehouse: Warehouse, ann: Session) -> None:
    for _ in range(3):
        with pytest.raises(DorisError):
            ask(ann, "SELECT CAST('x' AS INT) + assert_true(id < 0, 'no') FROM orders")
    assert warehouse.queues.counts("science") == (0, 0)
