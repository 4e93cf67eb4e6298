"""One real warehouse behind both ports, with a user of each kind and a table to read."""

import asyncio
import threading
from dataclasses import dataclass

import pymysql
import pytest

from nereus.warehouse.embedded.server import Options, Ports, serving

ROOT_PASSWORD = "root-secret"
ANN_PASSWORD = "ann's \\ secret"


@dataclass
class House:
    ports: Ports

    def connect(self, user="root", password=ROOT_PASSWORD, **options):
        return pymysql.connect(host="127.0.0.1", port=self.ports.mysql.port, user=user, password=password, **options)

    def ask(self, sql, **options):
        """The rows of one statement, as root."""
        connection = self.connect(**options)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()
        finally:
            connection.close()


@pytest.fixture(scope="session")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("warehouse")
    (folder / "password").write_text(f"{ROOT_PASSWORD}\n")
    options = Options(
        data=folder / "data",
        bind="127.0.0.1",
        mysql_port=0,
        http_port=0,
        flight_port=-1,
        memory_gb=1.0,
        threads=2,
        root_password_file=folder / "password",
        tls_cert=None,
        tls_key=None,
        log_level="info",
    )
    ready, stop = threading.Event(), None
    found: list[House] = []

    async def run():
        nonlocal stop
        stop = asyncio.Event()
        try:
            async with serving(options) as ports:
                found.append(House(ports))
                ready.set()
                await stop.wait()
        finally:
            ready.set()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    assert ready.wait(60)
    assert found, "it did not start"
    made = found[0]
    connection = made.connect(autocommit=True)
    with connection.cursor() as cursor:
        for statement in SETUP:
            cursor.execute(statement)
    connection.close()
    yield made
    loop.call_soon_threadsafe(stop.set)
    thread.join(60)
    loop.close()


SETUP = (
    "CREATE DATABASE shop",
    """CREATE TABLE shop.sales (
         id BIGINT NOT NULL, day DATE, sold DATETIME(3), name VARCHAR(40), price DECIMAL(10, 2), weight DOUBLE,
         ok BOOLEAN
       ) DUPLICATE KEY (id) DISTRIBUTED BY HASH (id) BUCKETS 1 PROPERTIES ("replication_num" = "1")""",
    """INSERT INTO shop.sales VALUES
         (1, '2024-01-01', '2024-01-01 10:00:00.5', 'apple', 1.50, 0.1, true),
         (2, '2024-02-29', '2024-02-29 00:00:00', 'it''s "é"', -0.01, 1e20, false),
         (3, NULL, NULL, NULL, NULL, NULL, NULL)""",
    "CREATE USER ann IDENTIFIED BY 'ann''s \\\\ secret'",
    "GRANT SELECT_PRIV ON shop.* TO ann",
)
