from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.unit.warehouse.embedded.session.asking import PASSWORD, ask, do
from tests.unit.warehouse.embedded.session.test_session import ENDLESS, in_thread, until

LOG = "__internal_schema.audit_log"


def logged(root: Session, text: str, columns: str) -> list[tuple[object, ...]]:
    """The audit rows of one statement text, oldest first."""
    return ask(root, f"SELECT {columns} FROM {LOG} WHERE stmt = '{text}' ORDER BY stmt_id")


def test_the_columns_are_those_of_doris(root: Session) -> None:
    names = [row[0] for row in ask(root, f"DESC {LOG}")]
    assert len(names) == 42
    assert names[:6] == ["query_id", "time", "client_ip", "user", "frontend_ip", "catalog"]
    assert names[-3:] == ["workload_group", "compute_group", "stmt"]
    types = {row[0]: row[1] for row in ask(root, f"DESC {LOG}")}
    assert types["time"] == "datetime(3)"
    assert types["plan_times_ms"] == "map<text,int>"


def test_a_query_is_recorded_before_anyone_can_ask_for_it(root: Session) -> None:
    ask(root, "SELECT id, day FROM orders")
    columns = "user, client_ip, db, state, error_code, return_rows, stmt_type, is_query, workload_group, catalog"
    assert logged(root, "SELECT id, day FROM orders", columns) == [
        ("root", "127.0.0.1", "shop", "EOF", 0, 3, "SELECT", 1, "normal", "internal")
    ]
    (row,) = logged(root, "SELECT id, day FROM orders", "queried_tables_and_views, time, query_time, sql_hash")
    assert row[0] == ["shop.orders"]
    assert abs(datetime.now(UTC).replace(tzinfo=None) - row[1]) < timedelta(minutes=1)
    assert row[2] >= 0
    assert len(row[3]) == 32


def test_a_failed_statement_is_recorded_with_its_error(root: Session) -> None:
    with pytest.raises(DorisError):
        do(root, "USE nodb")
    assert logged(root, "USE nodb", "state, error_code, error_message, stmt_type, is_query") == [
        ("ERR", 1049, "errCode = 2, detailMessage = Unknown database 'nodb'", "USE", 0)
    ]


def test_a_killed_query_is_recorded_as_such(root: Session, warehouse: Warehouse) -> None:
    victim = warehouse.connect("root")
    text = ENDLESS.replace("'", '"') + " AND 7 = 7"
    thread, _ = in_thread(victim, text)
    victim.kill(connection=False, by="10.9.9.9")
    thread.join(10)
    victim.close()
    assert logged(root, text, "state, error_message") == [
        ("ERR", "errCode = 2, detailMessage = cancel query by user from 10.9.9.9")
    ]


def test_rows_that_were_not_fetched_do_not_count(root: Session) -> None:
    results = root.execute("SELECT number FROM numbers('number'='40000000')")
    first = next(next(results).batches)  # type: ignore[union-attr]
    results.close()
    ((rows,),) = ask(root, f"SELECT return_rows FROM {LOG} WHERE stmt LIKE '%40000000%' AND is_query = 1 LIMIT 1")
    assert rows == first.num_rows


def test_passwords_never_reach_the_log(root: Session) -> None:
    do(root, "CREATE USER eve IDENTIFIED BY 'swordfish'")
    do(root, "SET PASSWORD FOR 'eve' = PASSWORD('swordfish2')")
    do(root, "DROP USER eve")
    texts = [row[0] for row in ask(root, f"SELECT stmt FROM {LOG} WHERE stmt LIKE '%eve%'")]
    assert "CREATE USER eve IDENTIFIED BY ***" in texts
    assert not [text for text in texts if "swordfish" in text]


def test_the_workload_group_of_a_statement_is_noted(root: Session) -> None:
    do(root, "CREATE WORKLOAD GROUP batch")
    do(root, "SET workload_group = 'batch'")
    ask(root, "SELECT 41")
    do(root, "SET workload_group = ''")
    do(root, "DROP WORKLOAD GROUP batch")
    assert logged(root, "SELECT 41", "workload_group") == [("batch",)]


def test_statements_are_written_soon_without_anybody_reading(warehouse: Warehouse, root: Session) -> None:
    ask(root, "SELECT 42")
    cursor = warehouse.engine.cursor()
    until(lambda: cursor.execute("SELECT count(*) FROM nereus.audit_log WHERE stmt = 'SELECT 42'").fetchone() == (1,))
    cursor.close()


def test_no_statement_is_lost_when_many_threads_write(warehouse: Warehouse, root: Session) -> None:
    def work() -> None:
        session = warehouse.connect("root")
        for number in range(200):
            do(session, f"SET @counted = {number}")
        session.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ask(root, f"SELECT count(*), count(distinct query_id) FROM {LOG} WHERE stmt LIKE 'SET @counted%'") == [
        (1600, 1600)
    ]


