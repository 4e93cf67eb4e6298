"""The history of jobs: refreshes of views and runs of scheduled statements, kept as Doris keeps it."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Literal

from nereus.warehouse.embedded.catalog.store import Ids
from nereus.warehouse.embedded.engine import Engine

_LAYOUT = "CREATE TABLE IF NOT EXISTS nereus.tasks (id BIGINT NOT NULL, kind VARCHAR NOT NULL, task VARCHAR NOT NULL)"
#: So many tasks of one job are kept, as Doris' max_persistence_task_count.
KEPT = 100

Kind = Literal["mv", "insert"]


@dataclass(slots=True)
class Task:
    """One run. Times are of the session's zone (UTC), as Doris shows them; `details` depend on the kind.

    `status`: PENDING, RUNNING, SUCCESS, FAILED or CANCELED.
    """

    id: int
    kind: Kind
    job_id: int
    created: str
    status: str = "PENDING"
    error: str = ""
    started: str = ""
    finished: str = ""
    duration_ms: int | None = None
    details: dict[str, object] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return self.status not in ("PENDING", "RUNNING")


def now_text() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


class TaskLog:
    """Every task, in memory and in DuckDB. What a former process left unfinished is CANCELED."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._guard = threading.Lock()
        self._tasks: dict[int, Task] = {}
        with closing(engine.cursor()) as cursor:
            cursor.execute(_LAYOUT)
            for (text,) in cursor.execute("SELECT task FROM nereus.tasks ORDER BY id").fetchall():
                task = Task(**json.loads(text))
                self._tasks[task.id] = task
        self._ids = Ids(engine, "task", 1)
        for task in self._tasks.values():
            if not task.is_over:
                task.status, task.error = "CANCELED", "the warehouse was stopped while the task ran"
                self.save(task)

    def new(self, kind: Kind, job_id: int, **details: object) -> Task:
        task = Task(self._ids.take(), kind, job_id, now_text(), details=details)
        self.save(task)
        return task

    def save(self, task: Task) -> None:
        with self._guard, closing(self._engine.cursor()) as cursor:
            self._tasks[task.id] = task
            cursor.begin()
            cursor.execute("DELETE FROM nereus.tasks WHERE id = ?", [task.id])
            cursor.execute("INSERT INTO nereus.tasks VALUES (?, ?, ?)", [task.id, task.kind, json.dumps(asdict(task))])
            of_job = [other.id for other in self._tasks.values() if other.job_id == task.job_id and other.is_over]
            for old in sorted(of_job)[:-KEPT]:
                del self._tasks[old]
                cursor.execute("DELETE FROM nereus.tasks WHERE id = ?", [old])
            cursor.commit()

    def of_kind(self, kind: Kind) -> list[Task]:
        """Oldest first."""
        with self._guard:
            return sorted((task for task in self._tasks.values() if task.kind == kind), key=lambda task: task.id)

    def forget_job(self, job_id: int) -> None:
        with self._guard, closing(self._engine.cursor()) as cursor:
            for task_id in [task.id for task in self._tasks.values() if task.job_id == job_id]:
                del self._tasks[task_id]
                cursor.execute("DELETE FROM nereus.tasks WHERE id = ?", [task_id])
