from __future__ import annotations

import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.result import Ok, ResultSet
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.unit.warehouse.embedded.session.asking import PASSWORD, ask, columns, do, table

#: A join that would run for hours.
ENDLESS = "SELECT count(*) FROM numbers('number'='3000000') a, numbers('number'='3000000') b WHERE a.number < b.number"


def until(condition: object, seconds: float = 10) -> None:
    """Wait for a condition that another thread brings about."""
    limit = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < limit, "it did not come about"
        time.sleep(0.002)


def in_thread(session: Session, sql: str) -> tuple[threading.Thread, list[BaseException]]:
    """Run a statement in a thread; gives the thread and what the statement raised."""
    raised: list[BaseException] = []

    def work() -> None:
        try:
            ask(session, sql)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: session.running is not None or not thread.is_alive())
    return thread, raised


def test_statements_of_a_text_run_in_order_and_stop_at_the_first_error(root: Session) -> None:
    results = root.execute("SELECT 1; SET @a = 2; SELECT nothing_like_it; SELECT 3")
    first = next(results)
    assert isinstance(first, ResultSet)
    assert [batch.to_pylist() for batch in first.batches] != []
    assert next(results) == Ok()
    with pytest.raises(DorisError, match="nothing_like_it"):
        next(results)
    assert list(results) == []


def test_asking_for_the_next_result_closes_the_one_before(root: Session) -> None:
    results = root.execute("SELECT id FROM orders; SELECT 2")
    first = next(results)
    next(results)
    assert isinstance(first, ResultSet)
    assert list(first.batches) == []
    assert root.running is not None
    results.close()
    assert root.running is None


def test_a_large_result_comes_as_it_is_computed_and_takes_no_memory(root: Session) -> None:
    (result,) = _open(root, "SELECT number, concat('row ', number) FROM numbers('number'='3000000')")
    began = time.monotonic()
    tracemalloc.start()
    rows = next(result.batches).num_rows
    assert time.monotonic() - began < 1
    assert 0 < rows <= 100_000
    rows += sum(batch.num_rows for batch in result.batches)
    assert rows == 3_000_000
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_closing_a_result_early_ends_the_statement_and_leaves_the_session_usable(root: Session) -> None:
    (result,) = _open(root, "SELECT number FROM numbers('number'='50000000')")
    next(result.batches)
    assert root.running is not None
    result.close()
    assert root.running is None
    assert ask(root, "SELECT 7") == [(7,)]


def test_a_result_that_nobody_reads_ends_when_it_is_closed(root: Session) -> None:
    (result,) = _open(root, "SELECT number FROM numbers('number'='50000000')")
    result.close()
    assert root.running is None


def test_cancel_stops_the_engine_at_once(root: Session) -> None:
    thread, raised = in_thread(root, ENDLESS)
    began = time.monotonic()
    root.cancel(DorisError("stop it"))
    thread.join(10)
    assert time.monotonic() - began < 2
    assert [str(error) for error in raised] == ["stop it"]
    assert ask(root, "SELECT 1") == [(1,)]


def test_cancel_between_two_batches_ends_a_streaming_result(root: Session) -> None:
    (result,) = _open(root, "SELECT number FROM numbers('number'='50000000')")
    next(result.batches)
    root.cancel(DorisError("stop it"))
    with pytest.raises(DorisError, match="stop it"):
        for _ in result.batches:
            pass
    assert root.running is None


def test_cancel_of_an_idle_session_harms_no_later_statement(root: Session) -> None:
    root.cancel(DorisError("stop it"))
    assert ask(root, "SELECT 1") == [(1,)]


def test_a_query_past_its_timeout_ends_with_the_text_of_doris(root: Session) -> None:
    do(root, "SET query_timeout = 1")
    began = time.monotonic()
    with pytest.raises(DorisError, match="query is timeout, killed by timeout checker"):
        ask(root, ENDLESS)
    assert 0.9 < time.monotonic() - began < 4


def test_a_timeout_in_a_hint_is_for_one_statement(root: Session) -> None:
    with pytest.raises(DorisError, match="killed by timeout checker"):
        ask(root, ENDLESS.replace("SELECT", "SELECT /*+ SET_VAR(query_timeout=1) */", 1))
    assert ask(root, "SELECT @@query_timeout") == [(900,)]


def test_a_session_that_idles_past_wait_timeout_is_ended(warehouse: Warehouse) -> None:
    session = warehouse.connect("root")
    ended = threading.Event()
    session.on_kill = ended.set
    do(session, "SET wait_timeout = 0")
    assert ended.wait(5)
    with pytest.raises(DorisError, match="the connection was killed"):
        ask(session, "SELECT 1")
    session.close()


def test_a_session_that_cannot_be_ended_keeps_no_other_from_its_timeout(warehouse: Warehouse, root: Session) -> None:
    def fail() -> None:
        raise OSError("gone")

    broken = warehouse.connect("root")
    broken.on_kill = fail
    do(broken, "SET wait_timeout = 0")
    do(root, "SET query_timeout = 1")
    with pytest.raises(DorisError, match="killed by timeout checker"):
        ask(root, ENDLESS)
    broken.on_kill = None
    broken.close()


