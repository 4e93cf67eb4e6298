from __future__ import annotations

import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.unit.warehouse.embedded.session.asking import ask, do
from tests.unit.warehouse.embedded.session.test_session import ENDLESS, in_thread


def test_kill_query_ends_the_statement_and_leaves_the_session(warehouse: Warehouse, root: Session) -> None:
    victim = warehouse.connect("root", host="10.1.2.3")
    thread, raised = in_thread(victim, ENDLESS)
    do(root, f"KILL QUERY {victim.connection_id}")
    thread.join(10)
    assert str(raised[0]) == "cancel query by user from 127.0.0.1"
    assert ask(victim, "SELECT 1") == [(1,)]
    victim.close()


def test_kill_query_takes_the_id_that_show_processlist_tells(warehouse: Warehouse, root: Session) -> None:
    victim = warehouse.connect("root")
    thread, raised = in_thread(victim, ENDLESS)
    (query_id,) = [row[10] for row in ask(root, "SHOW PROCESSLIST") if row[1] == str(victim.connection_id)]
    do(root, f"KILL QUERY '{query_id}'")
    thread.join(10)
    assert len(raised) == 1
    victim.close()


def test_kill_ends_the_connection(warehouse: Warehouse, root: Session) -> None:
    victim = warehouse.connect("root")
    closed: list[bool] = []
    victim.on_kill = lambda: closed.append(True)
    do(root, f"KILL {victim.connection_id}")
    assert closed == [True]
    with pytest.raises(DorisError, match="the connection was killed"):
        ask(victim, "SELECT 1")
    victim.close()


def test_ending_ones_own_connection_is_answered_first(warehouse: Warehouse) -> None:
    session = warehouse.connect("root")
    closed: list[bool] = []
    session.on_kill = lambda: closed.append(True)
    do(session, f"KILL CONNECTION {session.connection_id}")
    assert closed == []
    with pytest.raises(DorisError, match="the connection was killed"):
        ask(session, "SELECT 1")
    assert closed == [True]
    session.close()


def test_others_are_out_of_reach_without_admin(warehouse: Warehouse, root: Session, ann: Session) -> None:
    thread, raised = in_thread(root, ENDLESS)
    with pytest.raises(DorisError, match=f"You are not owner of thread or query: {root.connection_id}"):
        do(ann, f"KILL QUERY {root.connection_id}")
    assert [row[1] for row in ask(ann, "SHOW PROCESSLIST")] == [str(ann.connection_id)]
    assert thread.is_alive()
    root.cancel(DorisError("enough"))
    thread.join(10)
    assert [str(error) for error in raised] == ["enough"]


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("KILL 99999", "Unknown thread id: 99999"),
        ("KILL QUERY 99999", "Unknown thread id: 99999"),
        ("KILL QUERY 'abc'", "Unknown query id: abc"),
    ],
)
def test_nobody_to_kill(root: Session, statement: str, text: str) -> None:
    with pytest.raises(DorisError) as error:
        do(root, statement)
    assert error.value.detail == text


def test_there_is_one_catalogue(root: Session, ann: Session) -> None:
    with pytest.raises(DorisError) as error:
        do(root, "SWITCH nocat")
    assert (error.value.code, error.value.detail) == (5086, "Unknown catalog 'nocat'")
    with pytest.raises(DorisError, match="Access denied for user 'ann' to catalog 'nocat'"):
        do(ann, "SWITCH nocat")


def test_workload_groups_are_kept_as_declared(root: Session, ann: Session) -> None:
    do(root, "CREATE WORKLOAD GROUP wg PROPERTIES ('max_cpu_percent' = '30%', 'max_concurrency' = '5')")
    with pytest.raises(DorisError, match="Compute group default already has workload group wg"):
        do(root, "CREATE WORKLOAD GROUP wg PROPERTIES ('max_concurrency' = '1')")
    do(root, "CREATE WORKLOAD GROUP IF NOT EXISTS wg")
    do(root, "ALTER WORKLOAD GROUP wg PROPERTIES ('max_queue_size' = '10')")
    (row,) = ask(root, "SHOW WORKLOAD GROUPS LIKE 'w%'")
    assert row[1:9] == ("wg", "0%", "30%", "0%", "100%", "5", "10", "0")
    assert [name for _, name, *_ in ask(ann, "SHOW WORKLOAD GROUPS")] == ["normal"]
    for statement in ("DROP WORKLOAD GROUP normal", "DROP WORKLOAD GROUP nowg"):
        with pytest.raises(DorisError, match=r"not allowed|Can not find workload group nowg in compute group default"):
            do(root, statement)
    do(root, "DROP WORKLOAD GROUP wg")
    do(root, "DROP WORKLOAD GROUP IF EXISTS wg")


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ("'cpu_share' = '10'", "Property cpu_share is not supported, maybe it is deprecated."),
        ("'max_cpu_percent' = '0%'", r"has to be in \[1,100\], but input value is 0%"),
        ("'min_cpu_percent' = '50%', 'max_cpu_percent' = '40%'", "has to be great or equal than"),
        ("'max_concurrency' = '-1'", "greater than or equal to 0, but input value is -1"),
        ("'max_remote_scan_thread_num' = '3'", "must be specified simultaneously"),
        (
            "'memory_low_watermark' = '90%'",
            r"memory_high_watermark\(85\) should bigger than memory_low_watermark\(90\)",
        ),
        ("'slot_memory_policy' = 'some'", "must be one of none, fixed, dynamic"),
    ],
)
def test_properties_of_a_workload_group_are_checked_as_doris_checks_them(
    root: Session, properties: str, text: str
) -> None:
    with pytest.raises(DorisError, match=text):
        do(root, f"CREATE WORKLOAD GROUP bad PROPERTIES ({properties})")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE CATALOG c PROPERTIES ('type' = 'jdbc')",
        "ALTER SYSTEM ADD BACKEND '127.0.0.1:9050'",
        "ADMIN SET FRONTEND CONFIG ('a' = 'b')",
    ],
)
def test_statements_of_a_cluster_are_refused(root: Session, statement: str) -> None:
    with pytest.raises(Refused):
        do(root, statement)
