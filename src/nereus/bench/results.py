"""The result of one benchmark run: a dated JSON file, written once and never changed.

The schema is described in benchmarks/README.md; a test reads every result that is kept there.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nereus.errors import BadInput

SCHEMA_VERSION = 1


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Machine(_Model):
    """Where it ran. `name` is a label chosen for the result, not a host name."""

    name: str
    cpu: str
    cores: int = Field(gt=0)
    memory_gb: float = Field(gt=0)


class QueryResult(_Model):
    """One query. Times in ms over the wire, from sending the text to the last row read.

    `cold_ms` is None where a cold start could not be arranged: it is never guessed.
    """

    name: str
    rows: int = Field(ge=0)
    cold_ms: float | None
    warm_ms: tuple[float, ...]


class ConcurrentResult(_Model):
    """Several clients at once, each running all queries in its own order without a pause."""

    clients: int = Field(gt=0)
    statements: int = Field(gt=0)
    seconds: float = Field(gt=0)
    average_ms: float
    p50_ms: float
    p95_ms: float
    max_ms: float
    under_1s: float = Field(ge=0, le=1)


class BenchResult(_Model):
    schema_version: Literal[1] = 1
    suite: str
    scale: float = Field(gt=0)
    started_at: datetime
    machine: Machine
    target: str
    engine: str
    commit: str
    queries: tuple[QueryResult, ...]
    concurrent: tuple[ConcurrentResult, ...]

    @property
    def key(self) -> tuple[str, float, str, str]:
        """Results with the same key may be compared with one another."""
        return (self.suite, self.scale, self.machine.name, self.target)


def read(path: Path) -> BenchResult:
    """Read one result. Raises BadInput that names the file and what is wrong with it."""
    try:
        return BenchResult.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise BadInput(
            f"{path}: {where}: {first['msg']}; expected a benchmark result of schema {SCHEMA_VERSION}",
            fix="benchmarks/README.md describes the schema. Results are not edited: measure again.",
        ) from None


def read_all(folder: Path) -> list[BenchResult]:
    """Every result below `folder`, oldest first."""
    return sorted((read(path) for path in folder.glob("*/*.json")), key=lambda result: result.started_at)


def write(result: BenchResult, folder: Path) -> Path:
    """Keep a result as <folder>/<YYYYMMDD>/<machine>-<suite>-sf<scale>[-n].json; an existing file is never replaced."""
    day = folder / result.started_at.strftime("%Y%m%d")
    day.mkdir(parents=True, exist_ok=True)
    stem = f"{result.machine.name}-{result.suite}-sf{result.scale:g}"
    text = json.dumps(result.model_dump(mode="json"), indent=2) + "\n"
    number = 1
    while True:
        path = day / (f"{stem}.json" if number == 1 else f"{stem}-{number}.json")
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            number += 1
        else:
            return path


def previous(result: BenchResult, others: list[BenchResult]) -> BenchResult | None:
    """The newest earlier result that may be compared with `result`."""
    earlier = [other for other in others if other.key == result.key and other.started_at < result.started_at]
    return max(earlier, key=lambda other: other.started_at, default=None)
