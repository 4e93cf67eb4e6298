"""EXPORT, BACKUP and RESTORE while they run: each in a thread of its own, told of by SHOW, ended by CANCEL."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nereus.warehouse.embedded.catalog.store import Ids
from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.failures import to_doris
from nereus.warehouse.embedded.operations.repositories import Repositories

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session
    from nereus.warehouse.embedded.warehouse import Warehouse

_log = logging.getLogger(__name__)

_LAYOUT = """
CREATE TABLE IF NOT EXISTS nereus.operations (id BIGINT NOT NULL, kind VARCHAR NOT NULL, job VARCHAR NOT NULL);
"""
FINISHED, CANCELLED = "FINISHED", "CANCELLED"
#: Jobs that work at the same time; others wait as PENDING.
_AT_ONCE = 2
#: Doris keeps the last ten backups and restores of a database, and exports for a week.
_KEPT = 100


def now_text() -> str:
    """The time in UTC, to the second."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True, slots=True)
class Job:
    """One of them. No field holds a secret.

    Attributes:
        kind: EXPORT, BACKUP or RESTORE.
        times: when a step was over, by the name of the step.
        told: what SHOW tells beside, by the name of its column.
        error: why it was cancelled.
    """

    id: int
    kind: str
    db_id: int
    db: str
    label: str
    timeout_s: int
    told: dict[str, str] = field(default_factory=dict)
    repository: str = ""
    state: str = "PENDING"
    created: str = ""
    times: dict[str, str] = field(default_factory=dict)
    done: int = 0
    total: int = 0
    error: str = ""

    @property
    def over(self) -> bool:
        return self.state in (FINISHED, CANCELLED)

    @property
    def status(self) -> str:
        """As Doris writes it: ``[OK]``."""
        return f"[COMMON_ERROR, msg: {self.error}]" if self.error else "[OK]"


class Progress:
    """What a job's work tells of itself, and how it hears that it is to end."""

    def __init__(self, operations: Operations, job: Job) -> None:
        self._operations = operations
        self._ends = time.monotonic() + job.timeout_s
        self._why: DorisError | None = None
        self.job_id = job.id
        self.session: Session | None = None

    def check(self) -> None:
        """Raise DorisError once the job was cancelled or its time is over."""
        if self._why is not None:
            raise self._why
        if time.monotonic() > self._ends:
            raise DorisError("timeout")

    def cancel(self, why: DorisError) -> None:
        self._why = self._why or why
        session = self.session
        if session is not None:
            session.cancel(why)

    def state(self, name: str, *, over: str = "", total: int | None = None) -> None:
        """Begin the state `name`; `over` is the step that ended with it."""
        self.check()
        job = self._operations.job(self.job_id)
        times = {**job.times, over: now_text()} if over else job.times
        self._operations.save(
            replace(job, state=name, times=times, done=0, total=job.total if total is None else total)
        )
        self._operations.step(name)

    def advance(self, **told: str) -> None:
        """One more of the parts of the job is done."""
        job = self._operations.job(self.job_id)
        self._operations.save(replace(job, done=job.done + 1, told={**job.told, **told}))
        self.check()


