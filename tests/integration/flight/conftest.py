"""A warehouse with its Flight port, and clients of Arrow's own driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import adbc_driver_flightsql.dbapi as adbc
import pytest

from nereus.warehouse.embedded.flight.service import FlightServer
from nereus.warehouse.embedded.warehouse import Warehouse

PASSWORD = "right horse"
Connect = Callable[..., adbc.Connection]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    opened = Warehouse.open(Path(tmp_path_factory.mktemp("flight")), memory_gb=1, threads=2, root_password=PASSWORD)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def server(warehouse: Warehouse) -> Iterator[FlightServer]:
    running = FlightServer(warehouse, "127.0.0.1", 0)
    yield running
    running.close()


@pytest.fixture
def connect(server: FlightServer) -> Iterator[Connect]:
    """Log in as Doris' manual shows it; every connection is closed after the test."""
    with ExitStack() as stack:

        def log_in(user: str = "root", password: str = PASSWORD) -> adbc.Connection:
            connection = adbc.connect(
                f"grpc://127.0.0.1:{server.port}", {"username": user, "password": password}, autocommit=True
            )
            return stack.enter_context(connection)

        yield log_in
