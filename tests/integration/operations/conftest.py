"""A warehouse in this process beside a real object store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nereus.provision import object_store
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.stores import Store, running

PASSWORD = "Rx4-root-password"
ONE = "DISTRIBUTED BY HASH(k) BUCKETS 1 PROPERTIES ('replication_num' = '1')"


@dataclass
class Bench:
    """A session on a warehouse, and what tests ask of both."""

    warehouse: Warehouse
    session: Session
    store: Store

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        return self.result(sql)[1]

    def result(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Names of the columns and rows of the last statement."""
        names: list[str] = []
        rows: list[tuple[Any, ...]] = []
        for result in self.session.execute(sql):
            names = [column.name for column in getattr(result, "columns", ())]
            rows = [
                tuple(column[i].as_py() for column in batch.columns)
                for batch in getattr(result, "batches", ())
                for i in range(batch.num_rows)
            ]
        return names, rows

    def error(self, sql: str) -> str:
        with pytest.raises(DorisError) as caught:
            self.run(sql)
        return caught.value.detail

    def put(self, key: str, content: bytes, bucket: str = "landing") -> None:
        object_store.store(self.store.access(bucket)).put(key, content)

    def get(self, key: str, bucket: str = "landing") -> bytes:
        return bytes(object_store.store(self.store.access(bucket)).get(key).bytes())

    def keys(self, prefix: str = "", bucket: str = "landing") -> list[str]:
        listed = object_store.store(self.store.access(bucket)).list().collect()
        return sorted(found["path"] for found in listed if found["path"].startswith(prefix))

    def keys_sql(self, bucket: str = "landing") -> str:
        """The properties that reach a bucket."""
        found = self.store.access(bucket)
        return (
            f"'s3.endpoint' = '{found.endpoint}', 's3.region' = 'us-east-1', 's3.access_key' = '{found.access_key}', "
            f"'s3.secret_key' = '{found.secret_key}'"
        )

    def s3(self, key: str, extra: str, bucket: str = "landing") -> str:
        return f"S3('uri' = 's3://{bucket}/{key}', {self.keys_sql(bucket)}, {extra})"

    def spooled(self) -> list[Path]:
        return [path for path in self.warehouse.engine.spool.rglob("*") if path.is_file()]


@pytest.fixture(scope="package")
def running_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all tests here; its folder is short, since sockets are in it."""
    with running(tmp_path_factory.mktemp("s")) as store:
        yield store


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "w"


@pytest.fixture
def bench(running_store: Store, data: Path) -> Iterator[Bench]:
    warehouse = Warehouse.open(data, memory_gb=1, threads=2, root_password=PASSWORD, cache_bytes=16 << 20)
    try:
        found = Bench(warehouse, warehouse.connect("root"), running_store)
        found.run("CREATE DATABASE d")
        found.session.use("d")
        yield found
    finally:
        warehouse.close()
