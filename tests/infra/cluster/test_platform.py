"""Every object of the platform, for machines and years of the plan, on a real API server with simulated machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from nereus.config import load
from nereus.errors import BadInput
from nereus.home import Home
from nereus.kubernetes import secrets
from nereus.kubernetes.catalogue import LABEL
from nereus.kubernetes.quantities import in_bytes, millicores
from nereus.kubernetes.render import Rendered, render
from nereus.kubernetes.render.demand import TB
from nereus.kubernetes.render.schedule import machines, predict
from nereus.kubernetes.sim import binaries, checks, cluster, nodes
from nereus.kubernetes.sim.api import Object
from nereus.kubernetes.sim.cluster import Simulated
from nereus.kubernetes.sim.platform import Installed, install
from tests.infra.cluster.access import MATRIX, bindings
from tests.infra.cluster.objects import say
from tests.infra.steps import step

_TARGET = "platform: {target: hosts}\nhosts: {inventory: none.yaml}\n"
#: Machines -> what is declared of them; one machine carries one copy of the data.
PLANS = {
    1: "data: {raw_tb: 0.5, replicas: 1}\nmachines: {nodes: 1, cores: 32, memory_gb: 256, nvme_tb: 8, hdd_tb: 16}\n",
    3: "data: {raw_tb: 1.0}\nmachines: {nodes: 3, cores: 24, memory_gb: 192, nvme_tb: 4, hdd_tb: 16}\n",
    5: "data: {raw_tb: 2.0}\nmachines: {nodes: 5, cores: 24, memory_gb: 192, nvme_tb: 4, hdd_tb: 16}\n",
}
YEARS = (0, 3, 5)


@dataclass(frozen=True)
class Case:
    """One plan in one year, applied to a cluster of its machines."""

    simulated: Simulated
    rendered: Rendered
    installed: Installed

    def of(self, component: str) -> list[Object]:
        """The pods of one component."""
        namespace = self.rendered.catalogue.components[component].namespace
        return self.simulated.api.list("v1", "Pod", namespace, self.rendered.catalogue.labels(component))


def rendered(folder: Path, declared: str, year: int | None) -> tuple[Rendered, list[Object]]:
    """What is written for a platform, and its secrets."""
    (folder / "platform.yaml").write_text(_TARGET + declared, "utf-8")
    home = Home(folder / "home").create()
    made = render(load(folder / "platform.yaml"), home, folder / "rendered", year=year)
    return made, list(secrets.manifests(made.catalogue, home, made.there))


@pytest.fixture(scope="module", params=product(PLANS, YEARS), ids=lambda case: f"{case[0]}-machines-year-{case[1]}")
def case(
    request: pytest.FixtureRequest, programs: binaries.Programs, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Case]:
    count, year = request.param
    folder = tmp_path_factory.mktemp(f"plan-{count}-{year}")
    with step(f"cluster: {count} machines, year {year}"), cluster.running(folder / "state", say) as simulated:
        made, hidden = rendered(folder, PLANS[count], year)
        simulated.add_nodes(nodes.planned(made.sized.plan))
        yield Case(simulated, made, install(simulated, made, hidden, say))


def test_everything_is_accepted_scheduled_and_bound(case: Case) -> None:
    assert "\n".join(case.installed.wrong) == ""
    assert case.installed.objects > 100
    assert case.installed.findings.claims > 10


def test_every_pod_is_there_that_was_predicted(case: Case) -> None:
    predicted = Counter(each.component for each in case.rendered.schedule.placed)
    # Pods of these come at their hour.
    later = [one["spec"]["jobTemplate"]["spec"]["template"] for one in case.simulated.api.list("batch/v1", "CronJob")]
    for template in later:
        predicted.pop(template["metadata"]["labels"][LABEL], None)
    assert {name: len(case.of(name)) for name in predicted} == dict(predicted)


def test_claims_fit_the_planned_disks(case: Case) -> None:
    machine = case.rendered.sized.plan.requirements.machine
    sums = checks.claimed(case.simulated.api)
    assert sums
    for (node, storage_class), size in sums.items():
        disk = machine.nvme_tb if storage_class.endswith("hot") else machine.hdd_tb
        assert size <= disk * TB, f"{node} {storage_class}: {size / TB:.2f} TB of {disk}"


def test_what_must_be_apart_is_apart(case: Case) -> None:
    apart = [name for name, one in case.rendered.sized.demands.items() if one.component.spread == "required"]
    assert "doris-be" in apart
    for name in apart:
        assert not list(checks.together(case.of(name), case.rendered.catalogue.labels(name)))


def test_every_namespace_stays_within_its_quota(case: Case) -> None:
    quotas = case.simulated.api.list("v1", "ResourceQuota")
    assert len(quotas) > 5
    for quota in quotas:
        for what, used in quota["status"]["used"].items():
            number = millicores if what.endswith("cpu") else in_bytes
            assert number(used, what) <= number(quota["status"]["hard"][what], what), (checks.name(quota), what)


def test_pod_security_is_enforced_in_every_namespace(case: Case) -> None:
    for namespace, declared in case.rendered.catalogue.namespaces.items():
        found = case.simulated.api.get("v1", "Namespace", namespace)
        if found is None:
            continue
        assert found["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == declared.pod_security
        least = {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"cpu": "1m", "memory": "1Mi"}}
        container = {"name": "x", "image": "x:1", "resources": least, "securityContext": {"privileged": True}}
        spec = {"containers": [container]}
        bad = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad", "namespace": namespace}, "spec": spec}
        refused = case.simulated.apply([bad], dry_run=True).refused
        assert bool(refused) == (declared.pod_security != "privileged"), (namespace, refused)


def test_nobody_may_more_than_is_declared(case: Case) -> None:
    case.simulated.apply_or_fail(bindings())
    api = case.simulated.api
    assert case.simulated.wait(lambda: api.allowed("a-viewer", "list", "pods", "nereus-warehouse"), 20)
    wrong = [
        f"{right.who} {right.verb} {right.resource} in {right.namespace}: {not right.allowed}"
        for right in MATRIX
        if api.allowed(right.who, right.verb, right.resource, right.namespace, right.group) != right.allowed
    ]
    assert wrong == []


def test_a_machine_can_be_drained_and_comes_back(case: Case) -> None:
    """Last of all: it moves pods about."""
    if case.rendered.sized.nodes < 3:
        # With fewer machines there is nowhere to go, and no budget may forbid what cannot be helped.
        assert not case.simulated.api.list("policy/v1", "PodDisruptionBudget")
        return
    api = case.simulated.api
    before = len(case.of("doris-be"))
    assert checks.drain(api, "node-1", limit_s=90) == ()
    up = [pod for pod in case.of("doris-be") if pod["spec"].get("nodeName")]
    assert len(up) == before - 1
    checks.uncordon(api, "node-1")
    assert checks.settle(api) == ()


def test_one_machine_less_leaves_those_pods_pending_that_were_predicted(
    programs: binaries.Programs, tmp_path: Path
) -> None:
    made, hidden = rendered(tmp_path, PLANS[3], None)
    expected = predict(made.sized, machines(made.sized, local_disks=True, nodes=2))
    assert expected.pending
    with step("cluster: one machine less than planned"), cluster.running(tmp_path / "state", say) as simulated:
        simulated.add_nodes(nodes.planned(made.sized.plan, 2))
        # Pods that are left over push each other about for ever: there is nothing to wait for.
        install(simulated, made, hidden, say, limit_s=20)
        stuck = Counter(
            (pod["metadata"].get("labels") or {}).get(LABEL, pod["metadata"]["name"])
            for pod in simulated.api.list("v1", "Pod")
            if not pod["spec"].get("nodeName")
        )
    assert stuck == Counter(each.component for each in expected.pending)


def test_render_refuses_a_plan_that_is_one_machine_too_small(tmp_path: Path) -> None:
    small = "data: {raw_tb: 1.0}\nmachines: {nodes: 3, cores: 12, memory_gb: 96, nvme_tb: 4, hdd_tb: 16}\n"
    with pytest.raises(BadInput, match=r"(?s)doris-fe stay pending.*machines\.nodes: 4"):
        rendered(tmp_path, small, None)
    assert rendered(tmp_path, small.replace("nodes: 3", "nodes: 4"), None)[0].sized.nodes == 4
