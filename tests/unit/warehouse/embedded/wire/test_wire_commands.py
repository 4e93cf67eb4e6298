"""Commands other than queries, and what is remembered between them."""

import struct

import mysql.connector
import pymysql
import pytest

from nereus.warehouse.embedded.wire.limits import Limits
from tests.unit.warehouse.embedded.wire.raw_client import MULTI, RawClient, error
from tests.unit.warehouse.embedded.wire.serving import served
from tests.unit.warehouse.embedded.wire.waiting import until

OK = b"\0\0\0\0\0\0\0"


@pytest.mark.parametrize("code", [0x0E, 0x09, 0x0D, 0x1F])
def test_commands_that_only_say_ok(raw, code):
    client = raw()
    client.log_in()
    assert client.command(code) == OK
    assert client.command(0x1B, b"\0\0") == OK


def test_quit_closes(raw, house):
    client = raw()
    client.log_in()
    client.send(b"\x01")
    assert client.ended()
    until(lambda: not house.sessions)


@pytest.mark.parametrize("code", [0x00, 0x05, 0x0C, 0x1C, 0x77])
def test_unknown_commands_are_refused_and_the_connection_goes_on(raw, code):
    client = raw()
    client.log_in()
    assert error(client.command(code)) == (1047, "08S01", f"Unsupported command({code})")
    assert client.command(0x0E) == OK


def test_init_db(raw, house):
    client = raw()
    client.log_in()
    assert error(client.command(0x02, b"nodb")) == (
        1049,
        "42000",
        "errCode = 2, detailMessage = Unknown database 'nodb'",
    )
    assert client.command(0x02, b"internal.d") == OK
    assert [session.database for session in house.sessions] == ["d"]


def test_reset_connection_forgets_the_database_and_prepared_statements(raw, house):
    client = raw()
    client.log_in(database=b"d")
    client.command(0x16, b"OK")
    assert client.command(0x1F) == OK
    assert [session.database for session in house.sessions] == [None]
    assert error(client.command(0x17, struct.pack("<IBI", 1, 0, 1)))[0] == 1047


def test_login_with_a_database(raw, connect):
    assert connect(database="internal.d").cursor().execute("DATABASE") == 1
    client = raw()
    answer = client.log_in(database=b"nodb")
    assert error(answer)[:2] == (1049, "42000")
    assert client.ended()


def test_ok_reports_rows_and_text(connect):
    connection = connect()
    assert connection.query("OK {'label':'x'}") == 7
    # PyMySQL reads the length of the text as its first letter, as it does with Doris.
    assert connection._result.message == b"\x0d{'label':'x'}"


def test_results_of_every_type_reach_pymysql(connect):
    cursor = connect().cursor()
    cursor.execute("SELECT 1::int a, 'x' b, 1.5::decimal(5,2) c, NULL::date d, 0.5::double e, true f")
    assert [str(value) for value in cursor.fetchone()] == ["1", "x", "1.50", "None", "0.5", "1"]
    assert [column[0] for column in cursor.description] == ["a", "b", "c", "d", "e", "f"]


def test_an_error_leaves_the_connection_usable(connect):
    cursor = connect().cursor()
    with pytest.raises(pymysql.err.OperationalError) as caught:
        cursor.execute("SELECT nosuch")
    assert caught.value.args[0] == 1105
    cursor.execute("SELECT 2")
    assert cursor.fetchall() == ((2,),)


def test_an_empty_statement_is_ok(raw):
    client = raw()
    client.log_in()
    assert client.command(0x03, b"") == OK
    assert client.command(0x03, b" ; ;\0") == OK


def test_two_statements_send_the_last_result_alone(raw, house):
    client = raw()
    client.log_in()
    assert client.command(0x03, b"SELECT 1; OK second") == b"\0\x07\0\0\0\0\0\x06second"
    assert [text for _, text in house.statements] == ["SELECT 1", "OK second"]
    assert client.command(0x0E) == OK


