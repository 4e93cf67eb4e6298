"""Use cases: one folder each under usecases/, deployed, checked and removed by name.

report = deploy("retail", platform, home, print)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from nereus.config import Platform
from nereus.home import Home
from nereus.paths import USECASES
from nereus.usecases.deploy import Deployment, Report, Step, failed
from nereus.usecases.model import UseCase, find, names, parameter
from nereus.warehouse.client import Warehouse

__all__ = ["Deployment", "Report", "Step", "UseCase", "deploy", "deployment", "failed", "find", "names", "scale"]


def deployment(
    name: str, platform: Platform, home: Home, tell: Callable[[Step], None], folder: Path = USECASES
) -> Deployment:
    """The use case `name` and the deployment's own warehouse, ready to run."""
    return Deployment(
        usecase=find(name, folder),
        admin=Warehouse.for_user(platform, home, "root"),
        loader=Warehouse.for_user(platform, home, "loader"),
        cache=home.cache,
        # The local target keeps one copy, whatever the real machines will keep.
        replication_num=1 if platform.platform.target == "local" else platform.data.replicas,
        tell=tell,
    )


def deploy(name: str, platform: Platform, home: Home, progress: Callable[[str], None]) -> Iterator[str]:
    """Deploy one use case. Yields what changed, in words: nothing when all was in place.

    Raises BadInput for a faulty folder, Failure when the warehouse refuses or a quality check fails.
    """
    report = deployment(name, platform, home, lambda step: progress(str(step))).run()
    yield from (f"use case {name}: {change}" for change in report.changes)
    if (error := failed(report)) is not None:
        raise error


def scale(name: str, folder: Path = USECASES) -> float:
    """The scale factor of a use case's data; 1 when its source has none."""
    return parameter(find(name, folder), "scale", 1.0)
