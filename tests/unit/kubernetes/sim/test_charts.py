"""What stands in for charts asks for what components.yaml says, no more and no less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from nereus import sizing
from nereus.config import Platform
from nereus.kubernetes import catalogue
from nereus.kubernetes.quantities import in_bytes, millicores
from nereus.kubernetes.render.demand import Demand, lay_out
from nereus.kubernetes.sim import nodes
from nereus.kubernetes.sim.api import Object
from nereus.kubernetes.standins import MARK, charts

CATALOGUE = catalogue.read()
PLATFORM = Platform.model_validate({"data": {"raw_tb": 1.0}})
PLAN = sizing.plan(sizing.Requirements.of(PLATFORM))
CLASSES = {"hot": "fast", "cold": "slow"}


@pytest.fixture(scope="module")
def demands() -> Mapping[str, Demand]:
    return lay_out(PLATFORM, PLAN, CATALOGUE).demands


@pytest.fixture(scope="module")
def made(demands: Mapping[str, Demand]) -> list[Object]:
    return list(charts.workloads(demands, CATALOGUE, CLASSES, {"services": "nereus-services"}))


def test_every_component_of_a_chart_is_made(made: list[Object], demands: Mapping[str, Demand]) -> None:
    wanted = Counter(one.component.chart for one in demands.values() if one.component.chart)
    pods = [one for one in made if one["kind"] != "PersistentVolumeClaim"]
    counted = Counter(one["metadata"]["annotations"][MARK].removeprefix("chart ") for one in pods)
    several = sum(one.replicas - 1 for one in demands.values() if one.component.chart and one.component.kind == "Pod")
    assert sum(counted.values()) == sum(wanted.values()) + several
    assert set(counted) == set(wanted)


def test_requests_are_those_that_the_schedule_counts_on(made: list[Object], demands: Mapping[str, Demand]) -> None:
    for one in made:
        if one["kind"] in ("Deployment", "StatefulSet", "DaemonSet"):
            (container,) = one["spec"]["template"]["spec"]["containers"]
            asked, demand = container["resources"]["requests"], demands[one["metadata"]["name"]]
            assert millicores(asked["cpu"], "cpu") == demand.cpu_request
            assert in_bytes(asked["memory"], "memory") == demand.memory_request


def test_claims_lie_on_the_disk_that_is_declared(made: list[Object]) -> None:
    volumes = next(one for one in made if one["metadata"]["name"] == "seaweedfs-volume")
    assert [each["spec"]["storageClassName"] for each in volumes["spec"]["volumeClaimTemplates"]] == ["slow"]


def test_machines_offer_what_the_plan_leaves_to_pods() -> None:
    found = list(nodes.planned(PLAN))
    assert len(found) == PLAN.nodes.value
    status = found[0]["status"]
    assert status["capacity"]["cpu"] == str(PLAN.requirements.machine.cores)
    assert millicores(status["allocatable"]["cpu"], "cpu") == (PLAN.requirements.machine.cores - 1) * 1000
    assert [node["metadata"]["name"] for node in nodes.planned(PLAN, 2)] == ["node-1", "node-2"]
