"""Long answers, clients that stop reading or go away, KILL, and the server's end."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pymysql
import pytest

from nereus.errors import BadInput
from nereus.warehouse.embedded.wire.limits import Limits
from nereus.warehouse.embedded.wire.server import serve_mysql
from tests.unit.warehouse.embedded.wire.raw_client import MULTI, RawClient, error
from tests.unit.warehouse.embedded.wire.serving import served
from tests.unit.warehouse.embedded.wire.waiting import until

ENDLESS = b"SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = 7"
LONG = b"SELECT i, 'a value of some length ' || i AS s FROM range(100000000) t(i)"


def is_running(house):
    return lambda: any(session.busy for session in house.sessions)


def test_many_rows_arrive_in_order(connect, house):
    cursor = connect(cursorclass=pymysql.cursors.SSCursor).cursor()
    cursor.execute("SELECT i, CASE WHEN i % 3 > 0 THEN 'v' || i END FROM range(100000) t(i)")
    for number, row in enumerate(cursor.fetchall_unbuffered()):
        assert row == (number, f"v{number}" if number % 3 else None)
    assert number == 99_999


def test_a_client_that_stops_reading_stops_the_engine(raw, house):
    client = raw()
    client.log_in()
    client.send(b"\x03" + LONG)
    for _ in range(10):
        client.read()
    # What is under way: the socket's buffers, a megabyte waiting to be sent, two encoded chunks.
    seen = -1

    def at_rest():
        nonlocal seen
        before, seen = seen, house.rows
        return before == seen

    until(at_rest)
    assert house.rows < 3_000_000
    rest = house.rows
    until(lambda: len(client.exactly(1 << 20)) and house.rows > rest)
    assert is_running(house)()


@pytest.mark.parametrize("statement", [ENDLESS, LONG, b"SELECT 1; " + ENDLESS])
@pytest.mark.parametrize("flags", [0, MULTI])
def test_a_client_that_goes_away_stops_its_statement(server, house, statement, flags):
    client = RawClient(server.port)
    client.log_in(flags=flags)
    client.send(b"\x03" + statement)
    until(lambda: any(session.busy for session in house.sessions) and house.statements[-1][1] in statement.decode())
    client.sock.close()
    until(lambda: not house.sessions and server.connections == 0, seconds=5)


def test_a_client_that_goes_away_gets_no_further_statement(server, house):
    client = RawClient(server.port)
    client.log_in(flags=MULTI)
    client.send(b"\x03" + ENDLESS + b"; OK second")
    until(is_running(house))
    client.sock.close()
    until(lambda: not house.sessions)
    assert [text for _, text in house.statements] == [ENDLESS.decode()]


def test_a_client_that_reads_nothing_for_too_long_is_cut_off(house):
    with served(house, limits=Limits(write_seconds=0.2)) as server, RawClient(server.port) as client:
        client.log_in()
        client.send(b"\x03" + LONG)
        until(lambda: not house.sessions)


def test_kill_closes_an_idle_connection_and_one_that_waits(raw, house):
    client = raw()
    client.log_in()
    (session,) = house.sessions
    session.on_kill()
    assert client.ended()
    busy = raw()
    busy.log_in()
    busy.send(b"\x03" + ENDLESS)
    until(is_running(house))
    (session,) = house.sessions
    session.on_kill()
    assert error(busy.read()[1])[0] == 1317
    assert busy.ended()
    until(lambda: not house.sessions)


def test_kill_closes_a_connection_whose_client_does_not_read(raw, house):
    client = raw()
    client.log_in()
    client.send(b"\x03" + LONG)
    client.read()
    (session,) = house.sessions
    session.on_kill()
    until(lambda: not house.sessions)


def test_who_kills_his_own_connection_is_answered_first(raw, house):
    client = raw()
    client.log_in()
    assert client.command(0x03, b"KILL ME")[0] == 0
    assert client.ended()
    until(lambda: not house.sessions)


def test_the_server_ends_what_runs_and_says_why(house):
    with served(house) as server, RawClient(server.port) as busy, RawClient(server.port) as idle:
        busy.log_in()
        idle.log_in()
        busy.send(b"\x03" + ENDLESS)
        until(is_running(house))
        server.run(server.close())
        assert error(busy.read()[1]) == (1053, "08S01", "Server shutdown in progress")
        assert busy.ended()
        assert idle.ended()
        assert not house.sessions
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port))


def test_an_idle_connection_takes_no_thread(raw, house):
    before = set(threading.enumerate())
    for _ in range(60):
        assert raw().log_in()[0] == 0
    assert len(house.sessions) == 60
    # Logins ran one after the other, so few threads were ever wanted: a busy machine may give the pool some more.
    assert len(set(threading.enumerate()) - before) < 30


def test_64_connections_get_their_own_answers(server, house):
    def client(number):
        connection = pymysql.connect(host="127.0.0.1", port=server.port, user="ann", password="secret")
        cursor = connection.cursor()
        for turn in range(6):
            cursor.execute(f"SELECT {number} AS n, {turn} AS t FROM range({turn + 1})")
            assert cursor.fetchall() == ((number, turn),) * (turn + 1)
        connection.close()
        return number

    with ThreadPoolExecutor(64) as pool:
        assert sorted(pool.map(client, range(64))) == list(range(64))
    until(lambda: not house.sessions)


def test_several_commands_sent_at_once_are_answered_in_order(raw):
    client = raw()
    client.log_in()
    for number in range(20):
        client.send(b"\x03OK %d" % number)
    answers = [client.read() for _ in range(20)]
    assert [(sequence, payload[8:]) for sequence, payload in answers] == [(1, b"%d" % n) for n in range(20)]


def test_a_taken_port_is_named(server, house):
    with pytest.raises(BadInput, match=f"port {server.port} on 127.0.0.1 is taken") as caught:
        server.run(serve_mysql(house, "127.0.0.1", server.port))
    assert "local.ports.warehouse_mysql" in str(caught.value)


def test_an_address_of_another_machine_is_named(server, house):
    with pytest.raises(BadInput, match=r"cannot listen on 192\.0\.2\.1:9030"):
        server.run(serve_mysql(house, "192.0.2.1", 9030))
