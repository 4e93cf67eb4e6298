"""DuckDB by itself: a child process with a file, threads and memory of its own, as the yardstick."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.measure.server import cpu_ms

SETTINGS: dict[str, str | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


@dataclass(frozen=True)
class Native:
    """A DuckDB that answers one statement at a time."""

    pipe: Connection
    pid: int

    @property
    def cpu_ms(self) -> float:
        """Processor time that the child has used, ms."""
        return cpu_ms(self.pid)

    def run(self, sql: str) -> tuple[float, list[tuple[Any, ...]]]:
        """Seconds that the child took to run `sql` and hold all its rows as Python values, and the rows.

        Raises RuntimeError with DuckDB's text.
        """
        self.pipe.send(sql)
        seconds, rows, error = self.pipe.recv()
        if error:
            raise RuntimeError(f"{error}\n  in: {sql}")
        return seconds, rows


@contextmanager
def native(file: Path, threads: int, memory_gb: float) -> Iterator[Native]:
    """Start a child with `file` open, and end it."""
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=_serve, args=(its, str(file), threads, memory_gb), daemon=True)
    process.start()
    its.close()
    try:
        yield Native(ours, process.pid or 0)
    finally:
        ours.close()
        process.join(30)
        if process.is_alive():
            process.kill()
            process.join()


def _serve(pipe: Connection, file: str, threads: int, memory_gb: float) -> None:
    with duckdb.connect(
        file, config={**SETTINGS, "threads": threads, "memory_limit": f"{int(memory_gb * 1000)}MB"}
    ) as db:
        db.execute("SET enable_progress_bar = false")
        while True:
            try:
                sql = pipe.recv()
            except EOFError:
                return
            try:
                started = time.perf_counter()
                rows = db.execute(sql).fetchall()
                pipe.send((time.perf_counter() - started, rows, ""))
            except duckdb.Error as error:
                pipe.send((0.0, [], str(error)))
