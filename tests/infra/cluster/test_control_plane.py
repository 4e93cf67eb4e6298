"""The simulated cluster itself: a real API server refuses, a real scheduler places, stand-ins say what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from nereus.kubernetes.sim import checks, nodes, references
from nereus.kubernetes.sim.api import Object
from nereus.kubernetes.sim.cluster import Simulated
from nereus.kubernetes.standins import MARK
from tests.infra.cluster import objects as make

GOOD = {"cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "100G"}


@pytest.fixture(scope="module", autouse=True)
def machines(simulated: Simulated) -> None:
    simulated.add_nodes(nodes.node(f"node-{number}", GOOD, GOOD, {}) for number in (1, 2, 3))
    simulated.apply_or_fail([make.storage_class()])


@pytest.fixture
def space(simulated: Simulated, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of its own, restricted, removed at the end."""
    name = request.node.name.replace("_", "-").split("[")[0][5:60].strip("-")
    simulated.apply_or_fail([make.namespace(name)])
    yield name
    simulated.api.delete("v1", "Namespace", name)
    for node in ("node-1", "node-2", "node-3"):
        checks.uncordon(simulated.api, node)


def pods(simulated: Simulated, space: str, **labels: str) -> list[Object]:
    return simulated.api.list("v1", "Pod", space, labels or None)


def eventually(simulated: Simulated, done: Callable[[], bool], limit_s: float = 40) -> None:
    assert simulated.wait(done, limit_s), [*checks.unfinished(simulated.api), *checks.complaints(simulated.api)]


def test_a_privileged_pod_is_refused_with_the_reason(simulated: Simulated, space: str) -> None:
    spec = {"containers": [make.container(securityContext={"privileged": True})]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": make.meta("bad", space), "spec": spec}
    (refused,) = simulated.apply([pod]).refused
    assert 'violates PodSecurity "restricted' in refused
    assert "privileged" in refused


def test_a_template_that_pod_security_would_refuse_is_warned_about(simulated: Simulated, space: str) -> None:
    bad = make.deployment("bad", space, 1, securityContext={})
    applied = simulated.apply([bad], dry_run=True)
    assert any("would violate PodSecurity" in line for line in applied.warnings)


def test_what_is_refused_does_not_keep_back_the_rest(simulated: Simulated, space: str) -> None:
    wrong = make.config_map("Wrong_Name", space)
    applied = simulated.apply([make.config_map("one", space), wrong, make.config_map("two", space)])
    assert len(applied.refused) == 1
    assert {"one", "two"} <= {each["metadata"]["name"] for each in simulated.api.list("v1", "ConfigMap", space)}


def test_a_deployment_is_rolled_out_on_the_nodes(simulated: Simulated, space: str) -> None:
    simulated.apply_or_fail([make.deployment("web", space, 5)])
    eventually(simulated, lambda: not list(checks.unfinished(simulated.api)))
    assert {pod["spec"]["nodeName"] for pod in pods(simulated, space)} == {"node-1", "node-2", "node-3"}


def test_a_pod_that_fits_nowhere_is_pending_and_says_why(simulated: Simulated, space: str) -> None:
    simulated.apply_or_fail([make.deployment("big", space, 1, resources={"requests": {"cpu": "9"}})])
    eventually(simulated, lambda: "Insufficient cpu" in " ".join(checks.unscheduled(pods(simulated, space))))


def test_a_quota_holds(simulated: Simulated, space: str) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": make.meta("plan", space),
        "spec": {"hard": {"requests.cpu": "250m"}},
    }
    simulated.apply_or_fail([quota])
    eventually(simulated, lambda: simulated.api.list("v1", "ResourceQuota", space)[0].get("status", {}) != {})
    simulated.apply_or_fail([make.deployment("web", space, 3)])
    eventually(simulated, lambda: any("exceeded quota" in line for line in checks.complaints(simulated.api)))
    assert len(pods(simulated, space)) == 2


def test_a_disruption_budget_holds_back_an_eviction_but_not_a_drain(simulated: Simulated, space: str) -> None:
    simulated.apply_or_fail([make.deployment("web", space, 4), make.budget("web", space, app="web")])
    eventually(
        simulated,
        lambda: (
            simulated.api.list("policy/v1", "PodDisruptionBudget", space)[0]["status"].get("disruptionsAllowed") == 1
        ),
    )
    assert checks.drain(simulated.api, "node-1") == ()
    eventually(simulated, lambda: not list(checks.unfinished(simulated.api)))
    assert "node-1" not in {pod["spec"]["nodeName"] for pod in pods(simulated, space)}


def test_a_budget_that_allows_nothing_keeps_a_node_from_being_drained(simulated: Simulated, space: str) -> None:
    budget = make.budget("web", space, app="web")
    budget["spec"] = {"minAvailable": 1, "selector": budget["spec"]["selector"]}
    simulated.apply_or_fail([make.deployment("web", space, 1), budget])
    eventually(simulated, lambda: bool(pods(simulated, space)) and not list(checks.unfinished(simulated.api)))
    node = pods(simulated, space)[0]["spec"]["nodeName"]
    (left,) = checks.drain(simulated.api, node, limit_s=3)
    assert "would violate the pod's disruption budget" in left


def test_roles_are_enforced(simulated: Simulated, space: str) -> None:
    group = "rbac.authorization.k8s.io"
    role = {
        "apiVersion": f"{group}/v1",
        "kind": "Role",
        "metadata": make.meta("reader", space),
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
    }
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": make.meta("reader", space),
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "reader"},
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": space}],
    }
    who = f"system:serviceaccount:{space}:default"
    assert not simulated.api.allowed(who, "get", "pods", space)
    simulated.apply_or_fail([role, binding])
    eventually(simulated, lambda: simulated.api.allowed(who, "get", "pods", space))
    assert not simulated.api.allowed(who, "delete", "pods", space)
    assert not simulated.api.allowed(who, "get", "pods", "default")


