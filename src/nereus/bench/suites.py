"""A suite is a folder of queries under benchmarks/queries, and the use case whose data they read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nereus.errors import BadInput
from nereus.paths import BENCHMARKS


@dataclass(frozen=True)
class Query:
    name: str
    sql: str


@dataclass(frozen=True)
class Suite:
    """`database` is the use case's database; `usecase` its folder."""

    name: str
    title: str
    usecase: str
    database: str
    queries: tuple[Query, ...]


_SUITES = {"ssb": ("Star Schema Benchmark, 13 queries", "retail", "retail")}


def load(name: str, folder: Path = BENCHMARKS / "queries") -> Suite:
    """Read a suite. Raises BadInput for a name that does not exist."""
    if name not in _SUITES:
        raise BadInput(f"there is no suite called {name!r}", fix=f"Choose one of: {', '.join(_SUITES)}.")
    title, usecase, database = _SUITES[name]
    files = sorted((folder / name).glob("*.sql"))
    return Suite(name, title, usecase, database, tuple(Query(file.stem, statement(file)) for file in files))


def statement(path: Path) -> str:
    """The one statement of a query file, without its comment lines and closing semicolon."""
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("--")]
    return "\n".join(lines).strip().rstrip(";")
