"""What happens to statements while they run: results that stream, KILL, timeouts, clients that go away."""

import re
import threading
import time
from pathlib import Path

import pymysql
import pytest

from tests.integration.wire.conftest import ANN_PASSWORD
from tests.unit.warehouse.embedded.wire.waiting import until

#: Rows enough for a statement that nobody would wait for.
NUMBERS = "(SELECT number FROM numbers('number' = '10000000'))"
ENDLESS = f"SELECT count(*) FROM {NUMBERS} a JOIN {NUMBERS} b ON a.number + b.number = 7"


def running(house):
    """Connection ids of sessions that run ENDLESS."""
    return [row[1] for row in house.ask("SHOW FULL PROCESSLIST") if ENDLESS in map(str, row)]


def resident_mb():
    return int(re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


@pytest.fixture
def busy(house):
    """A connection of ann's that runs ENDLESS; gives it with its id and the errors that it got."""
    connection = house.connect("ann", ANN_PASSWORD)
    errors = []

    def ask():
        with connection.cursor() as cursor:
            try:
                cursor.execute(ENDLESS)
            except pymysql.err.MySQLError as error:
                errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    until(lambda: running(house))
    yield connection, running(house)[0], errors
    connection._force_close()
    thread.join(20)
    until(lambda: not running(house))


def test_kill_query_stops_the_statement_and_leaves_the_connection(house, busy):
    connection, number, errors = busy
    house.ask(f"KILL QUERY {number}")
    until(lambda: errors)
    assert "cancel query by user" in str(errors[0])
    assert not running(house)
    connection.ping(reconnect=False)


def test_kill_ends_the_connection(house, busy):
    connection, number, errors = busy
    house.ask(f"KILL {number}")
    until(lambda: errors)
    with pytest.raises(pymysql.err.Error):
        connection.ping(reconnect=False)
    assert not running(house)


def test_a_client_that_goes_away_stops_the_engine_within_half_a_second(house, busy):
    connection, _, _ = busy
    connection._sock.shutdown(2)
    gone = time.monotonic()
    until(lambda: not running(house))
    # Generous for a machine that does something else too; the promise is half a second.
    assert time.monotonic() - gone < 3


def test_query_timeout_ends_a_statement(house):
    connection = house.connect("ann", ANN_PASSWORD)
    with connection.cursor() as cursor:
        cursor.execute("SET query_timeout = 1")
        with pytest.raises(pymysql.err.OperationalError, match="timeout"):
            cursor.execute(ENDLESS)
        cursor.execute("SELECT 1")
        assert cursor.fetchall() == ((1,),)
    connection.close()


def test_an_own_connection_can_be_killed(house):
    connection = house.connect()
    with connection.cursor() as cursor:
        cursor.execute("SELECT connection_id()")
        ((number,),) = cursor.fetchall()
        cursor.execute(f"KILL {number}")
    with pytest.raises(pymysql.err.Error):
        connection.ping(reconnect=False)


def test_a_long_result_streams_through_flat_memory(house):
    connection = house.connect("ann", ANN_PASSWORD, cursorclass=pymysql.cursors.SSCursor)
    cursor = connection.cursor()
    cursor.execute("SELECT number, concat('a value of some length ', number) FROM numbers('number' = '20000000')")
    for _ in range(20_000):
        cursor.fetchone()
    before = resident_mb()
    for expected in range(20_000, 200_000):
        row = cursor.fetchone()
        assert row == (expected, f"a value of some length {expected}")
    assert resident_mb() - before < 100
    connection._force_close()
    connection._result.unbuffered_active = False
    until(lambda: len(house.ask("SHOW PROCESSLIST")) == 1)