class Operations:
    """The jobs of a warehouse, and the repositories that they use.

    Attributes:
        step: called with the name of each state before it is worked on; tests end the process there.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.repositories = Repositories(warehouse.engine)
        self.step: Callable[[str], None] = lambda name: None
        self._guard = threading.RLock()
        self._slots = threading.Semaphore(_AT_ONCE)
        self._jobs: dict[int, Job] = {}
        self._working: dict[int, tuple[Progress, threading.Thread]] = {}
        with closing(warehouse.engine.cursor()) as cursor:
            cursor.execute(_LAYOUT)
            found = cursor.execute("SELECT job FROM nereus.operations ORDER BY id").fetchall()
        self._ids = Ids(warehouse.engine, "operation", 1)
        for (text,) in found:
            job = Job(**json.loads(text))
            self._jobs[job.id] = job
            if not job.over:
                self._end(job.id, DorisError("the warehouse was stopped while it ran"))

    def job(self, job_id: int) -> Job:
        return self._jobs[job_id]

    def listed(self, kind: str, db_id: int) -> list[Job]:
        """The jobs of a kind in a database, oldest first."""
        return [job for _, job in sorted(self._jobs.items()) if (job.kind, job.db_id) == (kind, db_id)]

    def uses(self, repository: str) -> bool:
        """Whether a job that is not over uses the repository."""
        return any(job.repository == repository and not job.over for job in list(self._jobs.values()))

    def start(self, job: Job, work: Callable[[Progress], dict[str, str] | None]) -> Job:
        """Keep a job and begin its work, which gives what SHOW tells of the result. Raises where it may not begin."""
        with self._guard:
            if job.kind == "EXPORT":
                self._check_label(job)
            else:
                self._check_alone(job)
            made = replace(job, id=self._ids.take(), created=now_text())
            self.save(made)
            self._forget()
            progress = Progress(self, made)
            thread = threading.Thread(target=self._run, args=(progress, work), name=f"job-{made.id}", daemon=True)
            self._working[made.id] = progress, thread
            thread.start()
        return made

    def cancel(self, job_id: int, why: str) -> None:
        """Ask a job to end, and wait until it has. Nothing happens to one that is over."""
        working = self._working.get(job_id)
        if working is not None:
            working[0].cancel(DorisError(why))
            working[1].join()

    def save(self, job: Job) -> None:
        text = json.dumps(asdict(job), ensure_ascii=False)
        with self._guard, closing(self.warehouse.engine.cursor()) as cursor:
            cursor.begin()
            cursor.execute("DELETE FROM nereus.operations WHERE id = ?", [job.id])
            cursor.execute("INSERT INTO nereus.operations VALUES (?, ?, ?)", [job.id, job.kind, text])
            cursor.commit()
            self._jobs[job.id] = job

    def close(self) -> None:
        """End what works and wait for it."""
        for job_id in list(self._working):
            self.cancel(job_id, "the warehouse is stopping")

    def _run(self, progress: Progress, work: Callable[[Progress], dict[str, str] | None]) -> None:
        job_id = progress.job_id
        try:
            with self._slots:
                progress.check()
                told = work(progress) or {}
            job = self.job(job_id)
            times = {**job.times, "finished": now_text()}
            self.save(replace(job, state=FINISHED, times=times, told={**job.told, **told}, done=job.total))
        except Exception as error:
            mapped = to_doris(error)
            _log.warning("job %d was cancelled: %s", job_id, mapped.detail)
            self._end(job_id, mapped)
        finally:
            self._working.pop(job_id, None)

    def _end(self, job_id: int, error: DorisError) -> None:
        job = self.job(job_id)
        times = {**job.times, "finished": now_text()}
        self.save(replace(job, state=CANCELLED, error=error.detail, times=times))

    def _check_label(self, job: Job) -> None:
        for other in self.listed(job.kind, job.db_id):
            if other.label == job.label and other.state != CANCELLED:
                raise DorisError(f"Label {job.label} have already been used.")

    def _check_alone(self, job: Job) -> None:
        for kind in ("BACKUP", "RESTORE"):
            for other in self.listed(kind, job.db_id):
                if not other.over:
                    raise DorisError(
                        "Can only run one backup or restore job of a database at same time , current running: "
                        f"label = {other.label} jobId = {other.id}, to run label = {job.label}"
                    )

    def _forget(self) -> None:
        over = [job.id for _, job in sorted(self._jobs.items()) if job.over]
        for job_id in over[:-_KEPT]:
            del self._jobs[job_id]
            with closing(self.warehouse.engine.cursor()) as cursor:
                cursor.execute("DELETE FROM nereus.operations WHERE id = ?", [job_id])


def plain(value: dict[str, Any]) -> str:
    """JSON as Doris writes it, without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
