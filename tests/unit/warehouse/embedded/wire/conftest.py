"""A served stand-in warehouse, and clients of it that are closed after the test."""

import pymysql
import pytest

from tests.unit.warehouse.embedded.wire.fake_warehouse import FakeWarehouse
from tests.unit.warehouse.embedded.wire.raw_client import RawClient
from tests.unit.warehouse.embedded.wire.serving import served


@pytest.fixture
def house():
    return FakeWarehouse()


@pytest.fixture
def server(house):
    with served(house) as running:
        yield running


@pytest.fixture
def raw(server):
    """Opens raw clients of the server."""
    clients = []

    def connect():
        clients.append(RawClient(server.port))
        return clients[-1]

    yield connect
    for client in clients:
        client.sock.close()


@pytest.fixture
def connect(server):
    """Opens PyMySQL connections to the server."""
    opened = []

    def open_one(**options):
        login = {"user": "ann", "password": "secret", **options}
        opened.append(pymysql.connect(host="127.0.0.1", port=server.port, **login))
        return opened[-1]

    yield open_one
    for connection in opened:
        if connection.open:
            connection.close()
