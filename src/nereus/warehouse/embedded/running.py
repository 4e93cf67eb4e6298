"""One statement while it runs."""

from __future__ import annotations

import itertools
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from nereus.warehouse.embedded.dispatch import Route
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.scans import Scanned
from nereus.warehouse.embedded.tiers.model import NO_USAGE, Usage
from nereus.warehouse.embedded.workload import Ticket, WorkloadGroup

if TYPE_CHECKING:
    from nereus.warehouse.embedded.operations.files import Fetched

#: The high half of every query id of this process; the low half counts.
_PROCESS = secrets.token_hex(8)
_numbers = itertools.count(1)


class Closable(Protocol):
    def close(self) -> None: ...


@dataclass(slots=True)
class Running:
    """What is known of a statement from its start to its end.

    Attributes:
        route: None while the text has not been understood.
        deadline: moment of time.monotonic() at which the watch cancels it.
        cancelled: the error with which it ends, once somebody cancelled it.
        result: the rows that are still to be read, once there are any.
        reads: tables and views that it reads, as ``db.table``.
        countable: DuckDB's count of what it reads is one of stored rows.
        scanned: what it read of tables, once that is known.
        remote: what it read of cooled rows, once it has ended.
        group: the workload group in which it runs, once it was let in.
        ticket: its place there, or in the queue before it.
        rows_to_read: rows of the tables that its query scans, where a workload policy asks for them.
        fetched: files that it reads from an object store; they are removed when it ends.
    """

    text: str
    number: int = field(default_factory=lambda: next(_numbers))
    route: Route | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.monotonic)
    deadline: float = float("inf")
    cancelled: DorisError | None = None
    result: Closable | None = None
    reads: tuple[str, ...] = ()
    countable: bool = False
    scanned: Scanned | None = None
    remote: Usage = NO_USAGE
    group: WorkloadGroup | None = None
    ticket: Ticket | None = None
    rows_to_read: int = 0
    fetched: Fetched | None = None

    @property
    def query_id(self) -> str:
        """As Doris prints one: two halves of sixteen hexadecimal digits."""
        return f"{_PROCESS}-{self.number:016x}"

    @property
    def elapsed_ms(self) -> int:
        return int((time.monotonic() - self.clock) * 1000)
