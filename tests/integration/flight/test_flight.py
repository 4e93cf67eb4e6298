"""What a notebook's client gets over Arrow Flight SQL: types, rows, errors, and nobody else's result."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import adbc_driver_flightsql.dbapi as adbc
import pyarrow as pa
import pytest

from nereus.warehouse.embedded.warehouse import Warehouse

Connect = Callable[..., adbc.Connection]


def fetched(connection: adbc.Connection, sql: str) -> pa.Table:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetch_arrow_table()


def run(warehouse: Warehouse, *statements: str) -> None:
    session = warehouse.connect("root")
    for statement in statements:
        for result in session.execute(statement):
            getattr(result, "close", lambda: None)()
    session.close()


@pytest.mark.parametrize(
    ("expression", "kind", "value"),
    [
        ("true", pa.bool_(), True),
        ("cast(1 as tinyint)", pa.int8(), 1),
        ("cast(1 as smallint)", pa.int16(), 1),
        ("cast(1 as int)", pa.int32(), 1),
        ("cast(1 as bigint)", pa.int64(), 1),
        ("cast(170141183460469231731687303715884105727 as largeint)", pa.string(), str(2**127 - 1)),
        ("cast(1.5 as float)", pa.float32(), 1.5),
        ("cast(1.5 as double)", pa.float64(), 1.5),
        ("cast('12.30' as decimal(10, 2))", pa.decimal128(10, 2), Decimal("12.30")),
        ("cast('2026-01-02' as date)", pa.date32(), date(2026, 1, 2)),
        (
            "cast('2026-01-02 03:04:05' as datetime)",
            pa.timestamp("s", "Etc/UTC"),
            datetime(2026, 1, 2, 3, 4, 5, 0, UTC),
        ),
        (
            "cast('2026-01-02 03:04:05.678' as datetime(3))",
            pa.timestamp("ms", "Etc/UTC"),
            datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC),
        ),
        (
            "cast('2026-01-02 03:04:05.678901' as datetime(6))",
            pa.timestamp("us", "Etc/UTC"),
            datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC),
        ),
        ("'é'", pa.string(), "é"),
        ("array(1, 2)", pa.list_(pa.int8()), [1, 2]),
    ],
)
def test_types_are_those_that_a_doris_backend_sends(
    connect: Connect, expression: str, kind: pa.DataType, value: object
) -> None:
    table = fetched(connect(), f"SELECT {expression} AS c")
    assert table.schema.field("c").type == kind
    assert table["c"].to_pylist() == [value]


def test_null_of_every_kind_stays_null(connect: Connect) -> None:
    sql = "SELECT NULL, cast(NULL as largeint), cast(NULL as datetime), cast(NULL as array<int>)"
    assert [column.null_count for column in fetched(connect(), sql).columns] == [1, 1, 1, 1]


def test_many_rows_come_complete_and_in_batches(connect: Connect) -> None:
    with connect().cursor() as cursor:
        cursor.execute("SELECT number, number * 2 AS twice FROM numbers('number' = '200000')")
        batches = list(cursor.fetch_record_batch())
    assert len(batches) > 1
    assert sum(batch.num_rows for batch in batches) == 200_000
    assert pa.Table.from_batches(batches)["twice"].to_pylist()[-1] == 399_998


def test_wide_rows_come_in_messages_that_every_client_takes(connect: Connect) -> None:
    with connect().cursor() as cursor:
        cursor.execute("SELECT number, repeat('wide ', 500) AS text FROM numbers('number' = '20000')")
        table = cursor.fetch_arrow_table()
    assert (table.num_rows, table.nbytes > 50_000_000) == (20_000, True)
    assert {len(text.as_py()) for text in table["text"].unique()} == {2500}


def test_no_rows_still_tell_their_columns(connect: Connect) -> None:
    table = fetched(connect(), "SELECT 1 AS a, 'x' AS b FROM numbers('number' = '3') WHERE number > 5")
    assert (table.num_rows, table.schema.names) == (0, ["a", "b"])


def test_statements_without_rows_answer_as_doris_does(connect: Connect) -> None:
    connection = connect()
    answers = [
        fetched(connection, sql)
        for sql in (
            "CREATE DATABASE IF NOT EXISTS told",
            "USE told",
            "CREATE TABLE t (k INT) DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1",
            "INSERT INTO t VALUES (1), (2)",
        )
    ]
    assert all(one.to_pylist() == [{"StatusResult": "0"}] for one in answers)
    assert fetched(connection, "SELECT sum(k) AS s FROM t")["s"].to_pylist() == [3]
    shown = fetched(connection, "SHOW TABLES")
    assert shown.schema.types == [pa.string()]
    assert [list(row.values()) for row in shown.to_pylist()] == [["t"]]


def test_session_variables_stay_with_the_connection(connect: Connect) -> None:
    first, second = connect(), connect()
    fetched(first, "SET @mine = 41")
    assert fetched(first, "SELECT @mine + 1 AS v")["v"].to_pylist() == [42]
    assert fetched(second, "SELECT @mine AS v")["v"].to_pylist() == [None]


@pytest.mark.parametrize(
    ("user", "password"), [("root", "wrong"), ("nobody", "wrong"), ("root", ""), ("", "")], ids=str
)
def test_a_wrong_login_says_the_same_for_every_user(connect: Connect, user: str, password: str) -> None:
    with pytest.raises(adbc.Error) as caught:
        fetched(connect(user, password), "SELECT 1")
    text = str(caught.value)
    assert "UNAUTHENTICATED" in text
    assert "Access denied" in text or "log in with" in text


def test_a_user_of_another_host_is_refused(connect: Connect, warehouse: Warehouse) -> None:
    run(warehouse, "CREATE USER 'far'@'10.1.2.3' IDENTIFIED BY 'secret word'")
    with pytest.raises(adbc.Error, match="Access denied"):
        fetched(connect("far", "secret word"), "SELECT 1")


def test_privileges_are_those_of_the_user(connect: Connect, warehouse: Warehouse) -> None:
    run(
        warehouse,
        "CREATE DATABASE IF NOT EXISTS kept",
        "CREATE TABLE IF NOT EXISTS kept.t (k INT) DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1",
        "CREATE USER IF NOT EXISTS 'guest' IDENTIFIED BY 'guest word'",
    )
    with pytest.raises(adbc.Error, match=r"(?i)denied"):
        fetched(connect("guest", "guest word"), "SELECT * FROM kept.t")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM nowhere.t", "nowhere"),
        ("SELEC 1", "SELEC"),
        ("SELECT median_of_everything(1)", "median_of_everything"),
        ("SELECT * FROM '/etc/passwd'", "etc"),
    ],
)
def test_errors_have_the_text_of_the_mysql_port(connect: Connect, sql: str, expected: str) -> None:
    with pytest.raises(adbc.Error, match=expected) as caught:
        fetched(connect(), sql)
    assert "Traceback" not in str(caught.value)


def test_parameters_are_refused(connect: Connect) -> None:
    with connect().cursor() as cursor, pytest.raises(adbc.Error):
        cursor.execute("SELECT ? + 1", (1,))


def test_a_new_statement_ends_the_result_before_it_loudly(connect: Connect) -> None:
    connection = connect()
    with connection.cursor() as first, connection.cursor() as second:
        first.execute("SELECT number FROM numbers('number' = '3000000')")
        second.execute("SELECT 7 AS v")
        assert second.fetchall() == [(7,)]
        with pytest.raises(adbc.Error, match=r"another statement|gone"):
            first.fetch_arrow_table()


def test_kill_ends_the_statement_and_the_session(connect: Connect, warehouse: Warehouse) -> None:
    connection, caught = connect(), []
    number = fetched(connection, "SELECT connection_id() AS n")["n"][0].as_py()

    def heavy() -> None:
        try:
            fetched(connection, _HEAVY)
        except adbc.Error as error:
            caught.append(str(error))

    thread = threading.Thread(target=heavy)
    thread.start()
    _wait(lambda: _runs(warehouse, number))
    run(warehouse, f"KILL {number}")
    thread.join(10)
    assert not thread.is_alive()
    assert caught
    _wait(lambda: warehouse.processes.get(number) is None)
    with pytest.raises(adbc.Error, match="log in again"):
        fetched(connection, "SELECT 1")


def test_a_client_that_goes_away_stops_the_work(connect: Connect, warehouse: Warehouse) -> None:
    connection = connect()
    number = fetched(connection, "SELECT connection_id() AS n")["n"][0].as_py()
    with connection.cursor() as cursor:
        thread = threading.Thread(target=_quietly, args=(cursor, _HEAVY))
        thread.start()
        _wait(lambda: _runs(warehouse, number))
        cursor.adbc_cancel()
        thread.join(10)
    assert not thread.is_alive()
    _wait(lambda: not _runs(warehouse, number))


def test_statements_are_in_the_audit_log(connect: Connect, warehouse: Warehouse) -> None:
    fetched(connect(), "SELECT 'over flight' AS v")
    log = "SELECT return_rows FROM __internal_schema.audit_log"
    sql = f"{log} WHERE stmt LIKE '%over flight%' AND stmt NOT LIKE '%audit%'"
    assert fetched(connect(), sql)["return_rows"].to_pylist() == [1]


def test_the_catalogue_can_be_browsed(connect: Connect, warehouse: Warehouse) -> None:
    run(
        warehouse,
        "CREATE DATABASE IF NOT EXISTS shop",
        "CREATE TABLE IF NOT EXISTS shop.sales (k INT, amount DECIMAL(10, 2)) DUPLICATE KEY(k)"
        " DISTRIBUTED BY HASH(k) BUCKETS 1",
    )
    objects = connect().adbc_get_objects(depth="all", db_schema_filter="shop").read_all().to_pylist()
    (schema,) = objects[0]["catalog_db_schemas"]
    (table,) = schema["db_schema_tables"]
    assert (objects[0]["catalog_name"], schema["db_schema_name"], table["table_name"]) == ("internal", "shop", "sales")
    assert [column["column_name"] for column in table["table_columns"]] == ["k", "amount"]
    assert connect().adbc_get_info()["vendor_name"] == "DorisFE"


def test_to_pandas(connect: Connect) -> None:
    with connect().cursor() as cursor:
        cursor.execute("SELECT number AS n FROM numbers('number' = '10')")
        assert cursor.fetch_df()["n"].sum() == 45


_HEAVY = "SELECT sum(a.number * b.number) FROM numbers('number' = '300000') a CROSS JOIN numbers('number' = '300000') b"


def _quietly(cursor: adbc.Cursor, sql: str) -> None:
    try:
        cursor.execute(sql)
        cursor.fetchall()
    except adbc.Error:
        return


def _runs(warehouse: Warehouse, number: int) -> bool:
    session = warehouse.processes.get(number)
    return session is not None and session.running is not None


def _wait(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
