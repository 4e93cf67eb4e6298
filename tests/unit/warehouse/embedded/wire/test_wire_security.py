"""Nobody gets in without the password, whatever they send instead."""

import contextlib
import random
import socket
import struct
import threading

import pytest

from nereus.warehouse.embedded.wire.limits import Limits
from tests.unit.warehouse.embedded.wire.raw_client import RawClient, error, scramble
from tests.unit.warehouse.embedded.wire.serving import served
from tests.unit.warehouse.embedded.wire.waiting import until

QUERY = b"\x03SELECT 42"


def denial(raw, user, proof):
    """Everything a refused login sends: sequence numbers and payloads to the end of the connection."""
    client = raw()
    client.introduce(user, proof)
    sent = [client.read()]
    assert client.ended()
    return sent


def test_an_unknown_user_and_a_wrong_password_look_the_same(raw):
    ann, bad = (denial(raw, name, b"x" * 20) for name in (b"ann", b"bad"))
    assert [(sequence, payload.replace(b"ann", b"bad")) for sequence, payload in ann] == bad
    assert error(ann[0][1]) == (1045, "28000", "Access denied for user 'ann@127.0.0.1' (using password: YES)")
    (_, without) = denial(raw, b"ann", b"")[0]
    assert error(without)[2].endswith("(using password: NO)")


def test_a_failed_login_gets_no_statement_through(raw, house):
    client = raw()
    client.introduce(b"ann", b"x" * 20)
    client.send(QUERY)  # Sent before the refusal is even read.
    assert error(client.read()[1])[0] == 1045
    assert client.ended()
    assert house.statements == []
    assert not house.sessions


def test_a_client_that_never_introduces_itself_gets_no_statement_through(raw, house):
    client = raw()
    client.send(QUERY, 1)
    assert error(client.read()[1])[0] == 1835
    assert client.ended()
    assert house.statements == []


def test_a_failed_change_of_user_ends_the_connection(raw, house):
    for user, password in ((b"bob", b"wrong"), (b"nobody", b"x"), (b"bob", b"")):
        client = raw()
        client.log_in()
        client.send(b"\x11" + user + b"\0\x14" + scramble(password, client.nonce) + b"\0\x21\0mysql_native_password\0")
        client.send(QUERY)
        assert error(client.read()[1])[0] == 1045
        assert client.ended()
    until(lambda: not house.sessions)
    assert house.statements == []


@pytest.mark.parametrize("user", [b"root", b"admin"])
def test_nobody_becomes_root_by_changing_user(raw, house, user):
    client = raw()
    client.log_in()
    assert error(client.change_user(user, b"rootpw")) == (1045, "28000", "Change to root or admin is forbidden")
    assert client.ended()


def test_a_change_of_user_gives_that_user_a_session_of_his_own(raw, house):
    client = raw()
    assert client.log_in(database=b"d")[0] == 0
    (old,) = house.sessions
    assert client.change_user(b"bob", b"bobpw", b"internal.d")[0] == 0
    assert old.closed.is_set()
    assert [(session.user, session.database) for session in house.sessions] == [("bob", "d")]
    assert client.command(0x03, b"OK")[0] == 0
    assert house.statements == [("bob", "OK")]


def test_a_change_of_user_to_an_unknown_database_ends_the_connection(raw, house):
    client = raw()
    client.log_in()
    assert error(client.change_user(b"bob", b"bobpw", b"nodb"))[0] == 1049
    assert client.ended()
    until(lambda: not house.sessions)


def test_prepared_statements_do_not_outlive_a_change_of_user(raw):
    client = raw()
    client.log_in()
    client.command(0x16, b"OK")
    assert client.change_user(b"bob", b"bobpw")[0] == 0
    assert error(client.command(0x17, struct.pack("<IBI", 1, 0, 1)))[0] == 1047


def test_a_client_of_another_plugin_is_asked_for_this_one(raw):
    client = raw()
    flags = 0x200 | 0x8000 | 0x80000
    head = struct.pack("<IIB23x", flags, 1 << 24, 33)
    client.send(head + b"ann\0\x20" + b"s" * 32 + b"caching_sha2_password\0", 1)
    sequence, switch = client.read()
    assert switch.startswith(b"\xfemysql_native_password\0")
    nonce = switch[-21:-1]
    assert nonce != client.nonce
    client.send(scramble(b"secret", nonce), sequence + 1)
    assert client.read()[1][0] == 0


def test_a_user_without_a_password(raw):
    assert raw().log_in(b"empty", b"")[0] == 0
    assert error(raw().log_in(b"empty", b"x"))[0] == 1045


def test_a_client_that_says_nothing_is_sent_away(house):
    with served(house, limits=Limits(login_seconds=0.2)) as server, RawClient(server.port) as client:
        assert client.ended()
        until(lambda: server.connections == 0)


