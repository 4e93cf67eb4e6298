"""Drivers as their users use them, against the real warehouse."""

import asyncio
import datetime as dt
import shutil
import subprocess
from decimal import Decimal

import aiomysql
import mysql.connector
import pymysql
import pytest

from tests.integration.wire.conftest import ANN_PASSWORD, ROOT_PASSWORD

ROWS = (
    (1, dt.date(2024, 1, 1), dt.datetime(2024, 1, 1, 10, 0, 0, 500000), "apple", Decimal("1.50"), 0.1, 1),
    (2, dt.date(2024, 2, 29), dt.datetime(2024, 2, 29), 'it\'s "é"', Decimal("-0.01"), 1e20, 0),
    (3, None, None, None, None, None, None),
)


@pytest.fixture
def connector(house):
    connection = mysql.connector.connect(
        host="127.0.0.1", port=house.ports.mysql.port, user="ann", password=ANN_PASSWORD, database="shop"
    )
    yield connection
    connection.close()


def test_pymysql(house):
    connection = house.connect("ann", ANN_PASSWORD, database="internal.shop")
    with connection.cursor() as cursor:
        assert cursor.execute("SELECT * FROM sales ORDER BY id") == 3
        assert cursor.fetchall() == ROWS
        cursor.execute("SELECT name FROM sales WHERE name = %s", (ROWS[1][3],))
        assert cursor.fetchall() == ((ROWS[1][3],),)
        assert [field.org_name for field in connection._result.fields] == ["name"]
        assert [field.db for field in connection._result.fields] == [b"shop"]
    connection.ping()
    connection.close()


def test_mysql_connector(connector):
    cursor = connector.cursor()
    cursor.execute("SELECT * FROM sales ORDER BY id")
    assert tuple(cursor.fetchall()) == ROWS
    connector.cmd_reset_connection()
    connector.ping()
    assert connector.is_connected()


def test_mysql_connector_prepared(connector):
    cursor = connector.cursor(prepared=True)
    sql = "SELECT * FROM sales WHERE id = ? OR name = ? OR day = ? ORDER BY id"
    cursor.execute(sql, (3, ROWS[1][3], ROWS[0][1]))
    assert tuple(cursor.fetchall()) == ROWS
    cursor.execute(sql, (-1, None, dt.date(1999, 1, 1)))
    assert cursor.fetchall() == []
    cursor.execute(
        "SELECT id FROM sales WHERE price < ? AND weight > ? AND sold >= ?", (Decimal("0.5"), 0.5, ROWS[1][2])
    )
    assert cursor.fetchall() == [(2,)]


def test_aiomysql(house):
    async def ask():
        pool = await aiomysql.create_pool(
            host="127.0.0.1", port=house.ports.mysql.port, user="ann", password=ANN_PASSWORD, db="shop", maxsize=4
        )

        async def one(number):
            async with pool.acquire() as connection, connection.cursor() as cursor:
                await cursor.execute("SELECT id, name FROM sales WHERE id = %s", (number,))
                return await cursor.fetchone()

        found = await asyncio.gather(*(one(number % 3 + 1) for number in range(30)))
        pool.close()
        await pool.wait_closed()
        return found

    assert asyncio.run(ask()) == [(row[0], row[3]) for row in ROWS] * 10


def test_writes_report_rows_and_label(house):
    connection = house.connect(database="shop")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE written (k INT) DUPLICATE KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 1 "
            "PROPERTIES ('replication_num' = '1')"
        )
        assert cursor.execute("INSERT INTO written VALUES (1), (2)") == 2
        assert b"'status':'VISIBLE'" in connection._result.message
        cursor.execute("DROP TABLE written")
    connection.close()


def test_init_db_and_database_at_login(house):
    connection = house.connect()
    connection.select_db("shop")
    with connection.cursor() as cursor:
        cursor.execute("SELECT database()")
        assert cursor.fetchall() == (("shop",),)
    with pytest.raises(pymysql.err.OperationalError, match="Unknown database 'nodb'") as caught:
        connection.select_db("nodb")
    assert caught.value.args[0] == 1049
    connection.ping(reconnect=False)
    connection.close()
    with pytest.raises(pymysql.err.OperationalError, match="Unknown database 'nodb'") as caught:
        house.connect(database="nodb")
    assert caught.value.args[0] == 1049


def test_wrong_password_and_unknown_user_read_the_same(house):
    texts = []
    for user in ("ann", "eve"):
        with pytest.raises(pymysql.err.OperationalError) as caught:
            house.connect(user, "wrong")
        assert caught.value.args[0] == 1045
        texts.append(caught.value.args[1].replace(user, "X"))
    assert texts[0] == texts[1] == "Access denied for user 'X@127.0.0.1' (using password: YES)"


def test_field_list(house):
    connection = house.connect("ann", ANN_PASSWORD, database="shop")
    connection._execute_command(4, "sales\0")
    names = []
    while not (packet := connection._read_packet()).is_eof_packet():
        names.append(pymysql.protocol.FieldDescriptorPacket(packet._data, "utf8").name)
    assert names == ["id", "day", "sold", "name", "price", "weight", "ok"]
    connection._execute_command(4, "nosuch\0")
    with pytest.raises(pymysql.err.MySQLError, match=r"Unknown table\(nosuch\)"):
        connection._read_packet()
    connection.close()
    connection = house.connect("ann", ANN_PASSWORD)
    connection._execute_command(4, "sales\0")
    with pytest.raises(pymysql.err.MySQLError, match=r"Unknown database\(null\)"):
        connection._read_packet()
    connection.close()


@pytest.mark.skipif(shutil.which("mariadb") is None, reason="the mariadb client is not installed")
def test_mariadb_client(house):
    command = ["mariadb", "-h", "127.0.0.1", "-P", str(house.ports.mysql.port), "-u", "root", "shop", "-N", "-B"]
    found = subprocess.run(
        [*command, "-e", "SELECT id, name FROM sales ORDER BY id LIMIT 1; SELECT 7"],
        env={"MYSQL_PWD": ROOT_PASSWORD},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "1\tapple\n7\n"
