"""Keeps the materialised views: one thread refreshes them, after loads, by the clock or when it is asked to."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nereus.warehouse.embedded.catalog.model import Materialized, Table
from nereus.warehouse.embedded.catalog.snapshot import Snapshot
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.failures import to_doris
from nereus.warehouse.embedded.materialized.answering import Answering
from nereus.warehouse.embedded.materialized.schedule import interval, next_run
from nereus.warehouse.embedded.materialized.states import States
from nereus.warehouse.embedded.materialized.tasks import Task, TaskLog, now_text

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session
    from nereus.warehouse.embedded.warehouse import Warehouse

_log = logging.getLogger(__name__)

#: How often it is looked whether a schedule is due, in seconds.
_LOOK_S = 1.0


@dataclass(slots=True)
class _Work:
    view_id: int
    task: Task
    complete: bool
    only: tuple[str, ...] = ()


class Views:
    """The materialised views of a warehouse.

    Attributes:
        states: what each was computed from.
        answering: finds the view that answers a query.
        tasks: the history of refreshes and of scheduled statements.
        clock: gives the time in UTC, without a zone.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self.states = States(warehouse.catalog)
        self.tasks = TaskLog(warehouse.engine)
        self.answering = Answering()
        self._listed: tuple[Snapshot, tuple[Table, ...]] = (Snapshot(), ())
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC).replace(tzinfo=None)
        self._begun = self.clock()
        self._due: dict[int, datetime] = {}
        self._waiting: queue.Queue[_Work | None] = queue.Queue()
        self._running: tuple[Task, Session] | None = None
        self._open = 0
        self._idle = threading.Condition()
        self._closing = threading.Event()
        warehouse.catalog.versions.on_change = self.base_changed
        self._threads = [
            threading.Thread(target=self._refresh_all, name="view-refresher", daemon=True),
            threading.Thread(target=self._look, name="view-scheduler", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        # Loads that a former process took and did not come to follow.
        for view in self.all():
            if made_of(view).trigger == "COMMIT" and not self.states.in_sync(view, warehouse.catalog.snapshot()):
                self.submit(view, "COMMIT")

    def all(self) -> tuple[Table, ...]:
        return self.known(self._warehouse.catalog.snapshot())

    def known(self, snapshot: Snapshot) -> tuple[Table, ...]:
        """The views of a state of the catalogue; queries ask for them every time."""
        kept = self._listed
        if kept[0] is not snapshot:
            kept = self._listed = (snapshot, tuple(_views(snapshot)))
        return kept[1]

    # Asking for refreshes

    def submit(self, view: Table, mode: str, *, complete: bool | None = None, only: Sequence[str] = ()) -> Task:
        """Put a refresh in line; `mode` is who asks: MANUAL, COMMIT or SYSTEM."""
        made = made_of(view)
        whole = made.method == "COMPLETE" if complete is None else complete
        context: dict[str, object] = {"triggerMode": mode, "partitions": list(only), "isComplete": whole}
        task = self.tasks.new("mv", made.job_id, view_id=view.id, context=context)
        with self._idle:
            self._open += 1
        self._waiting.put(_Work(view.id, task, whole, tuple(only)))
        return task

    def base_changed(self, table_ids: Sequence[int]) -> None:
        """Rows of these tables changed: views ON COMMIT follow."""
        changed = frozenset(table_ids)
        snapshot = self._warehouse.catalog.snapshot()
        for view in self.all():
            made = made_of(view)
            if made.trigger != "COMMIT" or made.paused or self._in_line(view) >= 1:
                continue
            from nereus.warehouse.embedded.materialized.refresh import excluded_tables

            bases = frozenset(made.bases) - excluded_tables(view)
            found = (snapshot.table(db, name) for db, name in bases)
            if any(table is not None and table.id in changed for table in found):
                self.submit(view, "COMMIT")

    def _in_line(self, view: Table) -> int:
        """Refreshes that wait and were not asked for by hand: one is enough, it sees every load before it."""
        with self._waiting.mutex:
            return sum(work is not None and work.view_id == view.id and not work.only for work in self._waiting.queue)

    def cancel(self, view: Table, task_id: int) -> None:
        """Raises DorisError unless that task of the view runs."""
        running = self._running
        if running is None or running[0].id != task_id or running[0].job_id != made_of(view).job_id:
            raise DorisError("no running task")
        running[1].cancel(DorisError("task is canceled"))

    def wait_idle(self, timeout_s: float = 30) -> bool:
        """Whether nothing waits or runs any more, within the time given."""
        with self._idle:
            return self._idle.wait_for(lambda: self._open == 0, timeout_s)

    # The threads

    def _look(self) -> None:
        while not self._closing.wait(_LOOK_S):
            try:
                self.tick()
            except Exception:
                _log.exception("looking for views that are due failed and will be tried again")

    def tick(self) -> None:
        """Refresh what the clock asks for."""
        now = self.clock()
        for view in self.all():
            made = made_of(view)
            if made.trigger != "SCHEDULE" or made.paused:
                self._due.pop(view.id, None)
                continue
            step = interval(made.every, made.unit)
            begins = datetime.fromisoformat(made.starts) if made.starts else view.created_at or self._begun
            after = self._begun if made.starts else max(self._begun, begins)
            # A clock that was set back must not put the next run off.
            planned = self._due.get(view.id) or next_run(begins, step, after)
            due = self._due[view.id] = min(planned, next_run(begins, step, now))
            if now >= due:
                self._due[view.id] = next_run(begins, step, now)
                if self._in_line(view) < 1:
                    self.submit(view, "SYSTEM")

    def _refresh_all(self) -> None:
        while (work := self._waiting.get()) is not None:
            try:
                if not self._closing.is_set():
                    self._refresh(work)
            except Exception:
                _log.exception("a refresh failed without a word for its history")
            finally:
                with self._idle:
                    self._open -= 1
                    self._idle.notify_all()

    def _refresh(self, work: _Work) -> None:
        from nereus.warehouse.embedded.materialized.refresh import refresh

        view = self._warehouse.catalog.snapshot().by_id(work.view_id)
        if not isinstance(view, Table) or view.materialized is None:
            return
        task = work.task
        task.status, task.started = "RUNNING", now_text()
        self.tasks.save(task)
        began = time.monotonic()
        text = f"REFRESH MATERIALIZED VIEW `{view.db}`.`{view.name}` {'COMPLETE' if work.complete else 'AUTO'}"
        session = self._warehouse.system_session()
        self._running = (task, session)
        try:
            done = session.work(text, lambda: refresh(session, view, complete=work.complete, only=work.only))
            task.status = "SUCCESS"
            names = list(done.partitions)
            task.details |= {"mode": done.mode, "needed": names, "completed": names}
        except Exception as error:
            mapped = to_doris(error)
            canceled = mapped.detail == "task is canceled"
            task.status, task.error = "CANCELED" if canceled else "FAILED", mapped.detail
            if not self._closing.is_set() and not canceled:
                self.states.fail(view)
        finally:
            self._running = None
            session.close()
            task.finished = now_text()
            task.duration_ms = int((time.monotonic() - began) * 1000)
            self.tasks.save(task)

    def close(self) -> None:
        """End the refresh under way, which leaves the view as it was, and the threads."""
        self._closing.set()
        self._waiting.put(None)
        running = self._running
        if running is not None:
            with suppress(Exception):
                running[1].cancel(DorisError("the warehouse is stopping"))
        for thread in self._threads:
            thread.join()


def _views(snapshot: Snapshot) -> Iterator[Table]:
    for db in snapshot.databases.values():
        for relation in db.relations.values():
            if isinstance(relation, Table) and relation.materialized is not None:
                yield relation


def made_of(view: Table) -> Materialized:
    """What makes the table a view. Raises DorisError for another table."""
    if view.materialized is None:
        raise DorisError(f"{view.db}.{view.name} is not a materialized view")
    return view.materialized


def with_made(view: Table, **changes: object) -> Table:
    """The view with other values of its definition."""
    return replace(view, materialized=replace(made_of(view), **changes))  # type: ignore[arg-type]