def test_what_pods_and_services_name_must_be_there(simulated: Simulated, space: str) -> None:
    environment = [
        {"name": "A", "valueFrom": {"secretKeyRef": {"name": "nowhere", "key": "a"}}},
        {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "typo"}}},
    ]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": make.meta("web", space),
        "spec": {"selector": {"app": "wep"}, "ports": [{"port": 80}]},
    }
    simulated.apply_or_fail(
        [make.config_map("settings", space, right="1"), service, make.deployment("web", space, 1, env=environment)]
    )
    eventually(simulated, lambda: bool(pods(simulated, space)))
    found = "\n".join(line for line in references.missing(simulated.api) if space in line)
    assert "there is no Secret nowhere" in found
    assert "the ConfigMap settings has no key typo (it has right)" in found
    assert "selects no pod" in found


class TestDoris:
    """What stands in for doris-operator."""

    def test_a_cluster_comes_up_with_its_claims_where_its_pods_are(self, simulated: Simulated, space: str) -> None:
        simulated.apply_or_fail([make.doris("dw", space)])
        eventually(simulated, lambda: self.phases(simulated, space) == {"available"})
        found = pods(simulated, space)
        assert {pod["metadata"]["name"] for pod in found} == {
            f"dw-{part}-{i}" for part in ("fe", "be") for i in range(3)
        }
        assert {pod["metadata"]["annotations"][MARK] for pod in found} == {"doris-operator"}
        for part in ("fe", "be"):
            assert not list(checks.together(found, {"app.doris.ownerreference/name": f"dw-{part}"}))
        assert not list(checks.unbound(simulated.api.list("v1", "PersistentVolumeClaim", space)))
        sums = checks.claimed(simulated.api)
        assert {node: size for (node, name), size in sums.items() if name == make.CLASS} == {
            f"node-{number}": 2 * 10 * 1024**3 for number in (1, 2, 3)
        }

    def phases(self, simulated: Simulated, space: str) -> set[str]:
        (cluster,) = simulated.api.list("doris.selectdb.com/v1", "DorisCluster", space)
        status = cluster.get("status", {})
        return {status.get(f"{part}Status", {}).get("componentCondition", {}).get("phase") for part in ("fe", "be")}

    def test_a_misspelt_field_is_refused(self, simulated: Simulated, space: str) -> None:
        (refused,) = simulated.apply([make.doris("dw", space, skipDefaultSystemInnit=True)], dry_run=True).refused
        assert "skipDefaultSystemInnit: field not declared in schema" in refused

    def test_a_misspelt_field_deep_within_is_refused(self, simulated: Simulated, space: str) -> None:
        wrong = make.doris("dw", space, affinity={"podAntiAfinity": {}})
        (refused,) = simulated.apply([wrong], dry_run=True).refused
        assert "podAntiAfinity: field not declared in schema" in refused

    def test_the_privileged_default_is_refused_by_pod_security(self, simulated: Simulated, space: str) -> None:
        simulated.apply_or_fail([make.doris("dw", space, skipDefaultSystemInit=False)])
        eventually(simulated, lambda: any("default-init" in line for line in checks.complaints(simulated.api)))
        assert not pods(simulated, space, **{"app.kubernetes.io/component": "be"})

    def test_fewer_frontends_are_not_made_without_sql_and_fewer_backends_are(
        self, simulated: Simulated, space: str
    ) -> None:
        simulated.apply_or_fail([make.doris("dw", space)])
        eventually(simulated, lambda: self.phases(simulated, space) == {"available"})
        simulated.apply_or_fail([make.doris("dw", space, frontends=1, backends=2)])
        eventually(simulated, lambda: len(pods(simulated, space)) == 5)
        assert len(pods(simulated, space, **{"app.kubernetes.io/component": "fe"})) == 3

    def test_a_configuration_that_is_not_there_is_complained_of(self, simulated: Simulated, space: str) -> None:
        simulated.apply_or_fail([make.doris("dw", space, configMapInfo={"configMapName": "be-conf"})])
        wanted = "the ConfigMap be-conf does not exist"
        eventually(simulated, lambda: any(wanted in line for line in checks.complaints(simulated.api)))


def test_a_database_survives_the_drain_of_its_primarys_node(simulated: Simulated, space: str) -> None:
    spec = {"instances": 2, "storage": {"size": "1Gi", "storageClass": make.CLASS}}
    meta = make.meta("meta", space)
    simulated.apply_or_fail(
        [{"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": meta, "spec": spec}]
    )
    eventually(
        simulated,
        lambda: (
            simulated.api.list("postgresql.cnpg.io/v1", "Cluster", space)[0].get("status", {}).get("readyInstances")
            == 2
        ),
    )
    (primary,) = pods(simulated, space, **{"cnpg.io/instanceRole": "primary"})
    assert checks.drain(simulated.api, primary["spec"]["nodeName"], limit_s=30) == ()
    (now,) = pods(simulated, space, **{"cnpg.io/instanceRole": "primary"})
    assert now["spec"]["nodeName"] != primary["spec"]["nodeName"]


def test_a_certificate_gets_its_secret(simulated: Simulated, space: str) -> None:
    spec = {"secretName": "tls", "dnsNames": ["a.example"], "issuerRef": {"name": "ca"}}
    wanted = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": make.meta("c", space),
        "spec": spec,
    }
    simulated.apply_or_fail([wanted])
    eventually(simulated, lambda: simulated.api.get("v1", "Secret", "tls", space) is not None)
