from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.unit.warehouse.embedded.session.asking import PASSWORD, do


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed warehouse: a database `shop` with 200,000 orders, and a user `ann` with the group `science`."""
    data = tmp_path_factory.mktemp("stored")
    opened = Warehouse.open(data, memory_gb=1, threads=2, root_password=PASSWORD)
    session = opened.connect("root")
    for text in (
        "CREATE DATABASE shop",
        "CREATE TABLE shop.orders (id BIGINT, amount INT) DUPLICATE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1"
        " PROPERTIES ('replication_num' = '1')",
        "INSERT INTO shop.orders SELECT number, number % 100 FROM numbers('number' = '200000')",
        "CREATE USER ann IDENTIFIED BY 'secret of ann'",
        "GRANT SELECT_PRIV, LOAD_PRIV ON shop.* TO ann",
        "CREATE WORKLOAD GROUP science PROPERTIES ('max_cpu_percent' = '40%', 'max_concurrency' = '1')",
        "GRANT USAGE_PRIV ON WORKLOAD GROUP 'science' TO ann",
        "SET PROPERTY FOR 'ann' 'default_workload_group' = 'science'",
    ):
        do(session, text)
    session.close()
    opened.close()
    return data


@pytest.fixture
def warehouse(stored: Path, tmp_path: Path) -> Iterator[Warehouse]:
    """A copy of the stored one, in `tmp_path`."""
    shutil.copytree(stored, tmp_path, dirs_exist_ok=True)
    opened = Warehouse.open(tmp_path, memory_gb=1, threads=2, root_password=PASSWORD)
    yield opened
    opened.close()


@pytest.fixture
def root(warehouse: Warehouse) -> Iterator[Session]:
    session = warehouse.connect("root", database="shop")
    yield session
    session.close()


@pytest.fixture
def ann(warehouse: Warehouse) -> Iterator[Session]:
    session = warehouse.connect("ann", database="shop")
    yield session
    session.close()


@pytest.fixture
def bob(warehouse: Warehouse) -> Iterator[Session]:
    """Another session of ann's."""
    session = warehouse.connect("ann", database="shop")
    yield session
    session.close()
