"""The cluster's night: every database is backed up, cooled history goes out, and a part that fails is counted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nereus import backups
from nereus.backups import history
from nereus.errors import Failure
from nereus.kubernetes.operations import nightly
from nereus.provision.object_store import Access
from nereus.warehouse.client import Warehouse
from tests.integration.operations.conftest import ONE
from tests.integration.operations.test_commands import client  # noqa: F401 - a fixture
from tests.integration.operations.test_history import CREATE
from tests.stores import Store


@pytest.fixture
def access(running_store: Store) -> Iterator[Access]:
    found = running_store.access("backup")
    yield found
    history.Store(found).remove("")


@pytest.fixture
def shop(client: Warehouse, running_store: Store) -> Warehouse:  # noqa: F811
    """A table that a backup holds and one with a storage policy, which none does."""
    cold = running_store.access("cold")
    resource = {
        **{"type": "s3", "s3.endpoint": cold.endpoint, "s3.region": "us-east-1", "s3.bucket": "cold"},
        **{"s3.root.path": "n", "s3.access_key": cold.access_key, "s3.secret_key": cold.secret_key},
    }
    properties = ", ".join(f"'{name}' = '{value}'" for name, value in resource.items())
    for statement in (
        "CREATE DATABASE d",
        f"CREATE TABLE d.warm (k BIGINT, v INT) DUPLICATE KEY(k) {ONE}",
        "INSERT INTO d.warm VALUES (1, 2), (3, 4)",
        f"CREATE RESOURCE nightly PROPERTIES ({properties})",
        "CREATE STORAGE POLICY nightly PROPERTIES ('storage_resource' = 'nightly', 'cooldown_ttl' = '86400')",
        CREATE.format(name="facts", more=", 'storage_policy' = 'nightly'"),
        "INSERT INTO d.facts VALUES ('2024-03-01', 1, 10.50, 'old')",
    ):
        client.execute(statement)
    return client


def test_a_night_saves_both_and_the_next_exports_nothing_anew(
    shop: Warehouse, access: Access, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nightly.run(shop, access) == 0
    assert "history of d.facts: 3 partitions, 1 rows" in capsys.readouterr().out
    # Other tests keep theirs in the same store.
    assert [one.db for one in backups.kept(shop) if one.db == "d"] == ["d"]
    assert nightly.run(shop, access) == 0
    assert "history of d.facts: 0 partitions" in capsys.readouterr().out


def test_a_part_that_fails_is_counted_and_the_others_are_done(
    shop: Warehouse, access: Access, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> object:
        raise Failure("the repository is full")

    monkeypatch.setattr(backups, "take", refused)
    assert nightly.run(shop, access) == 1
    told = capsys.readouterr()
    assert "d: the repository is full" in told.err
    assert "history of d.facts: 3 partitions, 1 rows" in told.out
