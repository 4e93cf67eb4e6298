"""The restore drill against the embedded warehouse and a real store: what it measures, refuses and leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from nereus import backups
from nereus.backups import drill
from nereus.errors import BadInput, Failure
from nereus.kubernetes.operations import drill as job
from nereus.warehouse.client import Warehouse
from tests.integration.operations.conftest import ONE
from tests.integration.operations.test_commands import client  # noqa: F401 - a fixture
from tests.stores import Store


@pytest.fixture
def shop(client: Warehouse, running_store: Store) -> Warehouse:  # noqa: F811
    """A database of its own name with a backup: other tests keep theirs in the same store."""
    backups.ensure_repository_at(client, running_store.access("backup"))
    for statement in (
        "CREATE DATABASE drilled",
        f"CREATE TABLE drilled.sales (k INT, v INT) DUPLICATE KEY(k) {ONE}",
        f"CREATE TABLE drilled.stock (k INT) DUPLICATE KEY(k) {ONE}",
        "CREATE VIEW drilled.some AS SELECT k FROM drilled.sales",
        "INSERT INTO drilled.sales SELECT number, number FROM numbers('number' = '1000')",
    ):
        client.execute(statement)
    backups.take(client, "drilled")
    return client


def test_a_drill_measures_counts_and_leaves_nothing(shop: Warehouse) -> None:
    done = drill.run(shop, "drilled")
    assert done.rows == {"sales": 1000, "stock": 0}
    assert done.changed == ()
    assert 0 <= done.age_s < 3600
    assert 0 < done.seconds < drill.RTO_S
    assert done.kept
    assert backups.databases(shop) == ["drilled"]
    assert [row for row in shop.query("SHOW DATABASES") if backups.DRILL in str(row)] == []


def test_what_changed_since_is_named_and_what_an_aborted_drill_left_goes_first(shop: Warehouse) -> None:
    shop.execute(f"CREATE DATABASE {backups.DRILL}drilled")
    shop.execute(f"CREATE TABLE {backups.DRILL}drilled.sales (k DATE) DUPLICATE KEY(k) {ONE}")
    assert backups.databases(shop) == ["drilled"]
    shop.execute("INSERT INTO drilled.sales VALUES (1, 2)")
    assert drill.run(shop, "drilled").changed == ("sales",)


def test_a_backup_that_lacks_what_is_there_now_is_a_failure_and_nothing_stays(shop: Warehouse) -> None:
    shop.execute("INSERT INTO drilled.stock VALUES (1)")
    with pytest.raises(Failure, match="came back with no row of stock, which drilled has now"):
        drill.run(shop, "drilled")
    assert [row for row in shop.query("SHOW DATABASES") if backups.DRILL in str(row)] == []


def test_a_lost_database_can_be_drilled_and_an_old_backup_misses_the_promise(shop: Warehouse) -> None:
    (kept,) = [one for one in backups.kept(shop) if one.db == "drilled"][-1:]
    shop.execute("DROP DATABASE drilled FORCE")
    late = backups.taken_at(kept.label) + timedelta(seconds=drill.RPO_S + 60)
    done = drill.run(shop, "drilled", now=late)
    assert done.rows["sales"] == 1000
    assert not done.kept
    assert "MISSED" in job.told(done)


def test_without_a_backup_there_is_nothing_to_drill_with(client: Warehouse, running_store: Store) -> None:  # noqa: F811
    backups.ensure_repository_at(client, running_store.access("backup"))
    with pytest.raises(BadInput, match="no backup of nothing"):
        drill.run(client, "nothing")
    assert backups.databases(client) == []


def test_the_job_drills_with_every_database_and_counts_what_failed(
    shop: Warehouse, running_store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = backups.kept
    monkeypatch.setattr(backups, "kept", lambda warehouse: [one for one in mine(warehouse) if one.db == "drilled"])
    assert job.run(shop, running_store.access("backup")) == 0
    assert "2 tables, 1,000 rows" in capsys.readouterr().out
    shop.execute("INSERT INTO drilled.stock VALUES (1)")
    assert job.run(shop, running_store.access("backup")) == 1
    assert "no row of stock" in capsys.readouterr().err
