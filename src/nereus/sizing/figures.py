"""What a plan is made of: numbers that say why they are so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from nereus.cases import Case
from nereus.sizing.requirements import Requirements


@dataclass(frozen=True)
class Figure:
    """One number with its unit, the computation in words, and the source of the rule."""

    value: float
    unit: str
    reason: str
    source: str


@dataclass(frozen=True)
class Year:
    """What one year needs in one case. Disks are totals over all machines."""

    year: int
    case: Case
    raw_tb: Figure
    stored_tb: Figure
    hot_disk_tb: Figure
    views_tb: Figure
    file_cache_tb: Figure
    nvme_tb: Figure
    cold_stored_tb: Figure
    cold_disk_tb: Figure
    dashboard_cores: Figure
    science_cores: Figure
    cores: Figure
    memory_gb: Figure
    nodes: Figure
    frontends: Figure
    backends: Figure
    buckets_per_partition: Figure

    def figures(self) -> Mapping[str, Figure]:
        """Every figure by its name, in the order above."""
        return {each.name: value for each in fields(self) if isinstance(value := getattr(self, each.name), Figure)}


@dataclass(frozen=True)
class Limit:
    """A limit of the planned machines. `first_year` counts from today; None when it is not reached in 30 years.

    `now` is how much of the limit year 0 uses (1 is reached).
    """

    name: str
    first_year: int | None
    now: float
    reason: str
    source: str


@dataclass(frozen=True)
class Plan:
    """Every year 0..horizon in three cases, the machines to provide, and when they stop being enough."""

    requirements: Requirements
    years: Mapping[Case, tuple[Year, ...]]
    nodes: Figure
    limits: Mapping[Case, tuple[Limit, ...]]
    warnings: tuple[str, ...]

    def at(self, year: int, case: Case = Case.TYPICAL) -> Year:
        """One year of one case. Raises IndexError beyond the horizon."""
        return self.years[case][year]

    @property
    def last(self) -> Year:
        """The typical last year: what the machines are bought for."""
        return self.years[Case.TYPICAL][-1]

    def doris_properties(self) -> Mapping[str, str]:
        """Table properties that follow from the plan, as Doris DDL writes them."""
        return {"replication_num": str(min(self.requirements.replicas, int(self.nodes.value)))}
