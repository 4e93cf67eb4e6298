"""What every page reads: the declared platform, its plan and comparison, and the warehouse's answers, all cached."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import streamlit as st

from nereus import sizing
from nereus.bench import mixed, published, results
from nereus.bench.published import Published
from nereus.bench.results import BenchResult
from nereus.cases import Case
from nereus.config import Platform, load
from nereus.costs.compare import Comparison, compare
from nereus.home import Home
from nereus.insight import filling, holdings, service_level
from nereus.insight import sensitivity as swings
from nereus.insight import titles as dashboards
from nereus.insight.asking import USER, Answer, Counter, Question, ask, is_provisioned, reader
from nereus.insight.filling import Crossing
from nereus.paths import BENCHMARKS, USECASES
from nereus.usecases.model import FILE, UseCase, find, names
from nereus.warehouse.client import Warehouse

#: Answers are asked for anew after so many seconds, once for all viewers.
FRESH_S = 60
#: Files as they are now: path, when changed (ns), bytes. What comes from files is computed anew when this differs.
Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Deployment:
    """`today` is the date every age on the page is counted from (UTC)."""

    config: Path
    home: Home
    platform: Platform
    plan: sizing.Plan
    comparisons: Mapping[Case, Comparison]
    today: date


def deployment() -> Deployment:
    """The deployment this portal belongs to. Raises BadInput when its platform.yaml cannot be used."""
    config = Path(os.environ.get("NEREUS_CONFIG", "platform.yaml"))
    platform, plan, comparisons = _declared(config, config.stat().st_mtime_ns if config.exists() else 0)
    return Deployment(config, Home.beside(config), platform, plan, comparisons, datetime.now(UTC).date())


@st.cache_resource(max_entries=1, show_spinner=False)
def _declared(config: Path, changed: int) -> tuple[Platform, sizing.Plan, Mapping[Case, Comparison]]:
    platform = load(config)
    plan = sizing.plan(sizing.Requirements.of(platform))
    return platform, plan, compare(platform, plan)


def sensitivity(found: Deployment) -> swings.Sensitivity:
    """What matters most to the typical comparison."""
    return _matters(found.config, found.config.stat().st_mtime_ns, found)


@st.cache_resource(max_entries=1, show_spinner=False)
def _matters(config: Path, changed: int, _found: Deployment) -> swings.Sensitivity:
    return swings.sensitivity(_found.platform, _found.plan)


@st.cache_data(ttl=10 * FRESH_S, max_entries=1, show_spinner=False)
def _titles(root: str, _found: Deployment) -> Mapping[str, str]:
    return dashboards.by_number(_found.platform, _found.home, USECASES)


def titles(found: Deployment) -> Mapping[str, str]:
    """Dashboards' titles by Superset's numbers."""
    return _titles(str(found.home.root), found)


@st.cache_resource(show_spinner=False)
def counter() -> Counter:
    """Counts what this portal has asked the warehouse since it started."""
    return Counter()


@st.cache_resource(max_entries=1, show_spinner=False)
def _elsewhere(config: Path, changed: int, _found: Deployment) -> Mapping[tuple[str, str], float]:
    return swings.snowflake_elsewhere(_found.platform, _found.plan)


def elsewhere(found: Deployment) -> Mapping[tuple[str, str], float]:
    """EUR/year at Snowflake by (region, edition)."""
    return _elsewhere(found.config, found.config.stat().st_mtime_ns, found)


@st.cache_resource(max_entries=1, show_spinner=False)
def _crossings(config: Path, changed: int, _found: Deployment) -> list[Crossing]:
    return filling.crossings(_found.plan)


def crossings(found: Deployment) -> list[Crossing]:
    """When each limit of each disk is crossed as the plan has it."""
    return _crossings(found.config, found.config.stat().st_mtime_ns, found)


def declared(found: Deployment) -> list[UseCase]:
    """The use cases that platform.yaml lists."""
    there = names(USECASES)
    listed = tuple(name for name in found.platform.usecases if name in there)
    return _usecases(listed, USECASES, _stamp(USECASES / name / FILE for name in listed))


@st.cache_resource(max_entries=4, show_spinner=False)
def _usecases(listed: tuple[str, ...], folder: Path, stamp: Stamp) -> list[UseCase]:
    return [find(name, folder) for name in listed]


def measured_results() -> list[BenchResult]:
    """Every result of a suite that is kept, oldest first."""
    return [each for each in _kept() if each.suite != mixed.SUITE]


def mixed_result() -> BenchResult | None:
    """The newest result of dashboards beside somebody's scans."""
    return next((each for each in reversed(_kept()) if each.suite == mixed.SUITE), None)


def _kept() -> list[BenchResult]:
    folder = BENCHMARKS / "results"
    return _results(folder, _stamp(sorted(folder.glob("*/*.json"))))


@st.cache_resource(max_entries=4, show_spinner=False)
def _results(folder: Path, stamp: Stamp) -> list[BenchResult]:
    return results.read_all(folder)


@st.cache_resource(max_entries=1, show_spinner=False)
def published_results() -> Published:
    """What others measured and published: a file of the package."""
    return published.read()


def _stamp(files: Iterable[Path]) -> Stamp:
    told = ((file, file.stat()) for file in files)
    return tuple((str(file), each.st_mtime_ns, each.st_size) for file, each in told)


def answers_of_service(found: Deployment, hours: int) -> Answer:
    """The audit log of the last `hours`."""
    return _answers(found, f"service-level-{hours}", service_level.questions(hours))


def answers_of_data(found: Deployment) -> Answer:
    """Tables, loads, checks and columns."""
    return _answers(found, "data", holdings.QUESTIONS)


def _answers(found: Deployment, name: str, questions: Mapping[str, Question]) -> Answer:
    local = found.platform.local
    where = (str(found.home.root), local.bind, local.ports.warehouse_mysql)
    return _asked(where, name, found, questions)


@st.cache_data(ttl=FRESH_S, max_entries=64, show_spinner="Asking the warehouse")
def _asked(where: tuple[str, str, int], name: str, _found: Deployment, _questions: Mapping[str, Question]) -> Answer:
    home = _found.home
    warehouse = reader(Warehouse.for_user(_found.platform, home, USER)) if is_provisioned(home) else None
    return ask(warehouse, _questions, home.cache / "portal" / f"{name}.json", counter())
