"""What others published about the engines: benchmarks/published.yaml, with hardware, source and date of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML

from nereus.errors import BadInput
from nereus.paths import BENCHMARKS

FILE = BENCHMARKS / "published.yaml"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ClickBenchResult(_Model):
    """One machine's run of 43 queries. Times in seconds over all queries, `under_1s` of them hot below a second.

    `cores` is None where the seller does not say, `cost` where nothing is billed by the hour.
    """

    system: str
    machine: str
    cores: int | None
    cost: str | None
    measured: str = Field(pattern=r"\d{4}-\d\d")
    hot_mean: float
    hot_median: float
    hot_p95: float
    under_1s: int = Field(ge=0, le=43)
    cold_mean: float
    size_gb: float


class SuiteResult(_Model):
    """The mean time of a suite's queries in seconds."""

    system: str
    suite: str
    machine: str
    queries: int
    mean: float


class _About(_Model):
    what: str
    source: str
    seen_on: date
    unit: str
    limits: str


class ClickBench(_About):
    results: tuple[ClickBenchResult, ...]


class Suites(_About):
    results: tuple[SuiteResult, ...]


class Published(_Model):
    clickbench: ClickBench
    star_schema_and_tpc: Suites


def read(path: Path = FILE) -> Published:
    """Everything that is kept there. Raises BadInput that names the file and the key."""
    content: Mapping[str, object] = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    try:
        return Published.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise BadInput(
            f"{path.name}: {where}: {first['msg']}", fix="Each result has the keys of the one above it."
        ) from None
