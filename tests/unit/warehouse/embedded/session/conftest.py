from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.unit.warehouse.embedded.session.asking import PASSWORD, do, table, view


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A database `shop` with a table, a view and a user `ann` who may do nothing yet."""
    data: Path = tmp_path_factory.mktemp("warehouse")
    opened = Warehouse.open(data, memory_gb=1, threads=2, root_password=PASSWORD)
    opened.catalog.create_database("shop")
    opened.catalog.create_database("other")
    table(
        opened,
        "shop",
        "orders",
        {"id": "bigint", "day": "date", "amount": "decimal(10,2)", "note": "varchar(20)"},
        "(1, DATE '2024-01-01', 5.00, 'a'), (2, DATE '2024-01-02', 7.50, NULL), (3, NULL, NULL, 'b')",
    )
    view(opened, "shop", "notes", "SELECT `note` FROM `shop`.`orders`", {"note": "varchar(20)"})
    session = opened.connect("root")
    do(session, "CREATE USER ann IDENTIFIED BY 'secret of ann'")
    session.close()
    yield opened
    opened.close()


@pytest.fixture
def root(warehouse: Warehouse) -> Iterator[Session]:
    session = warehouse.connect("root", database="shop")
    yield session
    session.close()


@pytest.fixture
def ann(warehouse: Warehouse) -> Iterator[Session]:
    """What is granted to ann in a test is taken from her behind it."""
    session = warehouse.connect("ann")
    yield session
    session.close()
    admin = warehouse.connect("root")
    do(admin, "DROP USER ann")
    do(admin, "CREATE USER ann IDENTIFIED BY 'secret of ann'")
    admin.close()
