"""Keeps the jobs: one thread runs what is due, in the name of the user who made the job."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nereus.warehouse.embedded.catalog.store import Ids
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.failures import to_doris
from nereus.warehouse.embedded.masking import mask
from nereus.warehouse.embedded.materialized.schedule import interval, next_run
from nereus.warehouse.embedded.materialized.tasks import Task, now_text
from nereus.warehouse.embedded.result import ResultSet

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session
    from nereus.warehouse.embedded.warehouse import Warehouse

_log = logging.getLogger(__name__)

_LAYOUT = "CREATE TABLE IF NOT EXISTS nereus.jobs (id BIGINT NOT NULL, job VARCHAR NOT NULL)"
#: How often it is looked whether a job is due, in seconds.
_LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class Job:
    """A statement and when it runs: `every` `unit` from `starts` to `ends`, or once at `starts` where `every` is 0.

    Times are texts of the session's zone (UTC). `status`: RUNNING, PAUSED, STOPPED or FINISHED.
    """

    id: int
    name: str
    db: str
    user: str
    host: str
    sql: str
    starts: str
    every: int = 0
    unit: str = ""
    ends: str = ""
    comment: str = ""
    status: str = "RUNNING"
    created: str = ""
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0

    @property
    def schedule(self) -> str:
        """As Doris shows it: ``EVERY 1 DAY STARTS 2024-01-01 00:00:00``."""
        if not self.every:
            return f"AT {self.starts}"
        return f"EVERY {self.every} {self.unit} STARTS {self.starts}" + (f" ENDS {self.ends}" if self.ends else "")


class Jobs:
    """The jobs of a warehouse. `clock` gives the time in UTC, without a zone."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC).replace(tzinfo=None)
        self._guard = threading.RLock()
        self._jobs: dict[int, Job] = {}
        self._due: dict[int, datetime] = {}
        self._running: tuple[Task, Job, Session] | None = None
        with closing(warehouse.engine.cursor()) as cursor:
            cursor.execute(_LAYOUT)
            for (text,) in cursor.execute("SELECT job FROM nereus.jobs").fetchall():
                job = Job(**json.loads(text))
                self._jobs[job.id] = job
        self._ids = Ids(warehouse.engine, "job", 1)
        for job in self._jobs.values():
            self._plan(job, self.clock())
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._look, name="job-scheduler", daemon=True)
        self._thread.start()

    def find(self, name: str) -> Job:
        found = next((job for job in self._jobs.values() if job.name == name), None)
        if found is None:
            raise DorisError(f"job not exist, jobName:{name}")
        return found

    def create(self, job: Job, *, immediate: bool) -> None:
        """Keep a job; `immediate` runs it now for the first time. Raises DorisError for a name in use."""
        with self._guard:
            if any(other.name == job.name for other in self._jobs.values()):
                raise DorisError(f"job name exist, jobName:{job.name}")
            made = replace(job, id=self._ids.take(), created=now_text())
            self._save(made)
            if immediate:
                self._due[made.id] = self.clock()
            else:
                self._plan(made, self.clock())

    def set_status(self, name: str, status: str) -> None:
        """PAUSED, or RUNNING again. Raises DorisError where it is so already, or the job is over."""
        with self._guard:
            job = self.find(name)
            if job.status == status or job.status in ("FINISHED", "STOPPED"):
                raise DorisError(f"Can't update job status, current status is {job.status}, jobName:{name}")
            changed = replace(job, status=status)
            self._save(changed)
            self._plan(changed, self.clock())

    def drop(self, name: str) -> None:
        with self._guard:
            job = self.find(name)
            del self._jobs[job.id]
            self._due.pop(job.id, None)
            with closing(self._warehouse.engine.cursor()) as cursor:
                cursor.execute("DELETE FROM nereus.jobs WHERE id = ?", [job.id])
            self._warehouse.views.tasks.forget_job(_task_job(job))

    def cancel(self, name: str, task_id: int) -> None:
        running = self._running
        if running is None or running[1].name != name or running[0].id != task_id:
            raise DorisError(f"no running task: {task_id}")
        running[2].cancel(DorisError("task is canceled"))

    def job_rows(self, session: Session) -> Iterator[tuple[Any, ...]]:
        """What jobs("type" = "insert") gives, to those who may administer."""
        for job in self._visible(session):
            counts = (str(job.succeeded), str(job.failed), str(job.canceled))
            kind = "RECURRING" if job.every else "ONE_TIME"
            head = (str(job.id), job.name, job.user, kind, job.schedule, job.status, mask(job.sql), job.created)
            yield (*head, *counts, job.comment)

    def task_rows(self, session: Session) -> Iterator[tuple[Any, ...]]:
        """What tasks("type" = "insert") gives."""
        jobs = {_task_job(job): job for job in self._visible(session)}
        for task in self._warehouse.views.tasks.of_kind("insert"):
            job = jobs.get(task.job_id)
            if job is not None:
                head = (str(task.id), str(job.id), job.name, f"{job.id}_{task.id}", task.status, task.error)
                tail = (task.created, task.started, task.finished, "", "", job.user, task.error)
                yield (*head, *tail)

    def _visible(self, session: Session) -> list[Job]:
        everything = session.allows("ADMIN")
        return [job for job in self._jobs.values() if everything or job.user == session.identity.name]

    # Running

    def _look(self) -> None:
        while not self._closing.wait(_LOOK_S):
            try:
                self.tick()
            except Exception:
                _log.exception("looking for jobs that are due failed and will be tried again")

    def tick(self) -> None:
        """Run what is due, one job after the other."""
        self._follow_clock()
        for job_id in [job_id for job_id, due in self._due.items() if self.clock() >= due]:
            with self._guard:
                job = self._jobs.get(job_id)
                if job is None or job.status != "RUNNING" or self._closing.is_set():
                    continue
                self._plan(job, self.clock(), ran=True)
            self._run(job)

    def _follow_clock(self) -> None:
        """A clock that was set back must not put the next run off."""
        now = self.clock()
        with self._guard:
            for job in self._jobs.values():
                due = self._due.get(job.id)
                if due is not None and job.every:
                    begins, step = datetime.fromisoformat(job.starts), interval(job.every, job.unit)
                    self._due[job.id] = min(due, next_run(begins, step, now))

    def _run(self, job: Job) -> None:
        tasks = self._warehouse.views.tasks
        task = tasks.new("insert", _task_job(job))
        task.status, task.started = "RUNNING", now_text()
        tasks.save(task)
        session: Session | None = None
        try:
            session = self._warehouse.connect(job.user, job.host, database=job.db)
            self._running = (task, job, session)
            for result in session.execute(job.sql):
                if isinstance(result, ResultSet):
                    result.close()
            task.status = "SUCCESS"
        except Exception as error:
            mapped = to_doris(error)
            task.status = "CANCELED" if mapped.detail == "task is canceled" else "FAILED"
            task.error = mapped.detail
        finally:
            self._running = None
            if session is not None:
                session.close()
            task.finished = now_text()
            tasks.save(task)
        self._count(job, task)

    def _count(self, job: Job, task: Task) -> None:
        with self._guard:
            current = self._jobs.get(job.id)
            if current is None:
                return
            field = {"SUCCESS": "succeeded", "FAILED": "failed"}.get(task.status, "canceled")
            changes: dict[str, Any] = {field: getattr(current, field) + 1}
            if job.id not in self._due and current.status == "RUNNING":
                changes["status"] = "FINISHED"
            self._save(replace(current, **changes))

    def _plan(self, job: Job, now: datetime, *, ran: bool = False) -> None:
        """Note when the job runs next, if it does."""
        self._due.pop(job.id, None)
        if job.status != "RUNNING":
            return
        begins = datetime.fromisoformat(job.starts)
        if not job.every:
            if not ran and job.succeeded + job.failed + job.canceled == 0:
                self._due[job.id] = begins
            return
        due = next_run(begins, interval(job.every, job.unit), now)
        if not job.ends or due <= datetime.fromisoformat(job.ends):
            self._due[job.id] = due

    def _save(self, job: Job) -> None:
        with closing(self._warehouse.engine.cursor()) as cursor:
            cursor.begin()
            cursor.execute("DELETE FROM nereus.jobs WHERE id = ?", [job.id])
            cursor.execute("INSERT INTO nereus.jobs VALUES (?, ?)", [job.id, json.dumps(asdict(job))])
            cursor.commit()
        self._jobs[job.id] = job

    def close(self) -> None:
        """End the job under way and the thread."""
        self._closing.set()
        running = self._running
        if running is not None:
            with suppress(Exception):
                running[2].cancel(DorisError("the warehouse is stopping"))
        self._thread.join()


def _task_job(job: Job) -> int:
    """The job's number among those of tasks: negative, since views have the others."""
    return -job.id
