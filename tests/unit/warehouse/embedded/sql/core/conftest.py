from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from nereus.warehouse.embedded.sql import functions
from tests.unit.warehouse.embedded.sql.core.asking import House


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """A shop: orders with NULLs, customers, a view of each kind, and a second database."""
    connection = duckdb.connect()
    functions.register(connection)
    shop = House(connection)
    shop.table(
        "orders",
        {"id": "int", "customer": "int", "day": "date", "amount": "decimal(10,2)", "note": "varchar(20)"},
        """(1, 10, '2024-01-01', 5.00, 'a'), (2, 10, '2024-01-02', 7.50, NULL), (3, 20, '2024-01-02', NULL, 'b'),
           (4, NULL, '2024-02-01', 1.25, 'B'), (5, 20, NULL, 3.00, 'a')""",
    )
    shop.table(
        "customers",
        {"id": "bigint", "name": "varchar(10)", "city": "string"},
        "(10, 'Ann', 'Oslo'), (20, 'Bob', 'Rome'), (30, 'Cid', NULL)",
    )
    shop.table("Mixed", {"Code": "int", "Value": "string"}, "(1, 'x')")
    shop.table("flags", {"id": "tinyint", "on": "boolean", "ratio": "double"}, "(1, true, 0.5), (2, false, NULL)")
    shop.table("nothing", {"id": "int", "amount": "int"})
    shop.table("orders", {"id": "int", "remark": "string"}, "(1, 'other')", db="archive")
    shop.view(
        "totals",
        {"customer": "int", "total": "decimal(38,2)"},
        "SELECT customer, sum(amount) FROM shop.orders GROUP BY customer",
    )
    shop.view("big", {"customer": "int", "total": "decimal(38,2)"}, "SELECT * FROM shop.totals WHERE total > 4")
    yield shop
    connection.close()