def test_closing_a_session_stops_what_it_runs(warehouse: Warehouse) -> None:
    session = warehouse.connect("root")
    thread, raised = in_thread(session, ENDLESS)
    session.close()
    thread.join(10)
    assert not thread.is_alive()
    assert isinstance(raised[0], DorisError)
    assert warehouse.processes.get(session.connection_id) is None


def test_use_takes_system_databases_in_any_case_and_others_exactly(root: Session) -> None:
    do(root, "USE INFORMATION_SCHEMA")
    assert root.database == "information_schema"
    do(root, "USE internal.shop")
    assert root.database == "shop"
    for missing in ("SHOP", "nodb"):
        with pytest.raises(DorisError) as error:
            do(root, f"USE {missing}")
        assert (error.value.code, error.value.text) == (
            1049,
            f"errCode = 2, detailMessage = Unknown database '{missing}'",
        )


def test_connecting_to_an_unknown_database_or_as_nobody_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(DorisError) as error:
        warehouse.connect("root", database="nodb")
    assert (error.value.code, error.value.text) == (1049, "Unknown database 'nodb'")
    with pytest.raises(DorisError) as error:
        warehouse.connect("nobody")
    assert error.value.code == 1045


def test_a_query_is_bound_anew_when_the_catalogue_has_changed(warehouse: Warehouse, root: Session) -> None:
    table(warehouse, "shop", "moving", {"id": "int"}, "(1)")
    assert ask(root, "SELECT * FROM moving") == [(1,)]
    warehouse.catalog.drop("shop", "moving", view=False)
    table(warehouse, "shop", "moving", {"id": "int", "more": "int"}, "(1, 2)")
    assert ask(root, "SELECT * FROM moving") == [(1, 2)]
    assert columns(root, "SELECT * FROM moving") == ["id", "more"]


def test_the_same_text_means_another_table_in_another_database(warehouse: Warehouse, root: Session) -> None:
    table(warehouse, "shop", "place", {"at": "int"}, "(1)")
    table(warehouse, "other", "place", {"at": "int"}, "(2)")
    assert ask(root, "SELECT at FROM place; USE other; SELECT at FROM place") == [(2,)]


def test_begin_takes_no_query_and_refuses_writes(root: Session) -> None:
    assert do(root, "BEGIN").info.endswith("'status':'PREPARE', 'txnId':''}")
    with pytest.raises(DorisError, match="This is in a transaction, only insert"):
        ask(root, "SELECT 1")
    do(root, "ROLLBACK")
    assert ask(root, "SELECT 1") == [(1,)]


def test_an_unknown_statement_is_refused_by_its_words(root: Session) -> None:
    with pytest.raises(Refused, match="statements that begin with CREATE STAGE"):
        ask(root, "CREATE STAGE s")
    with pytest.raises(DorisError, match="mismatched input 'VACUUM' expecting") as error:
        ask(root, "VACUUM FULL orders")
    assert not isinstance(error.value, Refused)


def test_an_unexpected_failure_reaches_the_client_as_one_error(root: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root.warehouse, "schema", lambda session: 1 / 0)
    with pytest.raises(DorisError, match="the embedded warehouse failed: ZeroDivisionError"):
        ask(root, "SELECT note FROM orders WHERE note = 'unseen'")


def test_accounts_variables_and_groups_outlive_the_process(tmp_path: Path) -> None:
    first = Warehouse.open(tmp_path, memory_gb=1, threads=1, root_password=PASSWORD)
    session = first.connect("root")
    do(session, "CREATE USER eve IDENTIFIED BY 'apple'")
    do(session, "CREATE ROLE readers COMMENT 'who read'")
    do(session, "GRANT SELECT_PRIV ON *.*.* TO ROLE 'readers'")
    do(session, "GRANT 'readers' TO eve")
    do(session, "CREATE WORKLOAD GROUP night PROPERTIES ('max_concurrency' = '3')")
    do(session, "SET PROPERTY FOR 'eve' 'default_workload_group' = 'night'")
    do(session, "GRANT USAGE_PRIV ON WORKLOAD GROUP 'night' TO ROLE 'readers'")
    do(session, "SET GLOBAL query_timeout = 77")
    first.close()
    second = Warehouse.open(tmp_path, memory_gb=1, threads=1, root_password="another")
    assert second.accounts.check_password("root", "127.0.0.1", PASSWORD)
    assert second.accounts.check_password("eve", "127.0.0.1", "apple")
    session = second.connect("eve")
    assert ask(session, "SELECT @@query_timeout") == [(77,)]
    assert session.workload_group == "night"
    assert session.rights.satisfies(session.rights.held("any"), "any")
    second.close()


def _open(session: Session, sql: str) -> list[ResultSet]:
    """The result of one statement, still to be read. The generator behind it stays open with it."""
    results = session.execute(sql)
    found = next(results)
    assert isinstance(found, ResultSet)
    _kept.append(results)
    return [found]


_kept: list[object] = []


def test_the_last_query_id_is_that_of_the_statement_before(warehouse: Warehouse) -> None:
    session = warehouse.connect("root")
    assert ask(session, "SELECT last_query_id()") == [("Not Available",)]
    ask(session, "SELECT 1")
    assert session.last is not None
    before = session.last.query_id
    assert ask(session, "SELECT last_query_id()") == [(before,)]
    session.close()
