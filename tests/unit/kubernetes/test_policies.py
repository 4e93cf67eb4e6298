"""What holds for every object of every rendered platform, said once more from outside the checks that render makes."""

from __future__ import annotations

import re

import pytest

from nereus.kubernetes.checks.objects import Pods, pods
from nereus.kubernetes.checks.schemas import schema_of
from nereus.kubernetes.render import Rendered
from tests.unit.kubernetes.conftest import DECLARED

NAMES = list(DECLARED)
#: Kinds whose definitions come with their controllers; CI validates them on the simulated cluster's API server.
CUSTOM = {"Certificate", "ClusterIssuer", "Cluster", "ServiceMonitor", "PodMonitor", "PrometheusRule", "Probe"}


def workloads(found: Rendered) -> list[Pods]:
    return list(pods(found.objects or (), found.catalogue))


@pytest.mark.parametrize("name", NAMES)
def test_no_image_is_latest_and_each_is_pinned_in_one_place(platforms: dict[str, Rendered], name: str) -> None:
    pinned = set(platforms[name].catalogue.images.values())
    used = {container["image"] for each in workloads(platforms[name]) for container in each.containers()}
    assert used <= pinned
    assert all(re.search(r":[^/]*\d", image) and not image.endswith(":latest") for image in pinned)


@pytest.mark.parametrize("name", NAMES)
def test_every_container_has_requests_and_limits(platforms: dict[str, Rendered], name: str) -> None:
    lacking = [
        (each.where, container["name"], kind, what)
        for each in workloads(platforms[name])
        for container in each.containers()
        for kind in ("requests", "limits")
        for what in ("cpu", "memory")
        if what not in container.get("resources", {}).get(kind, {})
    ]
    assert lacking == []


@pytest.mark.parametrize("name", NAMES)
def test_no_role_has_a_wildcard(platforms: dict[str, Rendered], name: str) -> None:
    roles = [one for one in platforms[name].objects or () if one["kind"] in {"Role", "ClusterRole"}]
    assert roles
    assert not [one["metadata"]["name"] for one in roles if "*" in str(one["rules"])]


@pytest.mark.parametrize("name", NAMES)
def test_each_namespace_enforces_pod_security_and_says_why_where_it_is_not_restricted(
    platforms: dict[str, Rendered], name: str
) -> None:
    for one in platforms[name].objects or ():
        if one["kind"] == "Namespace":
            level = one["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
            assert level == "restricted" or one["metadata"]["annotations"]["nereus/pod-security-reason"]


@pytest.mark.parametrize("name", NAMES)
def test_requests_fit_the_planned_machines_with_the_headroom_of_the_plan(
    platforms: dict[str, Rendered], name: str
) -> None:
    """The plan gives services a share of cores and memory; what they ask for while idle stays within it."""
    found = platforms[name]
    services = [
        one for name, one in found.sized.demands.items() if not name.startswith(("doris-", "jupyterhub-notebook"))
    ]
    # 6 cores and 12 GB: what the plan adds for services in the typical case; DaemonSets grow with the machines.
    cpu = sum(one.cpu_request * one.replicas for one in services) / 1000
    memory = sum(one.memory_request * one.replicas for one in services) / 1e9
    assert cpu <= 6
    assert memory <= 12 + found.sized.nodes * 0.2
    assert found.schedule.pending == ()


@pytest.mark.parametrize("name", NAMES)
def test_every_builtin_kind_was_validated(platforms: dict[str, Rendered], name: str) -> None:
    without = {one["kind"] for one in platforms[name].objects or () if schema_of(one) is None}
    assert without <= CUSTOM


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_stands_in_what_is_rendered(platforms: dict[str, Rendered], name: str) -> None:
    found = platforms[name]
    passwords = [path.read_text().strip() for path in (found.out.parent / "home" / "secrets").iterdir()]
    text = "".join(path.read_text("utf-8") for path in found.out.rglob("*") if path.suffix in {".yaml", ".conf"})
    assert not [password for password in passwords if len(password) > 8 and password in text]
    assert not [one for one in found.objects or () if one["kind"] == "Secret"]


def test_what_a_cluster_has_already_is_used_and_not_installed(platforms: dict[str, Rendered]) -> None:
    found = platforms["existing"]
    charts = {chart["name"] for step in found.steps for chart in step.get("charts", ())}
    assert charts == {"doris-operator", "cloudnative-pg", "jupyterhub"}
    objects = found.objects or ()
    kinds = {one["kind"] for one in objects}
    assert kinds.isdisjoint({"StorageClass", "ClusterIssuer"})
    assert {one["spec"]["ingressClassName"] for one in objects if one["kind"] == "Ingress"} == {"nginx"}
    doris = next(one for one in objects if one["kind"] == "DorisCluster")
    claims = [each["persistentVolumeClaimSpec"] for each in doris["spec"]["beSpec"]["persistentVolumes"]]
    assert {claim["storageClassName"] for claim in claims} == {"fast"}
    assert "pool" in str(doris["spec"]["beSpec"]["affinity"]["nodeAffinity"])
    text = str([one for one in objects if one["kind"] == "NetworkPolicy"])
    assert "10.0.3.0/24" in text
    assert "ingress-nginx" in text
    assert "observability" in text
