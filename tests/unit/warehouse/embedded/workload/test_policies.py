from __future__ import annotations

import re
from pathlib import Path

import pytest

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.warehouse import Warehouse
from tests.unit.warehouse.embedded.session.asking import PASSWORD, ask, do
from tests.unit.warehouse.embedded.workload.running import ENDLESS, Task, running, until

POLICY = "CREATE WORKLOAD POLICY slow CONDITIONS(query_time > 200) ACTIONS(cancel_query)"


def test_a_query_past_its_time_is_cancelled(root: Session, ann: Session) -> None:
    do(root, POLICY)
    error = Task(ann, ENDLESS).end().error
    assert error is not None
    assert re.fullmatch(
        r"Query [0-9a-f]{16}-[0-9a-f]{16} cancelled by workload policy: slow, id:\d+, query_time:\d+\(200\)",
        error.detail,
    )
    assert ask(ann, "SELECT COUNT(*) FROM orders") == [(200_000,)]


def test_a_policy_of_a_group_leaves_others_alone(root: Session, ann: Session) -> None:
    do(root, f"{POLICY} PROPERTIES('workload_group' = 'science', 'priority' = '10')")
    with running(root, ENDLESS) as other:
        assert Task(ann, ENDLESS).end().error is not None
        assert other.error is None


def test_a_policy_that_is_off_does_nothing(root: Session, ann: Session) -> None:
    do(root, f"{POLICY} PROPERTIES('enabled' = 'false')")
    with running(ann, ENDLESS) as task:
        until(lambda: ann.running is not None and ann.running.elapsed_ms > 500)
        assert task.error is None
    do(root, "ALTER WORKLOAD POLICY slow PROPERTIES('enabled' = 'true')")
    assert Task(ann, ENDLESS).end().error is not None


def test_a_query_past_its_rows_is_cancelled(root: Session, ann: Session) -> None:
    do(root, "CREATE WORKLOAD POLICY wide CONDITIONS(be_scan_rows > 1000) ACTIONS(cancel_query)")
    assert ask(ann, "SELECT SUM(amount) FROM orders") == [(9_900_000,)]
    # DuckDB tells its progress between tasks: this has many of them before the one that does not end.
    read = "SELECT id, SUM(amount) AS amount FROM orders GROUP BY id"
    error = Task(ann, ENDLESS.replace("orders a", f"({read}) a")).end().error
    assert error is not None
    assert "cancelled by workload policy: wide, id:" in error.detail
    assert "scan_rows:" in error.detail


def test_policies_are_shown_and_kept(root: Session, ann: Session, warehouse: Warehouse, tmp_path: Path) -> None:
    do(root, "CREATE WORKLOAD POLICY IF NOT EXISTS slow CONDITIONS(query_time > 3000, be_scan_rows >= 7)"
             " ACTIONS(cancel_query) PROPERTIES('priority' = '1', 'workload_group' = 'science')")  # fmt: skip
    row = ("slow", "query_time > 3000;be_scan_rows >= 7", "cancel_query", 1, True, 0, "science")
    shown = (
        "SELECT name, `condition`, action, priority, enabled, version, workload_group"
        " FROM information_schema.workload_policy"
    )
    assert ask(root, shown) == [row]
    assert ask(ann, shown) == []
    with pytest.raises(DorisError, match="Workload group science is set for user ann, you can reset"):
        do(root, "DROP WORKLOAD GROUP science")
    do(root, "SET PROPERTY FOR 'ann' 'default_workload_group' = 'normal'")
    with pytest.raises(DorisError, match="Workload group science can't be dropped, because it has related policy"):
        do(root, "DROP WORKLOAD GROUP science")
    warehouse.close()
    again = Warehouse.open(tmp_path, memory_gb=1, threads=2, root_password=PASSWORD)
    session = again.connect("root")
    assert ask(session, shown) == [row]
    do(session, "DROP WORKLOAD POLICY slow")
    do(session, "DROP WORKLOAD POLICY IF EXISTS slow")
    do(session, "DROP WORKLOAD GROUP science")
    again.close()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(speed > 1) ACTIONS(cancel_query)", "invalid metric name:speed"),
        ("(query_time <> 1) ACTIONS(cancel_query)", "unexpected compare operator <>"),
        ("(query_time > -1) ACTIONS(cancel_query)", "invalid query time value: -1, it requires >= 0"),
        ("(be_scan_rows > 'x') ACTIONS(cancel_query)", "invalid scan rows value: x, it requires >= 0"),
        ("(query_time > 1) ACTIONS(stop)", "invalid action type stop"),
        ("(query_time > 1) ACTIONS(move_query_to_group 'normal')", "invalid action type MOVE_QUERY_TO_GROUP"),
        ("(query_time > 1) ACTIONS(cancel_query, cancel_query)", "duplicate action in one policy"),
        ("(username = 'ann') ACTIONS(cancel_query)", "action and metric must run in FE together or run in BE together"),
        ("(query_time > 1) ACTIONS(cancel_query) PROPERTIES('a' = 'b')", "illegal policy properties a"),
        ("(query_time > 1) ACTIONS(cancel_query) PROPERTIES('priority' = '101')", "priority can only between 0 ~ 100"),
        ("(query_time > 1) ACTIONS(cancel_query) PROPERTIES('enabled' = 'TRUE')", "invalid enabled property value"),
        (
            "(query_time > 1) ACTIONS(cancel_query) PROPERTIES('workload_group' = 'no')",
            "Can not find workload group no",
        ),
    ],
)
def test_what_doris_refuses_is_refused(root: Session, text: str, message: str) -> None:
    with pytest.raises(DorisError) as error:
        do(root, f"CREATE WORKLOAD POLICY p CONDITIONS{text}")
    assert message in error.value.detail


def test_what_is_not_measured_is_refused(root: Session) -> None:
    for metric in ("be_scan_bytes", "query_be_memory_bytes"):
        with pytest.raises(Refused, match=metric):
            do(root, f"CREATE WORKLOAD POLICY p CONDITIONS({metric} > 1) ACTIONS(cancel_query)")


def test_names_and_rights(root: Session, ann: Session) -> None:
    with pytest.raises(DorisError, match=r"you need \(at least one of\) the \(ADMIN\) privilege"):
        do(ann, POLICY)
    do(root, POLICY)
    with pytest.raises(DorisError, match="workload schedule policy slow already exists "):
        do(root, POLICY)
    for statement in ("ALTER WORKLOAD POLICY none PROPERTIES('priority' = '1')", "DROP WORKLOAD POLICY none"):
        with pytest.raises(DorisError, match="workload schedule policy none"):
            do(root, statement)
