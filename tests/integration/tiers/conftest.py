"""A warehouse in this process over a real object store, with moves that happen when a test asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nereus.provision import object_store
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.tiers import service
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.stores import Store, running_store  # noqa: F401

PASSWORD = "Rx4-root-password"
MONTHS = "AUTO PARTITION BY RANGE (date_trunc(k, 'month')) ()"
TAIL = "DISTRIBUTED BY HASH(v) BUCKETS 1 PROPERTIES ('replication_num' = '1'{})"
#: What a test table holds: 60 days from 2024-01-01 on, 500 rows each.
ROWS = 30_000


@dataclass
class Bench:
    """A session on a warehouse, and what tests ask of both."""

    warehouse: Warehouse
    session: Session
    store: Store

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        for result in self.session.execute(sql):
            batches = getattr(result, "batches", ())
            rows = [tuple(row.values()) for batch in batches for row in batch.to_pylist()]
        return rows

    def error(self, sql: str) -> str:
        with pytest.raises(DorisError) as caught:
            self.run(sql)
        return caught.value.detail

    def move(self) -> int:
        return self.warehouse.tiering.mover.run()

    def fetched(self, sql: str) -> int:
        """Bytes that one statement gets from the store."""
        self.run(sql)
        assert self.session.last is not None
        return self.session.last.remote.fetched

    def objects(self) -> set[str]:
        """This warehouse's objects in the store."""
        own = f"tiers/{self.warehouse.catalog.tiers.owner}/"
        return {found["path"] for found in object_store.store(self.store.access()).list(own).collect()}

    def files(self) -> set[str]:
        return {file.key for cold in self.warehouse.catalog.snapshot().cold.values() for file in cold.files}

    def table(self, name: str, policy: str = "pol") -> None:
        extra = f", 'storage_policy' = '{policy}'" if policy else ""
        self.run(
            f"CREATE TABLE {name} (k DATE NOT NULL, v INT, s VARCHAR(20), big LARGEINT, d DECIMAL(20, 4)) "
            f"DUPLICATE KEY(k) {MONTHS} {TAIL.format(extra)}"
        )
        self.run(
            f"INSERT INTO {name} SELECT date_add('2024-01-01', INTERVAL CAST(number / 500 AS INT) DAY), number, "
            "concat('text ', number % 17), number * 1000000000000000000000, number / 7 "
            f"FROM numbers('number' = '{ROWS}')"
        )


def resource_sql(store: Store, name: str = "cold_store") -> str:
    access = store.access()
    return (
        f"CREATE RESOURCE IF NOT EXISTS {name} PROPERTIES ('type' = 's3', 's3.endpoint' = '{access.endpoint}', "
        f"'s3.bucket' = '{access.bucket}', 's3.root.path' = 'tiers', 's3.region' = 'us-east-1', "
        f"'s3.access_key' = '{access.access_key}', 's3.secret_key' = '{access.secret_key}')"
    )


@pytest.fixture
def bench(running_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:  # noqa: F811
    monkeypatch.setattr(service, "MOVE_EVERY_S", 3600.0)
    warehouse = Warehouse.open(tmp_path / "w", memory_gb=1, threads=2, root_password=PASSWORD, cache_bytes=64 << 20)
    warehouse.tiering.mover.grace_s = 0
    try:
        found = Bench(warehouse, warehouse.connect("root"), running_store)
        found.run("CREATE DATABASE d")
        found.session.use("d")
        found.run(resource_sql(running_store))
        found.run("CREATE STORAGE POLICY pol PROPERTIES ('storage_resource' = 'cold_store', 'cooldown_ttl' = '0')")
        yield found
    finally:
        warehouse.close()