def test_a_session_that_comes_too_late_is_closed(house):
    may_come = threading.Event()
    connect = house.connect

    def slow(*who):
        may_come.wait(10)
        return connect(*who)

    house.connect = slow
    with served(house, limits=Limits(login_seconds=0.2)) as server, RawClient(server.port) as client:
        client.introduce(b"ann", scramble(b"secret", client.nonce))
        assert client.ended()
        may_come.set()
        until(lambda: house.closed == 1)
    assert not house.sessions


def test_more_clients_than_allowed_are_told_so(house):
    with served(house, limits=Limits(connections=2)) as server:
        with RawClient(server.port) as first, RawClient(server.port):
            assert first.log_in()[0] == 0
            with socket.create_connection(("127.0.0.1", server.port)) as third:
                code, state, text = error(third.makefile("rb").read()[4:])
            assert (code, state) == (1203, "42000")
            assert text == "Reach limit of connections. Total: 2, Current: 2"
        until(lambda: server.connections == 0)
        with RawClient(server.port) as again:
            assert again.log_in()[0] == 0


def test_a_login_packet_may_not_be_long(raw):
    client = raw()
    client.sock.sendall(struct.pack("<I", 1 << 20 | 1 << 24))
    assert error(client.read()[1])[0] == 1153
    assert client.ended()


def test_a_statement_may_not_be_longer_than_the_limit(house):
    with served(house, limits=Limits(packet_bytes=1000)) as server, RawClient(server.port) as client:
        client.log_in()
        assert client.command(0x03, b"OK".ljust(999))[0] == 0
        client.sock.sendall(struct.pack("<I", 1001))
        assert error(client.read()[1]) == (1153, "08S01", "Got a packet bigger than 'max_allowed_packet' bytes")
        assert client.ended()


def test_all_clients_together_may_not_send_more_than_the_limit(house):
    limits = Limits(inbound_bytes=300_000)
    with (
        served(house, limits=limits) as server,
        RawClient(server.port) as one,
        RawClient(server.port) as two,
    ):
        one.log_in()
        two.log_in()
        one.sock.sendall(struct.pack("<I", 250_000) + b"\x03OK" + b" " * 150_000)
        until(lambda: server._budget.used > 150_000)
        two.send(b"\x03OK" + b" " * 199_000)
        assert error(two.read()[1])[0] == 1153
        assert two.ended()
        until(lambda: server._budget.used < 155_000)
        one.sock.sendall(b" " * 99_997)
        assert one.read()[1][0] == 0
        until(lambda: server._budget.used == 0)


@pytest.mark.parametrize(
    ("name", "packet"),
    [
        ("a command with a wrong number", b"\x01\0\0\x05\x0e"),
        ("an empty command", b"\0\0\0\0"),
        ("a field list without an end", b"\x02\0\0\0\x04t"),
        ("an execution without a statement", b"\x02\0\0\0\x17\x01"),
        ("a change of user without an end", b"\x04\0\0\0\x11bob"),
        ("long data without a parameter", b"\x03\0\0\0\x18\x01\0"),
    ],
)
def test_packets_that_break_the_protocol_end_the_connection(raw, house, name, packet):
    client = raw()
    client.log_in()
    client.sock.sendall(packet)
    assert error(client.read()[1])[0] == 1835
    assert client.ended()
    until(lambda: not house.sessions)


def test_garbage_of_any_kind_leaves_the_server_alive(server, raw):
    for size in (1, 3, 4, 5, 36, 200):
        with RawClient(server.port) as client:
            client.sock.sendall(bytes(range(256))[:size])
            with contextlib.suppress(OSError):  # The server may have closed it already.
                client.sock.shutdown(socket.SHUT_WR)
            while not client.ended():
                pass
    assert raw().log_in()[0] == 0


def test_random_commands_provoke_no_unexpected_error(server, raw, house, caplog):
    dice = random.Random(7)
    commands = [code for code in range(0x20) if code != 0x03]
    for _ in range(150):
        with RawClient(server.port) as client:
            client.log_in()
            for _ in range(4):
                body = bytes([dice.choice(commands)]) + dice.randbytes(dice.choice((0, 1, 4, 9, 40)))
                with contextlib.suppress(OSError):
                    client.send(body, dice.choice((0, 0, 0, 0, 1)))
    until(lambda: not house.sessions)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
    assert raw().log_in()[0] == 0


def test_a_statement_that_is_not_utf8_is_refused_and_the_connection_goes_on(raw):
    client = raw()
    client.log_in()
    assert error(client.command(0x03, b"OK \xff"))[0] == 1300
    assert client.command(0x0E)[0] == 0
