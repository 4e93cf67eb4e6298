"""Broken manifests, tables and plans: each is refused before anything is applied, with the object and the fix."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nereus.errors import BadInput
from nereus.kubernetes import catalogue, checks
from nereus.kubernetes.render import Rendered
from nereus.kubernetes.render.network import Network
from tests.unit.kubernetes.conftest import HOSTS, edited, rendered

Object = dict[str, Any]
Objects = list[Object]


def one(objects: Objects, kind: str, name: str) -> Object:
    found = [each for each in objects if each["kind"] == kind and each["metadata"]["name"] == name]
    assert len(found) == 1, f"{len(found)} {kind} {name}"
    return found[0]


def doris(objects: Objects) -> Object:
    spec: Object = one(objects, "DorisCluster", "warehouse")["spec"]
    return spec


def portal(objects: Objects) -> Object:
    spec: Object = one(objects, "Deployment", "portal")["spec"]
    return spec


def container(objects: Objects) -> Object:
    found: Object = portal(objects)["template"]["spec"]["containers"][0]
    return found


def data_claim(objects: Objects) -> Object:
    volume = next(each for each in doris(objects)["beSpec"]["persistentVolumes"] if each["name"] == "data")
    claim: Object = volume["persistentVolumeClaimSpec"]
    return claim


def be_conf(objects: Objects, old: str, new: str) -> None:
    data = one(objects, "ConfigMap", "doris-be")["data"]
    assert old in data["be.conf"]
    data["be.conf"] = data["be.conf"].replace(old, new)


def fe_conf(objects: Objects, old: str, new: str) -> None:
    data = one(objects, "ConfigMap", "doris-fe")["data"]
    assert old in data["fe.conf"]
    data["fe.conf"] = data["fe.conf"].replace(old, new)


def renamed(section: Object, old: str, new: str) -> None:
    section[new] = section.pop(old)


def policy(objects: Objects, name: str) -> Object:
    spec: Object = one(objects, "NetworkPolicy", name)["spec"]
    return spec


def second_ingress(objects: Objects) -> None:
    other = copy.deepcopy(one(objects, "Ingress", "portal"))
    other["metadata"]["name"] = "other"
    objects.append(other)


#: what is broken -> how, and what the refusal says.
MANIFESTS: dict[str, tuple[Callable[[Objects], object], str]] = {
    "typo in the DorisCluster": (
        lambda all: renamed(doris(all)["feSpec"], "electionNumber", "electionNumbr"),
        "spec.feSpec.electionNumbr is no field of it.\n  Did you mean electionNumber?",
    ),
    "typo in a Deployment": (lambda all: renamed(portal(all), "replicas", "replicaz"), "Did you mean replicas?"),
    "text where a number belongs": (lambda all: portal(all).update(replicas="two"), "is 'two'; expected integer"),
    "volume smaller than the data": (
        lambda all: data_claim(all)["resources"]["requests"].update(storage="10Gi"),
        "Write ${volumes.doris-be.data}",
    ),
    "no volume for metadata": (
        lambda all: doris(all)["feSpec"].update(persistentVolumes=[]),
        "nothing is mounted at /opt/apache-doris/fe/doris-meta",
    ),
    "even number of followers": (
        lambda all: doris(all)["feSpec"].update(electionNumber=2),
        "2 followers cannot outvote each other",
    ),
    "fewer backends than copies": (lambda all: doris(all)["beSpec"].update(replicas=2), "cannot hold 3 copies"),
    "more replicas than machines": (
        lambda all: doris(all)["beSpec"].update(replicas=4),
        "4 replicas that exclude each other on 3 machines",
    ),
    "privileged init container": (
        lambda all: doris(all)["beSpec"].pop("skipDefaultSystemInit"),
        "Write skipDefaultSystemInit: true",
    ),
    "backends may share a machine": (
        lambda all: doris(all)["beSpec"].update(affinity={}),
        "nothing keeps two of them off one machine",
    ),
    "no fully qualified names": (
        lambda all: fe_conf(all, "enable_fqdn_mode = true", "enable_fqdn_mode = false"),
        "enable_fqdn_mode is 'false'",
    ),
    "root without a password": (
        lambda all: fe_conf(all, "initial_root_password", "# initial_root_password"),
        "initial_root_password is 'missing'",
    ),
    "memory limit above the container's": (
        lambda all: be_conf(all, "mem_limit = ", "mem_limit = 9"),
        "it would be killed",
    ),
    "file cache switched off": (
        lambda all: be_conf(all, "enable_file_cache = true", "enable_file_cache = false"),
        "would go to the object store",
    ),
    "port nobody declared": (lambda all: be_conf(all, "be_port = 9060", "be_port = 9061"), "9061"),
    "two ingresses with one host": (second_ingress, "is Ingress nereus-portal/portal's already"),
    "host without a certificate": (
        lambda all: one(all, "Ingress", "portal")["spec"].update(tls=[]),
        "has no certificate",
    ),
    "ingress to a Service that is not there": (
        lambda all: one(all, "Service", "portal")["metadata"].update(name="portall"),
        "there is no Service portal in nereus-portal.\n  Did you mean portall?",
    ),
    "Service that selects nothing": (
        lambda all: one(all, "Service", "portal")["spec"].update(selector={"app": "portal"}),
        "it selects no pod",
    ),
    "secret missing": (
        lambda all: portal(all)["template"]["spec"]["volumes"][1].update(secret={"secretName": "portl"}),
        "there is no Secret portl in nereus-portal.\n  Did you mean portal?",
    ),
    "key of a secret misspelt": (
        lambda all: container(all)["env"].append(
            {"name": "X", "valueFrom": {"secretKeyRef": {"name": "portal", "key": "nothing"}}}
        ),
        "the Secret portal has no key nothing",
    ),
    "image not in the bundle": (
        lambda all: container(all).update(image="docker.io/library/nginx:1.29"),
        "it would not be in the bundle",
    ),
    "latest image": (lambda all: container(all).update(image="nginx:latest"), "has no fixed version"),
    "no memory limit": (lambda all: container(all)["resources"]["limits"].pop("memory"), "no limits.memory"),
    "asks for more than the plan": (
        lambda all: container(all)["resources"]["requests"].update(cpu="3"),
        "it asks for 3000m cores",
    ),
    "runs as root": (
        lambda all: portal(all)["template"]["spec"]["securityContext"].update(runAsUser=0, runAsNonRoot=False),
        "it may run as root",
    ),
    "hostPath": (
        lambda all: portal(all)["template"]["spec"]["volumes"].append({"name": "h", "hostPath": {"path": "/etc"}}),
        "volume h is a hostPath in a restricted namespace",
    ),
    "wildcard in a role": (
        lambda all: one(all, "ClusterRole", "nereus-operator")["rules"][0].update(verbs=["*"]),
        "verbs has a wildcard",
    ),
    "binding of cluster-admin": (
        lambda all: one(all, "ClusterRoleBinding", "nereus-local-path-provisioner")["roleRef"].update(
            name="cluster-admin"
        ),
        "it binds cluster-admin",
    ),
    "budget that lets no pod go": (
        lambda all: one(all, "PodDisruptionBudget", "doris-be")["spec"].update(maxUnavailable=0),
        "no machine could ever be emptied",
    ),
    "pod without an entry": (
        lambda all: portal(all)["template"]["metadata"]["labels"].update({"nereus/component": "portall"}),
        "components.yaml has no such entry.\n  Did you mean portal?",
    ),
    "priority class that is not there": (
        lambda all: portal(all)["template"]["spec"].update(priorityClassName="nereus-service"),
        "there is no PriorityClass nereus-service in the cluster.\n  Did you mean nereus-services?",
    ),
    "declared flow blocked": (
        lambda all: policy(all, "superset-cache").update(ingress=[]),
        "flows.yaml declares superset-web to superset-cache:6379; the policies block it",
    ),
    "flow open that nobody declared": (
        lambda all: (policy(all, "superset-db")["ingress"].append({}), policy(all, "portal")["egress"].append({})),
        "the policies let portal reach superset-db:5432; flows.yaml does not declare it",
    ),
    "namespace open by default": (
        lambda all: all.remove(
            next(
                each
                for each in all
                if each["metadata"]["name"] == "default-deny" and each["metadata"]["namespace"] == "nereus-portal"
            )
        ),
        "no NetworkPolicy denies everything by default",
    ),
    "the same object twice": (
        lambda all: all.append(copy.deepcopy(one(all, "Service", "portal"))),
        "it stands there 2 times",
    ),
    "object without a namespace": (
        lambda all: one(all, "Service", "portal")["metadata"].pop("namespace"),
        "it names no namespace",
    ),
}


@pytest.mark.parametrize("what", MANIFESTS)
def test_a_broken_manifest_is_refused_with_the_fix(platforms: dict[str, Rendered], what: str) -> None:
    found, (break_it, said) = platforms["three"], MANIFESTS[what]
    objects = copy.deepcopy(list(found.objects or ()))
    break_it(objects)
    network = Network(found.catalogue, found.there, {})
    refusals = [str(each) for each in checks.faults(objects, found.catalogue, found.sized, network)]
    assert any(said in each for each in refusals), "\n".join(refusals)
    assert all("\n  " in each and each.endswith((".", "?")) for each in refusals)


#: what is broken -> file, text, its replacement, and what the refusal says.
TABLES = {
    "flow to an unknown component": (
        "flows.yaml",
        "to: superset-cache, ports: [valkey], why: cached",
        "to: superset-cach, ports: [valkey], why: cached",
        "Did you mean superset-cache?",
    ),
    "flow to a port that is not served": ("flows.yaml", "ports: [valkey]", "ports: [redis]", "has no port 'redis'"),
    "exception without a reason": (
        "namespaces.yaml",
        "  reason: its chart",
        "  # reason: its chart",
        "nereus-doris-operator is baseline without a reason",
    ),
    "secret nobody makes": ("secrets.yaml", "secret: warehouse-admin", "secret: warehouse-adm", "warehouse-admin?"),
    "component in no namespace": (
        "components.yaml",
        "  namespace: nereus-portal",
        "  namespace: nereus-port",
        "Did you mean nereus-portal?",
    ),
    "line that is no YAML": ("flows.yaml", "- {from: doris-fe", "- {from: [doris-fe", "is no YAML"),
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copied = tmp_path_factory.mktemp("source") / "k8s"
    shutil.copytree(catalogue.SOURCE, copied, ignore=shutil.ignore_patterns("sim"))
    return copied


@pytest.mark.parametrize("what", TABLES)
def test_a_broken_table_is_refused_with_the_fix(source: Path, what: str) -> None:
    file, old, new, said = TABLES[what]
    with edited(source / file, old, new), pytest.raises(BadInput) as refused:
        catalogue.read(source)
    assert said in str(refused.value)


def test_a_value_that_does_not_exist_is_refused_with_the_nearest(source: Path, tmp_path: Path) -> None:
    with (
        edited(source / "apps/portal/base/portal.yaml", "${resources.portal}", "${resources.portl}"),
        pytest.raises(BadInput, match=r"line \d+ asks for \$\{resources.portl\}(.|\n)*\$\{resources.portal\}\?"),
    ):
        rendered(
            tmp_path, HOSTS + "data: {raw_tb: 0.1, replicas: 1}\nmachines: {cores: 32, memory_gb: 256}\n", source=source
        )


#: what is wrong with the plan -> platform.yaml, and what the refusal says.
PLANS = {
    "too few cores": (
        "data: {raw_tb: 1}\nmachines: {nodes: 3, cores: 12, memory_gb: 128, nvme_tb: 4, hdd_tb: 16}\n",
        "not enough cpu",
    ),
    "too little memory": (
        "data: {raw_tb: 1}\nmachines: {nodes: 3, cores: 32, memory_gb: 64, nvme_tb: 4, hdd_tb: 16}\n",
        "not enough memory",
    ),
    "too small a hot disk": (
        "data: {raw_tb: 30}\nmachines: {nodes: 3, cores: 512, memory_gb: 4096, nvme_tb: 2, hdd_tb: 500}\n",
        "not enough hot disk",
    ),
    "too small a cold disk": (
        "data: {raw_tb: 30}\nmachines: {nodes: 3, cores: 512, memory_gb: 4096, nvme_tb: 100, hdd_tb: 2}\n",
        "not enough cold disk",
    ),
    "two machines for three frontends": (
        "data: {raw_tb: 0.1, replicas: 3}\nmachines: {nodes: 2, cores: 32, memory_gb: 256}\n",
        "data.replicas",
    ),
}


@pytest.mark.parametrize("what", PLANS)
def test_a_plan_that_does_not_fit_is_refused_with_the_fix(tmp_path: Path, what: str) -> None:
    declared, said = PLANS[what]
    with pytest.raises(BadInput) as refused:
        rendered(tmp_path, HOSTS + declared)
    assert said in str(refused.value)
    assert refused.value.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_there_are_enough_of_them() -> None:
    assert len(MANIFESTS) >= 30
    assert {
        *("typo in the DorisCluster", "volume smaller than the data", "two ingresses with one host", "secret missing"),
        *("image not in the bundle", "more replicas than machines"),
    } <= MANIFESTS.keys()