def test_two_statements_send_both_results_to_a_client_that_can_take_them(raw, connect):
    client = raw()
    client.log_in(flags=MULTI)
    assert client.command(0x03, b"OK first; OK second") == b"\0\x07\0\x08\0\0\0\x05first"
    assert client.read() == (2, b"\0\x07\0\0\0\0\0\x06second")
    cursor = connect(client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS).cursor()
    cursor.execute("SELECT 1; SELECT ';'; OK")
    assert cursor.fetchall() == ((1,),)
    assert cursor.nextset()
    assert cursor.fetchall() == ((";",),)
    assert cursor.nextset()
    assert not cursor.nextset()


def test_a_statement_of_20_megabytes_and_an_answer_of_20_megabytes(connect):
    text = "x" * (20 << 20)
    cursor = connect(max_allowed_packet=64 << 20).cursor()
    cursor.execute(f"SELECT '{text}'")
    assert cursor.fetchone() == (text,)


def test_prepared_statements_of_a_real_driver(server):
    connection = mysql.connector.connect(host="127.0.0.1", port=server.port, user="ann", password="secret")
    cursor = connection.cursor(prepared=True)
    cursor.execute("SELECT ?::int, ?, ?::int, ? || '!' FROM range(3)", (-5, "it's", None, "é"))
    assert cursor.fetchall() == [(-5, "it's", None, "é!")] * 3
    cursor.execute("SELECT ?::int, ?, ?::int, ? || '!' FROM range(3)", (6, "", 7, "?"))
    assert cursor.fetchall() == [(6, "", 7, "?!")] * 3
    cursor.close()
    connection.close()


def test_prepared_statements_step_by_step(raw, house):
    client = raw()
    client.log_in()
    client.send(b"\x16OK ?")
    first = client.read()[1]
    assert first == b"\0\x01\0\0\0\0\0\x01\0\0\0\0\x01"
    assert client.read()[1].startswith(b"\x03def")
    assert client.read()[1] == b"\xfe\0\0\0\0"
    client.send(b"\x18" + struct.pack("<IH", 1, 0) + b"long ")
    client.send(b"\x18" + struct.pack("<IH", 1, 0) + b"data")
    execute = struct.pack("<IBI", 1, 0, 1) + b"\0\x01\xfc\0"
    assert client.command(0x17, execute)[:2] == b"\0\x07"
    assert client.command(0x17, execute + b"\x01a")[:2] == b"\0\x07"
    client.send(b"\x18" + struct.pack("<IH", 1, 0) + b"gone")
    assert client.command(0x1A, struct.pack("<I", 1)) == OK
    assert client.command(0x17, execute + b"\x01b")[:2] == b"\0\x07"
    assert [text for _, text in house.statements] == ["OK 'long data'", "OK 'a'", "OK 'b'"]
    client.send(b"\x19" + struct.pack("<I", 1))
    assert error(client.command(0x17, execute))[0] == 1047


def test_long_data_and_prepared_statements_have_limits(house):
    limits = Limits(packet_bytes=1000, prepared=2)
    with served(house, limits=limits) as server, RawClient(server.port) as client:
        client.log_in()
        assert client.command(0x16, b"OK")[0] == 0
        client.send(b"\x16OK ?")
        for _ in range(3):
            client.read()
        assert error(client.command(0x16, b"OK"))[0] == 1461
        client.send(b"\x18" + struct.pack("<IH", 2, 0) + b"x" * 600)
        client.send(b"\x18" + struct.pack("<IH", 2, 0) + b"x" * 600)
        assert error(client.read()[1])[0] == 1153
        assert client.ended()


def test_a_cursor_is_refused_where_rows_would_come(raw):
    client = raw()
    client.log_in()
    for sql, first in ((b"SELECT 1 AS a", 0xFF), (b"OK done", 0)):
        number = client.command(0x16, sql)[1:5]
        for _ in range(2 if sql.startswith(b"SELECT") else 0):
            client.read()
        answer = client.command(0x17, number + b"\x01" + struct.pack("<I", 1))
        assert answer[0] == first
        assert first == 0 or "refuses cursors" in error(answer)[2]
