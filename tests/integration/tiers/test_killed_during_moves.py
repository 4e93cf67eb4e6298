"""kill -9 between any two steps of a move: every partition is in exactly one tier afterwards."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nereus.warehouse.embedded.catalog import physical
from nereus.warehouse.embedded.tiers import service
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.integration.tiers.conftest import PASSWORD, ROWS, Bench, resource_sql
from tests.stores import Store

STEPS = ("export", "upload", "uploaded", "verify", "commit", "committed")


def opened(data: Path, store: Store) -> Bench:
    warehouse = Warehouse.open(data, memory_gb=1, threads=2, root_password=PASSWORD)
    warehouse.tiering.mover.grace_s = 0
    return Bench(warehouse, warehouse.connect("root"), store)


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_move(running_store: Store, tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOVE_EVERY_S", 3600.0)
    data = tmp_path / "w"
    bench = opened(data, running_store)
    bench.run("CREATE DATABASE d")
    bench.session.use("d")
    bench.run(resource_sql(running_store))
    bench.run("CREATE STORAGE POLICY pol PROPERTIES ('storage_resource' = 'cold_store', 'cooldown_ttl' = '0')")
    bench.table("t")
    question = "SELECT count(*), sum(v), min(s), max(big), sum(d) FROM d.t"
    expected = bench.run(question)
    bench.warehouse.close()

    moving = [sys.executable, str(Path(__file__).with_name("moving.py")), str(data), step]
    done = subprocess.run(moving, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr

    bench = opened(data, running_store)
    try:
        assert bench.run(question) == expected
        table = bench.warehouse.catalog.find_table("d", "t")
        local = bench.session.cursor.execute(f"SELECT count(*) FROM {physical(table)}").fetchone()
        remote = bench.warehouse.catalog.snapshot().cold[table.id].remote_rows
        assert local[0] + remote == ROWS
        assert (remote > 0) == (step == "committed")
        assert not list((data / "spool").iterdir())
        # The next pass ends what was begun, and leaves nothing behind that nobody refers to.
        bench.move()
        assert bench.run(question) == expected
        assert bench.warehouse.catalog.snapshot().cold[table.id].remote_rows == ROWS
        assert bench.objects() == bench.files()
    finally:
        bench.warehouse.close()
