"""How long a backup and a restore take, and how far a new machine's copy is from the original.

    .venv/bin/python -m benchmarks.measure.backup [--months 12] [--rows-per-month 250000]

A fact table of so many months is backed up to an object store started for this run while a reader asks it again and
again; then it is restored into a warehouse that never saw it, and both are compared.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.measure.cold import _load
from nereus.config import Platform
from nereus.home import Home
from nereus.provision import local, object_store
from nereus.provision.services import local_services
from nereus.provision.supervisor import Supervisor
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.warehouse import Warehouse

_FIRST_PORT = 28_433
_PASSWORD = "measure-only"  # noqa: S105 - of a warehouse that lives for a minute
_CHECK = "SELECT count(*), sum(id), sum(price), sum(length(note)), max(k) FROM measure.fact"
_READ = "SELECT sum(price) FROM measure.fact WHERE k >= '2023-03-01' AND k < '2023-04-01' AND id > {}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--rows-per-month", type=int, default=250_000)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="backup") as folder:
        home = Home(Path(folder) / "h").create()
        values = {"data": {"raw_tb": 1}, "local": {"ports": {"object_store": _FIRST_PORT}}}
        platform = Platform.model_validate(values)
        services = local_services(Path(folder) / "platform.yaml", platform, home)
        store = next(one for one in services if one.name == "object-store")
        object_store.prepare(home)
        Supervisor(home).apply([store])
        try:
            local.wait_until_ready(store, home)
            list(object_store.ensure_buckets(home, _FIRST_PORT))
            return _measure(asked, home, Path(folder))
        finally:
            Supervisor(home).stop()


def _measure(asked: argparse.Namespace, home: Home, folder: Path) -> int:
    console = Console(width=130)
    warehouse = Warehouse.open(folder / "w", memory_gb=4, threads=2, root_password=_PASSWORD)
    try:
        session = warehouse.connect("root")
        _load(session, asked.months, asked.rows_per_month)
        before = _run(session, _CHECK)
        alone = _reads(warehouse, lambda: time.sleep(1))
        _repository(session, home)

        def back_up() -> None:
            _run(session, "BACKUP SNAPSHOT measure.s TO repo")
            _wait(session, "BACKUP")

        began = time.perf_counter()
        beside = _reads(warehouse, back_up)
        taken = time.perf_counter() - began
        size = sum(
            found["size"]
            for listed in object_store.store(object_store.access(home, _FIRST_PORT, "backup")).list()
            for found in listed
        )
    finally:
        warehouse.close()
    other = Warehouse.open(folder / "new", memory_gb=4, threads=2, root_password=_PASSWORD)
    try:
        session = other.connect("root")
        began = time.perf_counter()
        _run(session, "CREATE DATABASE measure")
        _repository(session, home)
        ((_, stamp, _),) = _run(session, "SHOW SNAPSHOT ON repo")
        _run(
            session,
            f"RESTORE SNAPSHOT measure.s FROM repo PROPERTIES ('backup_timestamp' = '{stamp}', "
            "'reserve_replica' = 'true')",
        )
        _wait(session, "RESTORE")
        back = time.perf_counter() - began
        same = _run(session, _CHECK) == before
    finally:
        other.close()
    rows = asked.months * asked.rows_per_month
    console.print(f"{rows:,} rows in {asked.months} partitions, {size / 1e6:.1f} MB in the repository")
    console.print(f"backup {taken:.1f} s ({rows / taken:,.0f} rows/s), restore on an empty machine {back:.1f} s")
    console.print(f"a reader's median: {alone * 1000:.1f} ms alone, {beside * 1000:.1f} ms during the backup")
    console.print("the restored table is the same" if same else "[red]THE RESTORED TABLE DIFFERS[/]")
    return 0 if same else 1


def _run(session: Session, sql: str) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for result in session.execute(sql):
        for batch in getattr(result, "batches", ()):
            rows += zip(*(column.to_pylist() for column in batch.columns), strict=True)
    return rows


def _repository(session: Session, home: Home) -> None:
    found = object_store.access(home, _FIRST_PORT, "backup")
    _run(
        session,
        f"CREATE REPOSITORY repo WITH S3 ON LOCATION 's3://backup/measure' PROPERTIES ('s3.endpoint' = "
        f"'{found.endpoint}', 's3.region' = 'us-east-1', 's3.access_key' = '{found.access_key}', "
        f"'s3.secret_key' = '{found.secret_key}')",
    )


def _wait(session: Session, kind: str) -> None:
    at = 3 if kind == "BACKUP" else 4
    while True:
        state = str(_run(session, f"SHOW {kind} FROM measure")[-1][at])
        if state == "FINISHED":
            return
        if state == "CANCELLED":
            raise SystemExit(str(_run(session, f"SHOW {kind} FROM measure")[-1]))
        time.sleep(0.05)


def _reads(warehouse: Warehouse, work: Callable[[], object]) -> float:
    """The median of a reader's answers, in seconds, while `work` goes on."""
    seconds: list[float] = []
    over = threading.Event()

    def read() -> None:
        session = warehouse.connect("root")
        while not over.is_set():
            began = time.perf_counter()
            _run(session, _READ.format(len(seconds)))
            seconds.append(time.perf_counter() - began)
        session.close()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        work()
    finally:
        over.set()
        reader.join()
    return statistics.median(seconds)


if __name__ == "__main__":
    sys.exit(main())