def test_what_is_pending_is_bounded(warehouse: Warehouse, root: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nereus.warehouse.embedded.audit._MOST_BYTES", 50_000)
    for _ in range(60):
        do(root, f"SET @large = '{'x' * 5000}'")
        assert warehouse.audit.pending <= 11


def test_monitoring_is_told_of_every_statement(warehouse: Warehouse, root: Session) -> None:
    before = warehouse.counters.totals()
    ask(root, "SELECT 1; SET @a = 1")
    with pytest.raises(DorisError):
        ask(root, "SELECT no_such_column")
    after = warehouse.counters.totals()
    assert after.statements - before.statements == 3
    assert (after.queries - before.queries, after.errors - before.errors) == (2, 1)


def test_recording_can_be_switched_off(root: Session) -> None:
    do(root, "SET GLOBAL enable_audit_plugin = false")
    ask(root, "SELECT 43")
    do(root, "SET GLOBAL enable_audit_plugin = true")
    assert logged(root, "SELECT 43", "state") == []


def test_a_long_text_is_cut_as_doris_cuts_it(root: Session) -> None:
    do(root, "SET GLOBAL audit_plugin_max_sql_length = 20")
    ask(root, "SELECT 'a text of more than twenty bytes'")
    do(root, "SET GLOBAL audit_plugin_max_sql_length = DEFAULT")
    rows = ask(root, f"SELECT stmt FROM {LOG} WHERE stmt LIKE 'SELECT ''a text of%truncated%'")
    assert rows == [("SELECT 'a text of mo ... /* truncated. audit_plugin_max_sql_length=20 */",)]


def test_what_is_no_text_is_recorded_all_the_same(root: Session) -> None:
    with pytest.raises(DorisError):
        ask(root, "FROBNICATE \udc80")
    assert ask(root, f"SELECT stmt FROM {LOG} WHERE stmt LIKE 'FROB%'") == [("FROBNICATE ?",)]


def test_retention_is_set_as_in_doris_and_remembered(tmp_path: Path) -> None:
    first = Warehouse.open(tmp_path, memory_gb=1, threads=1, root_password=PASSWORD)
    session = first.connect("root")
    assert first.audit.kept_days == 30
    do(session, f"ALTER TABLE {LOG} SET ('dynamic_partition.start' = '-7')")
    for wrong in ("'dynamic_partition.start' = '7'", "'dynamic_partition.end' = '3'"):
        with pytest.raises(DorisError):
            do(session, f"ALTER TABLE {LOG} SET ({wrong})")
    first.close()
    second = Warehouse.open(tmp_path, memory_gb=1, threads=1, root_password=PASSWORD)
    assert second.audit.kept_days == 7
    second.close()


def test_closing_writes_what_is_pending_and_opening_sweeps_what_is_old(tmp_path: Path) -> None:
    first = Warehouse.open(tmp_path, memory_gb=1, threads=1, root_password=PASSWORD)
    session = first.connect("root")
    ask(session, "SELECT 44")
    first.close()
    raw = duckdb.connect(str(tmp_path / "warehouse.duckdb"))
    assert raw.execute("SELECT count(*) FROM nereus.audit_log WHERE stmt = 'SELECT 44'").fetchone() == (1,)
    raw.execute("UPDATE nereus.audit_log SET time = time - INTERVAL 31 DAY")
    raw.close()
    second = Warehouse.open(tmp_path, memory_gb=1, threads=1, root_password=PASSWORD)
    session = second.connect("root")
    ask(session, "SELECT 45")
    assert ask(session, f"SELECT stmt FROM {LOG}") == [("SELECT 45",)]
    second.close()


def load(warehouse: Warehouse, label: str, error: str | None = None) -> None:
    warehouse.audit.record_load(
        warehouse,
        user="ann",
        client_ip="10.1.2.3",
        db="shop",
        table="orders",
        label=label,
        rows=12,
        loaded_rows=0 if error else 11,
        body_bytes=345,
        elapsed_ms=60_000,
        error=error,
    )


def test_a_load_is_recorded_like_a_statement(warehouse: Warehouse, root: Session) -> None:
    load(warehouse, "first")
    text = "PUT /api/shop/orders/_stream_load label:first"
    columns = (
        "user, client_ip, db, state, error_code, query_time, scan_rows, scan_bytes, return_rows, stmt_type, is_query"
    )
    assert logged(root, text, columns) == [("ann", "10.1.2.3", "shop", "OK", 0, 60_000, 12, 345, 11, "LOAD", 0)]
    ((started, query_id),) = logged(root, text, "time, query_id")
    assert timedelta(seconds=59) < datetime.now(UTC).replace(tzinfo=None) - started < timedelta(seconds=90)
    assert len(query_id) == 33


def test_a_load_that_failed_is_recorded_with_its_reason(warehouse: Warehouse, root: Session) -> None:
    load(warehouse, "second", "[DATA_QUALITY_ERROR]too many filtered rows")
    assert logged(
        root,
        "PUT /api/shop/orders/_stream_load label:second",
        "state, error_code, error_message, scan_rows, scan_bytes, return_rows",
    ) == [("ERR", 1105, "[DATA_QUALITY_ERROR]too many filtered rows", None, None, 0)]


def test_recording_loads_is_switched_off_with_the_rest(warehouse: Warehouse, root: Session) -> None:
    do(root, "SET GLOBAL enable_audit_plugin = false")
    load(warehouse, "third")
    do(root, "SET GLOBAL enable_audit_plugin = true")
    assert logged(root, "PUT /api/shop/orders/_stream_load label:third", "state") == []
