"""What `nereus backup` and `nereus restore` do, over the wire."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nereus import backups
from nereus.config import Platform
from nereus.errors import BadInput
from nereus.warehouse.client import Warehouse
from nereus.warehouse.embedded.server import Options, serving
from tests.stores import Store

PASSWORD = "Rx4-root-password"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Warehouse]:
    (tmp_path / "password").write_text(PASSWORD)
    options = Options(
        data=tmp_path / "data",
        bind="127.0.0.1",
        mysql_port=0,
        http_port=0,
        flight_port=-1,
        memory_gb=1.0,
        threads=2,
        root_password_file=tmp_path / "password",
        tls_cert=None,
        tls_key=None,
        log_level="info",
    )
    ready = threading.Event()
    found: list[int] = []
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def run() -> None:
        try:
            async with serving(options) as ports:
                found.append(ports.mysql.port)
                ready.set()
                await stop.wait()
        finally:
            ready.set()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    assert ready.wait(60)
    try:
        yield Warehouse(mysql_port=found[0], password=PASSWORD)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)
        loop.close()


def test_a_database_is_lost_and_comes_back(client: Warehouse, running_store: Store) -> None:
    platform = Platform.model_validate(
        {"data": {"raw_tb": 1}, "local": {"ports": {"object_store": running_store.port}}}
    )
    assert backups.ensure_repository(client, platform, running_store.home)
    assert not backups.ensure_repository(client, platform, running_store.home)
    client.execute("CREATE DATABASE shop")
    table = "DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1 PROPERTIES ('replication_num' = '1')"
    client.execute(f"CREATE TABLE shop.sales (k INT, v DECIMAL(10, 2)) {table}")
    client.execute("INSERT INTO shop.sales SELECT number, number / 7 FROM numbers('number' = '100000')")
    question = "SELECT count(*) AS n, sum(k) AS k, sum(v) AS v FROM shop.sales"
    before = client.query(question)
    assert backups.databases(client) == ["shop"]
    taken = backups.take(client, "shop")
    # Other tests keep theirs in the same store.
    assert [one.label for one in backups.kept(client) if one.db == "shop"] == [taken.label]
    client.execute("DROP DATABASE shop FORCE")
    with pytest.raises(BadInput, match="no backup of other"):
        backups.restore(client, "other")
    found, seconds = backups.restore(client, "shop")
    assert found.label == taken.label
    assert client.query(question) == before
    assert taken.left_out == ()
    assert seconds < 60
    with pytest.raises(BadInput, match="no database 'none'"):
        backups.take(client, "none")
