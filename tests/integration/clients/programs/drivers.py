"""mysql-connector-python (pure and C) and mysqlclient against the warehouse: PORT PASSWORD DRIVER. Prints JSON."""

import datetime as dt
import json
import sys
from decimal import Decimal

port, password, driver = sys.argv[1:]
access = {"host": "127.0.0.1", "port": int(port), "user": "root", "password": password, "database": "shop"}
found = {}


def values(rows):
    return [[str(value) for value in row] for row in rows]


def asked(connection, sql, parameters=(), **options):
    cursor = connection.cursor(**options)
    cursor.execute(sql, parameters)
    return values(cursor.fetchall())


def connector(pure):
    import mysql.connector

    found["C"] = mysql.connector.HAVE_CEXT
    if not (pure or mysql.connector.HAVE_CEXT):
        return
    for compress in (False, True):
        connection = mysql.connector.connect(
            **access, use_pure=pure, compress=compress, conn_attrs={"program_name": "t"}
        )
        label = " compressed" if compress else ""
        found[f"text{label}"] = asked(connection, "SELECT * FROM sales ORDER BY id")
        found[f"parameters{label}"] = asked(connection, "SELECT id FROM sales WHERE name = %s", ("apple",))
        sql = "SELECT * FROM sales WHERE id >= ? ORDER BY id"
        found[f"prepared{label}"] = asked(connection, sql, (1,), prepared=True)
        given = (-1, "it's \\ é", 0.5, Decimal("1.25"), dt.date(2024, 1, 1), dt.datetime(2024, 1, 1, 1, 2, 3, 4), None)
        found[f"types{label}"] = asked(connection, "SELECT ?, ?, ?, ?, ?, ?, ?", given, prepared=True)
        long = "z" * 17_000_000
        found[f"long{label}"] = asked(connection, f"SELECT length('{long}') AS n, 1 AS one")
        cursor = connection.cursor()
        cursor.execute(f"SELECT concat('{long}', 'y') AS n")
        found[f"wide{label}"] = len(cursor.fetchall()[0][0])
        found[f"small again{label}"] = asked(connection, "SELECT 7 AS n")
        connection.close()
    connection = mysql.connector.connect(**access, use_pure=pure)
    asked_prepared = connection.cursor(prepared=True)
    asked_prepared.execute(
        "CREATE TABLE rows_of_it (k INT, v VARCHAR(9)) DUPLICATE KEY (k) DISTRIBUTED BY HASH (k) "
        "BUCKETS 1 PROPERTIES ('replication_num' = '1')"
    )
    asked_prepared.executemany("INSERT INTO rows_of_it VALUES (?, ?)", [(1, "a"), (2, None)])
    found["written"] = asked(connection, "SELECT * FROM rows_of_it ORDER BY k")
    found["shown"] = asked(connection, "SHOW TABLES LIKE 'rows_of_it'", prepared=True)
    asked(connection, "SELECT 1")
    connection.cursor().execute("DROP TABLE rows_of_it")
    connection.ping()
    found["reset"] = connection.cmd_reset_connection()
    found["version"] = connection.server_info if hasattr(connection, "server_info") else connection.get_server_info()
    found["dictionary"] = connection.cursor(dictionary=True).execute("SELECT 1 AS a")
    connection.close()


def mysqlclient():
    import MySQLdb
    import MySQLdb.cursors

    for compress in (False, True):
        connection = MySQLdb.connect(**access, compress=compress)
        label = " compressed" if compress else ""
        cursor = connection.cursor()
        cursor.execute("SELECT * FROM sales ORDER BY id")
        found[f"text{label}"] = values(cursor.fetchall())
        cursor.execute("SELECT 1; SELECT 2")
        first, more = cursor.fetchall(), cursor.nextset()
        found[f"multi{label}"] = [first, more, cursor.fetchall(), cursor.nextset()]
    found["streamed"] = len(asked_streamed(connection, MySQLdb.cursors.SSCursor))
    cursor = connection.cursor()
    long = "z" * 17_000_000
    cursor.execute(f"SELECT concat('{long}', 'y') AS n")
    found["wide"] = len(cursor.fetchall()[0][0])
    connection.ping()
    connection.select_db("information_schema")
    connection.set_character_set("utf8mb4")
    connection.autocommit(True)
    connection.autocommit(False)
    connection.commit()
    cursor.execute("SELECT database(), %s", ("it's",))
    found["parameters"] = values(cursor.fetchall())
    connection.close()


def asked_streamed(connection, kind):
    cursor = connection.cursor(kind)
    cursor.execute("SELECT number FROM numbers('number' = '30000')")
    return cursor.fetchall()


if driver == "mysqlclient":
    mysqlclient()
else:
    connector(driver == "pure")
print(json.dumps(found))
