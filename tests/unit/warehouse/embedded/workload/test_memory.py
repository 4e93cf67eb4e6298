from __future__ import annotations

import duckdb
import pytest

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import ResultColumn, ResultSet
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.workload import WorkloadGroup
from nereus.warehouse.embedded.workload.memory import promised
from tests.unit.warehouse.embedded.session.asking import ask, do
from tests.unit.warehouse.embedded.workload.running import ENDLESS, Task, running

#: Takes more and more memory, and room on the disk where it gets no memory.
GREEDY = (
    "SELECT COUNT(*) FROM (SELECT a.id AS x, b.id AS y, COUNT(*) AS n FROM orders a, orders b GROUP BY a.id, b.id) t"
    " WHERE n > 1"
)


def test_a_group_that_takes_more_than_its_share_of_memory_loses_its_youngest_query(root: Session, ann: Session) -> None:
    do(root, "ALTER WORKLOAD GROUP science PROPERTIES ('max_memory_percent' = '20%')")
    error = Task(ann, GREEDY).end().error
    assert error is not None
    assert error.detail.startswith("MEM_LIMIT_EXCEEDED: the queries of workload group science use")
    assert ask(ann, "SELECT COUNT(*) FROM orders") == [(200_000,)]


def test_a_query_without_memory_has_it_after_those_that_are_promised_less_ended(
    root: Session, ann: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    do(root, "ALTER WORKLOAD GROUP science PROPERTIES ('max_memory_percent' = '90%')")
    stream, failed = Session.stream, []

    def short(self: Session, columns: tuple[ResultColumn, ...], sql: str) -> ResultSet:
        if self is root and not failed:
            failed.append(sql)
            raise duckdb.OutOfMemoryException("Out of Memory Error: failed to pin block")
        return stream(self, columns, sql)

    monkeypatch.setattr(Session, "stream", short)
    with running(ann, ENDLESS) as greedy:
        assert ask(root, "SELECT COUNT(*) FROM orders") == [(200_000,)]
        error = greedy.end().error
    assert failed
    assert error is not None
    assert "a query of workload group normal ran out of memory" in error.detail


def test_nobody_yields_to_those_that_are_promised_no_more(
    root: Session, ann: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    do(root, "ALTER WORKLOAD GROUP science PROPERTIES ('max_memory_percent' = '90%', 'max_concurrency' = '2')")
    do(root, "SET workload_group = 'science'")

    def short(self: Session, columns: tuple[ResultColumn, ...], sql: str) -> ResultSet:
        raise duckdb.OutOfMemoryException("Out of Memory Error: failed to pin block")

    with running(ann, ENDLESS) as greedy:
        monkeypatch.setattr(Session, "stream", short)
        with pytest.raises(DorisError, match="MEM_LIMIT_EXCEEDED: Out of Memory"):
            ask(root, "SELECT COUNT(*) FROM orders")
        assert greedy.error is None
        assert ann.running is not None
        assert ann.running.cancelled is None


def test_what_a_group_may_always_have_counts_before_what_it_may_have_at_most() -> None:
    least, common, most = (
        WorkloadGroup(1, "a", {"max_memory_percent": "40"}),
        WorkloadGroup(2, "b"),
        WorkloadGroup(3, "c", {"min_memory_percent": "10", "max_memory_percent": "50"}),
    )
    assert promised(least) < promised(common) == promised(None) < promised(most)
