"""The restore drill against the embedded warehouse and a real store: what it measures, refuses and leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nereus import backups
from nereus.backups import drill, history
from nereus.backups.history import Store
from nereus.errors import BadInput, Failure
from nereus.kubernetes.operations import drill as job
from nereus.provision import object_store
from nereus.warehouse.client import Warehouse
from tests.integration.operations.conftest import ONE
from tests.integration.operations.test_commands import client  # noqa: F401 - a fixture
from tests.integration.operations.test_history import CREATE
from tests.stores import Store as Running


@pytest.fixture
def store(running_store: Running) -> Iterator[Store]:
    found = Store(running_store.access("backup"))
    yield found
    found.remove("history/")


@pytest.fixture
def filled(client: Warehouse, running_store: Running) -> Warehouse:  # noqa: F811
    """A database of its own name: other tests keep theirs in the same store."""
    backups.ensure_repository_at(client, running_store.access("backup"))
    for statement in (
        "CREATE DATABASE drilled",
        f"CREATE TABLE drilled.sales (k INT, v INT) DUPLICATE KEY(k) {ONE}",
        f"CREATE TABLE drilled.stock (k INT) DUPLICATE KEY(k) {ONE}",
        "CREATE VIEW drilled.some AS SELECT k FROM drilled.sales",
        "INSERT INTO drilled.sales SELECT number, number FROM numbers('number' = '1000')",
    ):
        client.execute(statement)
    return client


@pytest.fixture
def shop(filled: Warehouse) -> Warehouse:
    """The same with a backup."""
    backups.take(filled, "drilled")
    return filled


def test_a_drill_measures_counts_and_leaves_nothing(shop: Warehouse, store: Store) -> None:
    done = drill.run(shop, store, "drilled")
    assert done.rows == {"sales": 1000, "stock": 0}
    assert done.changed == ()
    assert 0 <= done.age_s < 3600
    assert 0 < done.seconds < drill.RTO_S
    assert done.kept
    assert backups.databases(shop) == ["drilled"]
    assert [row for row in shop.query("SHOW DATABASES") if backups.DRILL in str(row)] == []


def test_two_backups_within_a_second_have_two_labels(filled: Warehouse) -> None:
    now = datetime.now(UTC)
    first, second = (backups.taken_at(backups.take(filled, "drilled", now=now).label) for _ in range(2))
    assert second - first == timedelta(seconds=1)


def test_what_changed_since_is_named_and_what_an_aborted_drill_left_goes_first(shop: Warehouse, store: Store) -> None:
    shop.execute(f"CREATE DATABASE {backups.DRILL}drilled")
    shop.execute(f"CREATE TABLE {backups.DRILL}drilled.sales (k DATE) DUPLICATE KEY(k) {ONE}")
    assert backups.databases(shop) == ["drilled"]
    shop.execute("INSERT INTO drilled.sales VALUES (1, 2)")
    assert drill.run(shop, store, "drilled").changed == ("sales",)


def test_a_backup_that_lacks_what_is_there_now_is_a_failure_and_nothing_stays(shop: Warehouse, store: Store) -> None:
    shop.execute("INSERT INTO drilled.stock VALUES (1)")
    with pytest.raises(Failure, match="came back with no row of stock, which drilled has now"):
        drill.run(shop, store, "drilled")
    assert [row for row in shop.query("SHOW DATABASES") if backups.DRILL in str(row)] == []


def test_a_lost_database_can_be_drilled_and_an_old_backup_misses_the_promise(shop: Warehouse, store: Store) -> None:
    (kept,) = [one for one in backups.kept(shop) if one.db == "drilled"][-1:]
    shop.execute("DROP DATABASE drilled FORCE")
    late = backups.taken_at(kept.label) + timedelta(seconds=drill.RPO_S + 60)
    done = drill.run(shop, store, "drilled", now=late)
    assert done.rows["sales"] == 1000
    assert not done.kept
    assert "MISSED" in job.told(done)


def test_without_a_backup_there_is_nothing_to_drill_with(
    client: Warehouse,  # noqa: F811
    store: Store,
    running_store: Running,
) -> None:
    backups.ensure_repository_at(client, running_store.access("backup"))
    with pytest.raises(BadInput, match="no backup of nothing"):
        drill.run(client, store, "nothing")
    assert backups.databases(client) == []


def test_the_job_drills_with_every_database_and_counts_what_failed(
    shop: Warehouse, running_store: Running, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = backups.kept
    # Other tests keep theirs in the same store.
    monkeypatch.setattr(backups, "kept", lambda warehouse: [one for one in mine(warehouse) if one.db == "drilled"])
    assert job.run(shop, running_store.access("backup")) == 0
    assert "2 tables, 1,000 rows" in capsys.readouterr().out
    shop.execute("INSERT INTO drilled.stock VALUES (1)")
    assert job.run(shop, running_store.access("backup")) == 1
    assert "no row of stock" in capsys.readouterr().err


# Cooled history, which no backup holds

FACTS = CREATE.replace("d.{name}", "drilled.{name}").format(name="facts", more=", 'storage_policy' = 'drilled'")


@pytest.fixture
def cooled(filled: Warehouse, store: Store, running_store: Running) -> Warehouse:
    """The database with a table that has a storage policy; everything is saved."""
    cold = running_store.access("cold")
    resource = {
        **{"type": "s3", "s3.endpoint": cold.endpoint, "s3.region": "us-east-1", "s3.bucket": "cold"},
        **{"s3.root.path": "drilled", "s3.access_key": cold.access_key, "s3.secret_key": cold.secret_key},
    }
    properties = ", ".join(f"'{name}' = '{value}'" for name, value in resource.items())
    for statement in (
        f"CREATE RESOURCE drilled PROPERTIES ({properties})",
        "CREATE STORAGE POLICY drilled PROPERTIES ('storage_resource' = 'drilled', 'cooldown_ttl' = '86400')",
        FACTS,
        "INSERT INTO drilled.facts VALUES ('2024-03-01', 1, 10.50, 'old'), ('2024-04-01', 2, NULL, NULL),"
        " ('2025-03-01', 3, 7.25, 'it''s')",
    ):
        filled.execute(statement)
    taken = backups.take(filled, "drilled")
    assert taken.left_out == ("facts",)
    assert sum(note.rows for note in history.export(filled, store, "drilled", "facts")) == 3
    return filled


def test_cooled_history_is_drilled_with_and_compared(cooled: Warehouse, store: Store) -> None:
    done = drill.run(cooled, store, "drilled")
    assert done.rows == {"facts": 3, "sales": 1000, "stock": 0}
    assert done.cooled == ("facts",)
    assert "3 tables, of them facts from cooled history, 1,003 rows" in job.told(done)
    assert done.kept
    assert [row for row in cooled.query("SHOW DATABASES") if backups.DRILL in str(row)] == []
    assert history.cooled(cooled) == [("drilled", "facts")]
    cooled.execute("INSERT INTO drilled.facts VALUES ('2026-01-01', 4, 1, 'new')")
    assert drill.run(cooled, store, "drilled").changed == ("facts",)


def test_history_that_was_not_exported_fails_the_drill(cooled: Warehouse, store: Store) -> None:
    cooled.execute(FACTS.replace("drilled.facts", "drilled.other"))
    with pytest.raises(Failure, match="no history of other was exported whole"):
        drill.run(cooled, store, "drilled")
    started = history.export(cooled, store, "drilled", "other")
    next(started)
    started.close()
    with pytest.raises(Failure, match="no history of other was exported whole"):
        drill.run(cooled, store, "drilled")
    list(history.export(cooled, store, "drilled", "other"))
    assert drill.run(cooled, store, "drilled").cooled == ("facts", "other")


def test_files_with_as_many_other_rows_fail_the_drill(cooled: Warehouse, store: Store, running_store: Running) -> None:
    bucket = object_store.store(running_store.access("backup"))
    (key,) = [
        str(one["path"])
        for one in bucket.list(prefix="history/drilled/facts/p2025/").collect()
        if str(one["path"]).endswith(".parquet")
    ]
    table = pq.read_table(pa.BufferReader(bytes(bucket.get(key).bytes())))
    changed = table.set_column(table.schema.get_field_index("k"), "k", pa.array([4], table.field("k").type))
    written = pa.BufferOutputStream()
    pq.write_table(changed, written)
    bucket.put(key, written.getvalue().to_pybytes())
    with pytest.raises(Failure, match=r"drilled\.facts has as many rows as were exported and others: checksum"):
        drill.run(cooled, store, "drilled")
    assert [row for row in cooled.query("SHOW DATABASES") if backups.DRILL in str(row)] == []
    bucket.delete(key)
    with pytest.raises(Failure):
        drill.run(cooled, store, "drilled")


def test_a_lost_database_comes_back_with_its_history(cooled: Warehouse, store: Store) -> None:
    cooled.execute("DROP DATABASE drilled FORCE")
    done = drill.run(cooled, store, "drilled")
    assert done.rows == {"facts": 3, "sales": 1000, "stock": 0}
    late = datetime.now(UTC) + timedelta(seconds=drill.RPO_S + 60)
    assert not drill.run(cooled, store, "drilled", now=late).kept


def test_partitions_that_were_dropped_since_stay_out_and_are_told(cooled: Warehouse, store: Store) -> None:
    cooled.execute("ALTER TABLE drilled.facts DROP PARTITION p2024 FORCE")
    list(history.export(cooled, store, "drilled", "facts"))
    said: list[str] = []
    cooled.execute("CREATE DATABASE beside")
    assert history.bring_back(cooled, store, "drilled", "facts", "beside", policy=False, tell=said.append) == 1
    assert "p2024: not a partition of beside.facts, its 2 rows stay in the bucket" in said
    assert history.cooled(cooled) == [("drilled", "facts")]
    with pytest.raises(BadInput, match=r"beside\.facts is there already"):
        history.bring_back(cooled, store, "drilled", "facts", "beside")


def test_a_database_of_cooled_tables_alone_is_drilled_with(cooled: Warehouse, store: Store) -> None:
    cooled.execute("CREATE DATABASE colder")
    cooled.execute(FACTS.replace("drilled.facts", "colder.facts"))
    cooled.execute("INSERT INTO colder.facts VALUES ('2024-03-01', 1, 10.50, 'old')")
    taken = backups.take(cooled, "colder")
    assert taken.left_out == ("facts",)
    list(history.export(cooled, store, "colder", "facts"))
    assert "colder" in drill.databases(cooled, store)
    done = drill.run(cooled, store, "colder")
    assert (done.label, done.rows) == (taken.label, {"facts": 1})
