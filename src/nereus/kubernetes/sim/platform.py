"""Apply a whole rendered platform to a simulated cluster, in the order that its steps.yaml says."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from nereus.kubernetes.render import Rendered
from nereus.kubernetes.sim import checks, references
from nereus.kubernetes.sim.api import Object
from nereus.kubernetes.sim.binaries import Tell
from nereus.kubernetes.sim.cluster import Applied, Simulated
from nereus.kubernetes.standins import charts

#: Longest that one step may take to roll out, in seconds.
STEP_LIMIT_S = 120
_PREFIX = "nereus-"
_NO_PODS = ("foundation", "secrets", "volumes", "access")


@dataclass(frozen=True)
class Step:
    """One step of the installation: what was applied, what was refused, how long it and its rollout took."""

    name: str
    objects: int
    refused: tuple[str, ...]
    warnings: tuple[str, ...]
    unfinished: tuple[str, ...]
    seconds: float
    stand_in: str = ""


@dataclass(frozen=True)
class Installed:
    """What came of it. `wrong` holds everything that a person would have to look at."""

    steps: tuple[Step, ...]
    findings: checks.Findings
    missing: tuple[str, ...]

    @property
    def wrong(self) -> tuple[str, ...]:
        refused = (f"step {step.name}: {line}" for step in self.steps for line in (*step.refused, *step.warnings))
        return (*refused, *self.findings.wrong, *self.missing)

    @property
    def objects(self) -> int:
        return sum(step.objects for step in self.steps)


def install(
    simulated: Simulated,
    rendered: Rendered,
    secrets: Iterable[Object],
    tell: Tell = lambda text: None,
    limit_s: float = STEP_LIMIT_S,
) -> Installed:
    """Apply every step and wait for its rollout, each `limit_s` seconds at most.

    Refusals are collected, so that one run tells them all.
    """
    done = []
    for step in rendered.steps:
        began = time.monotonic()
        applied, stand_in = _apply(simulated, rendered, step, secrets)
        left = () if step["step"] in _NO_PODS else checks.settle(simulated.api, limit_s)
        made = Step(
            str(step["step"]),
            applied.objects,
            applied.refused,
            applied.warnings,
            left,
            time.monotonic() - began,
            stand_in,
        )
        tell(f"{made.name}: {made.objects} objects, {len(made.refused)} refused, {made.seconds:.1f} s")
        done.append(made)
    api = simulated.api
    return Installed(tuple(done), checks.look(api), tuple(references.missing(api)))


def _apply(
    simulated: Simulated, rendered: Rendered, step: Mapping[str, Any], secrets: Iterable[Object]
) -> tuple[Applied, str]:
    nothing = Applied(0, (), (), 0.0)
    if "kustomize" in step:
        return simulated.apply_kustomize(rendered.out / str(step["kustomize"])), ""
    if "charts" in step:
        return simulated.apply(chart_objects(rendered)), "its workloads are made from components.yaml"
    if step["step"] == "secrets":
        return simulated.apply(secrets), ""
    return nothing, ""


def chart_objects(rendered: Rendered) -> Iterator[Object]:
    """What stands in for every chart of a rendered platform."""
    return charts.workloads(rendered.sized.demands, rendered.catalogue, *_names(rendered.out))


def _names(out: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Storage classes by disk and priority classes by priority, as they were rendered."""
    values = YAML(typ="safe", pure=True).load((out / "values.yaml").read_text("utf-8"))
    classes = {disk: str(values["storage"][disk]) for disk in ("hot", "cold")}
    return classes, {name: f"{_PREFIX}{name}" for name in ("services", "notebooks")}
