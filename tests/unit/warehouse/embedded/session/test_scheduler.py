from __future__ import annotations

import threading

from nereus.warehouse.embedded import scheduler
from nereus.warehouse.embedded.engine import Engine
from nereus.warehouse.embedded.warehouse import Warehouse


def test_work_is_repeated_even_after_a_failure_and_ends_when_closed() -> None:
    calls, twice = [], threading.Event()

    def work() -> None:
        calls.append(1)
        if len(calls) > 1:
            twice.set()
        raise RuntimeError("not now")

    running = scheduler.Repeated("test-work", 0.01, work)
    try:
        assert twice.wait(10)
    finally:
        running.close()
    assert "test-work" not in {thread.name for thread in threading.enumerate()}


def test_a_long_log_is_folded_into_the_file(warehouse: Warehouse) -> None:
    engine: Engine = warehouse.engine
    writer, folder = engine.cursor(), engine.cursor()
    writer.execute("CREATE TABLE data.folded AS SELECT range AS k FROM range(1000)")
    assert engine.log_bytes > 0
    assert scheduler.fold(engine, folder, from_bytes=1 << 40) is False
    assert scheduler.fold(engine, folder, from_bytes=1) is True
    assert engine.log_bytes == 0
    assert folder.execute("SELECT count(*), sum(k) FROM data.folded").fetchone() == (1000, 499500)
    writer.execute("DROP TABLE data.folded")


def test_folding_leaves_an_open_transaction_whole(warehouse: Warehouse) -> None:
    engine: Engine = warehouse.engine
    writer, folder = engine.cursor(), engine.cursor()
    writer.execute("CREATE TABLE data.busy AS SELECT 1 AS k")
    writer.execute("BEGIN")
    writer.execute("INSERT INTO data.busy VALUES (2)")
    scheduler.fold(engine, folder, from_bytes=1)
    assert folder.execute("SELECT k FROM data.busy").fetchall() == [(1,)]
    writer.execute("COMMIT")
    assert scheduler.fold(engine, folder, from_bytes=1) is True
    assert folder.execute("SELECT k FROM data.busy ORDER BY k").fetchall() == [(1,), (2,)]
    writer.execute("DROP TABLE data.busy")
