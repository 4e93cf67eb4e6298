"""Encryption on request, and then nothing without it."""

import ssl
import struct

import pymysql
import pytest

from tests.unit.warehouse.embedded.wire.certificates import certificate_in
from tests.unit.warehouse.embedded.wire.raw_client import PLUGIN, PROTOCOL_41, SECURE, SSL, RawClient, error, scramble
from tests.unit.warehouse.embedded.wire.serving import served
from tests.unit.warehouse.embedded.wire.waiting import until

ENDLESS = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = 7"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return certificate_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure(house, certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    with served(house, ssl=context) as server:
        yield server


def test_an_encrypted_client(secure, certificate):
    connection = pymysql.connect(
        host="localhost", port=secure.port, user="ann", password="secret", ssl={"ca": str(certificate[0])}
    )
    assert connection._sock.cipher() is not None
    cursor = connection.cursor()
    cursor.execute("SELECT i, repeat('x', 100) FROM range(50000) t(i)")
    assert cursor.fetchall() == tuple((number, "x" * 100) for number in range(50_000))
    connection.close()


def test_a_plain_client_is_refused_before_its_password_is_looked_at(secure, house):
    for password in (b"secret", b"wrong"):
        with RawClient(secure.port) as client:
            code, state, text = error(client.log_in(b"ann", password))
            assert (code, state) == (3159, "HY000")
            assert text.startswith("This warehouse accepts encrypted connections only")
            assert client.ended()
    assert not house.sessions


def test_a_wrong_password_is_refused_inside_the_encryption(secure, certificate):
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        pymysql.connect(host="localhost", port=secure.port, user="ann", password="no", ssl={"ca": str(certificate[0])})


def test_a_client_that_begins_encryption_in_the_same_breath(secure, certificate):
    flags = PROTOCOL_41 | SECURE | PLUGIN | SSL
    head = struct.pack("<IIB23x", flags, 1 << 24, 33)
    context = ssl.create_default_context(cafile=str(certificate[0]))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with RawClient(secure.port) as client:
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        client.sock.sendall(struct.pack("<I", len(head) | 1 << 24) + head + outgoing.read())
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                incoming.write(client.sock.recv(1 << 16))
        proof = scramble(b"secret", client.nonce)
        body = head + b"ann\0" + bytes([len(proof)]) + proof + b"mysql_native_password\0"
        tls.write(struct.pack("<I", len(body) | 2 << 24) + body)
        client.sock.sendall(outgoing.read())
        found = b""
        while len(found) < 11:
            try:
                found += tls.read(100)
            except ssl.SSLWantReadError:
                incoming.write(client.sock.recv(1 << 16))
        assert found == b"\x07\0\0\x03" + b"\0" * 7


def test_a_client_that_announces_encryption_and_sends_rubbish(secure, house):
    with RawClient(secure.port) as client:
        client.send(struct.pack("<IIB23x", PROTOCOL_41 | SSL, 1 << 24, 33), 1)
        client.sock.sendall(b"this is no handshake" * 10)
        while client.sock.recv(1 << 16):
            pass
    until(lambda: secure.connections == 0)


def test_a_server_without_encryption_takes_no_request_for_it(raw):
    client = raw()
    client.send(struct.pack("<IIB23x", PROTOCOL_41 | SSL, 1 << 24, 33), 1)
    assert error(client.read()[1])[0] == 1835
    assert client.ended()


def test_a_client_that_goes_away_stops_its_statement(secure, certificate, house):
    connection = pymysql.connect(
        host="localhost", port=secure.port, user="ann", password="secret", ssl={"ca": str(certificate[0])}
    )
    connection._execute_command(
        3, "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range = b.range + 1"
    )
    until(lambda: any(session.busy for session in house.sessions))
    connection._force_close()
    until(lambda: not house.sessions)
