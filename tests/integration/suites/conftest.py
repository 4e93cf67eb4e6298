"""One warehouse with SSB and TPC-H, and DuckDB with the same tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pymysql
import pytest

from benchmarks.measure import data, server

#: The smallest scale at which nearly all queries have rows.
SCALE = 0.05


@dataclass(frozen=True)
class Pair:
    """The same tables twice: behind the wire, and natively."""

    dataset: data.Dataset = field(repr=False)
    connection: pymysql.Connection[Any] = field(repr=False)
    native_db: duckdb.DuckDBPyConnection = field(repr=False)

    def wire(self, sql: str) -> Sequence[Sequence[Any]]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def native(self, sql: str) -> Sequence[Sequence[Any]]:
        return self.native_db.execute(sql).fetchall()

    def query(self, name: str) -> data.Query:
        return next(query for query in self.dataset.queries if query.name == name)


@pytest.fixture(scope="session")
def cache(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated data is named by its content: it stays between runs where pytest keeps a cache."""
    kept = getattr(request.config, "cache", None)
    return Path(kept.mkdir("generated")) if kept else tmp_path_factory.mktemp("generated")


@pytest.fixture(scope="session")
def running() -> Iterator[server.Running]:
    with server.warehouse(memory_gb=2, threads=2) as one:
        yield one


def pair(running: server.Running, dataset: data.Dataset) -> Iterator[Pair]:
    data.load(running.client, dataset)
    connection = running.connect(dataset.database)
    with duckdb.connect(config={"threads": 2}) as native:
        data.load_native(native.execute, dataset)
        yield Pair(dataset, connection, native)
    connection.close()


@pytest.fixture(scope="session")
def ssb(running: server.Running, cache: Path) -> Iterator[Pair]:
    yield from pair(running, data.dataset("ssb", SCALE, cache))


@pytest.fixture(scope="session")
def tpch(running: server.Running, cache: Path) -> Iterator[Pair]:
    yield from pair(running, data.dataset("tpch", SCALE, cache))
