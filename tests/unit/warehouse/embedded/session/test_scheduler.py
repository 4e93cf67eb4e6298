from __future__ import annotations

import threading

import pytest

from nereus.warehouse.embedded import scheduler
from nereus.warehouse.embedded.warehouse import Warehouse


def test_the_windows_are_moved_again_and_again_even_after_a_failure(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, twice = [], threading.Event()

    def refresh(catalog: object, cursor: object) -> None:
        calls.append((catalog, cursor))
        if len(calls) > 1:
            twice.set()
        raise RuntimeError("not now")

    monkeypatch.setattr(scheduler, "refresh_all", refresh)
    running = scheduler.PartitionScheduler(warehouse.catalog, warehouse.engine.cursor(), interval_s=0.01)
    try:
        assert twice.wait(10)
    finally:
        running.close()
    assert calls[0][0] is warehouse.catalog
    assert "partition-scheduler" not in {thread.name for thread in threading.enumerate() if thread is running._thread}
