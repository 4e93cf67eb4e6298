"""From a session's statement to its place in a workload group, and its way into the engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

import duckdb
import pyarrow as pa

from nereus.warehouse.embedded.denials import group_denied
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.workload.groups import WorkloadGroup
from nereus.warehouse.embedded.workload.lanes import is_limited
from nereus.warehouse.embedded.workload.queues import Ticket

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session

_T = TypeVar("_T")

#: Databases that exist only while they are asked: who reads nothing else need not queue.
_SYSTEM = ("information_schema.", "mysql.")


def check_group(session: Session) -> WorkloadGroup:
    """The session's workload group. Raises unless it exists and the user may use it."""
    name = session.workload_group
    if not session.rights.uses_group(name):
        raise group_denied(session, name)
    group = session.warehouse.groups.groups.get(name)
    if group is None:
        raise DorisError(f"Can not find workload group {name} in compute group default.")
    return group


def admit(session: Session, tables: tuple[str, ...]) -> None:
    """Let the running statement, which reads `tables` (``db.table``), in; it leaves when it ends.

    Waits while the group is full. Raises where its queue is full, or too slow, or the statement was cancelled.
    """
    run = session.running
    if run is None or run.group is not None:
        return
    group = check_group(session)
    if session.variables["bypass_workload_group"] != "true" and not _system_only(tables):
        run.ticket = Ticket(group.name)
        patience_s = run.deadline - time.monotonic()
        session.warehouse.queues.enter(run.ticket, group, patience_s=patience_s, check=session.check_cancelled)
    run.group = group


def check_rules(session: Session) -> None:
    """Raise where a SQL_BLOCK_RULE blocks the running statement for its user."""
    rules = session.warehouse.block_rules
    if rules.rules and session.running is not None:
        bound = session.warehouse.accounts.properties(session.identity.name).get("sql_block_rules", "")
        rules.check(session.running.text, [name.strip() for name in bound.split(",")])


def _system_only(tables: tuple[str, ...]) -> bool:
    return bool(tables) and all(table.startswith(_SYSTEM) for table in tables)


def limited(session: Session) -> WorkloadGroup | None:
    """The group of the running statement, where it may use the processor only as others leave it."""
    run = session.running
    return run.group if run is not None and run.group is not None and is_limited(run.group) else None


class LimitedCursor:
    """A DuckDB cursor whose statements run in threads of low priority; everything else is the cursor's own."""

    def __init__(self, session: Session, cursor: duckdb.DuckDBPyConnection, group: WorkloadGroup) -> None:
        self._session = session
        self._cursor = cursor
        self._group = group

    def execute(self, query: str, parameters: object = None) -> duckdb.DuckDBPyConnection:
        return self._call(lambda: self._cursor.execute(query, parameters))

    def to_arrow_reader(self, rows: int) -> Iterator[pa.RecordBatch]:
        reader = self._call(lambda: iter(self._cursor.to_arrow_reader(rows)))
        while (batch := self._call(lambda: next(reader, None))) is not None:
            yield batch

    def _call(self, work: Callable[[], _T]) -> _T:
        return self._session.warehouse.lanes.call(self._group, work, self._session.check_cancelled)

    def __getattr__(self, name: str) -> object:
        return getattr(self._cursor, name)
