"""What cannot become a cluster, or must not be touched, is refused with the fix."""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import Any

import pytest

from nereus.paths import PROJECT

TOKENS = {"server": "a" * 32, "agent": "b" * 32}
DIGEST = "0" * 64
Given = dict[str, Any]


@pytest.fixture(scope="module")
def k3s() -> ModuleType:
    path = PROJECT / "infra/ansible/plugins/filter/k3s.py"
    spec = importlib.util.spec_from_file_location("k3s_filters", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cluster(**changed: object) -> Given:
    names = ["n1", "n2", "n3", "n4"]
    whole = {"servers": names[:3], "agents": names[3:], "addresses": {name: f"192.0.2.{name[1]}" for name in names}}
    return {**whole, "tokens": TOKENS, **changed}


def node(**changed: object) -> Given:
    whole = {"name": "n1", "server": True, "architecture": "x86_64", "installed": "", "wanted": "v1.2.3+k3s1"}
    return {**whole, "units": [], "state": False, **changed}


def file(name: str = "k3s/k3s", sha256: str | None = DIGEST, **stat: object) -> Given:
    return {"item": {"file": name, "sha256": sha256, "url": "https://releases.invalid/k3s"}, "stat": stat}


def test_a_whole_cluster_is_accepted(k3s: ModuleType) -> None:
    assert k3s.cluster_problems(cluster()) == []
    assert k3s.cluster_problems(cluster(servers=["n1"], agents=["n2", "n3", "n4"])) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"servers": []}, "k3s_servers has no machine; expected 1 or 3"),
        ({"servers": ["n1", "n2"]}, "k3s_servers has 2 machines; expected 1 or 3"),
        ({"servers": ["n1", "n2", "n3", "n5", "n6"]}, "Move 2 to k3s_agents"),
        ({"agents": ["n1"]}, "n1 is in k3s_servers and in k3s_agents"),
        ({"addresses": {"n1": "192.0.2.1", "n2": "192.0.2.1"}}, "n2 and n1 have one address, 192.0.2.1"),
        ({"addresses": {"n1": ""}}, "n1 has no address in the cluster. Give it ansible_host"),
        ({"tokens": {"server": "", "agent": "b" * 32}}, "k3s_server_token is not set"),
        ({"tokens": {"server": "short", "agent": "b" * 32}}, "k3s_server_token has 5 characters; expected 16 or more"),
        ({"tokens": {"server": "a" * 20 + " x", "agent": "b" * 32}}, "characters other than letters"),
        ({"tokens": {"server": "a" * 32, "agent": "a" * 32}}, "k3s_server_token and k3s_agent_token are one"),
    ],
)
def test_an_inventory_that_is_no_cluster_is_refused(k3s: ModuleType, changed: Given, said: str) -> None:
    [problem] = k3s.cluster_problems(cluster(**changed))
    assert said in problem


def test_no_token_is_ever_said(k3s: ModuleType) -> None:
    secret = "hunter2 hunter2 hunter2"
    assert not [
        one for one in k3s.cluster_problems(cluster(tokens={"server": secret, "agent": secret})) if secret in one
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"architecture": "aarch64"}, "n1 is aarch64; the pinned files are for x86_64"),
        ({"units": ["k3s-agent.service"]}, "n1 is to be a server and runs k3s-agent.service"),
        ({"server": False, "units": ["k3s.service"]}, "n1 is to be an agent and runs k3s.service"),
        ({"state": True}, "an installation was half removed"),
        ({"units": ["k3s.service"], "installed": "v1.1.9+k3s1"}, "n1 has k3s v1.1.9+k3s1; v1.2.3+k3s1 is wanted"),
    ],
)
def test_a_node_with_something_else_on_it_is_refused(k3s: ModuleType, changed: Given, said: str) -> None:
    [problem] = k3s.node_problems(node(**changed))
    assert said in problem


def test_an_installation_that_was_cut_off_is_gone_on_with(k3s: ModuleType) -> None:
    assert k3s.node_problems(node(installed="v1.1.9+k3s1")) == []
    assert k3s.node_problems(node(installed="v1.2.3+k3s1", units=["k3s.service"], state=True)) == []


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (
            file(exists=False),
            f"k3s/k3s is missing; expected SHA-256 {DIGEST}. Get it with `make bundle`, or from https://",
        ),
        (file(exists=True, checksum="1" * 64), f"has SHA-256 {'1' * 64}; expected {DIGEST}. Delete it."),
        (file(exists=True, isdir=True), "has SHA-256 none: it is not a file"),
        (file(sha256=None, exists=True, checksum=DIGEST), "has no checksum in versions.yaml: it is refused"),
    ],
)
def test_a_file_of_the_bundle_is_refused(k3s: ModuleType, seen: Given, said: str) -> None:
    [problem] = k3s.bundle_problems([file(exists=True, checksum=DIGEST), seen])
    assert said in problem


@pytest.mark.parametrize(
    ("installed", "wanted", "said"),
    [
        ("v1.25.4+k3s1", "v1.27.0+k3s1", "skips a minor. Upgrade to the last v1.26 first"),
        ("v1.25.4+k3s1", "v2.0.0+k3s1", "skips a minor"),
        ("v1.25.4+k3s1", "v1.25.2+k3s1", "is older than v1.25.4+k3s1"),
        ("v1.25.4+k3s1", "1.26", "is no name of a k3s release"),
        ("v1.25.4", "v1.26.0+k3s1", "no release that this playbook knows"),
    ],
)
def test_an_upgrade_is_refused(k3s: ModuleType, installed: str, wanted: str, said: str) -> None:
    [problem] = k3s.release_problems(installed, wanted)
    assert said in problem


@pytest.mark.parametrize("wanted", ["v1.25.4+k3s1", "v1.25.9+k3s2", "v1.26.0+k3s1"])
def test_the_next_release_is_no_problem(k3s: ModuleType, wanted: str) -> None:
    assert k3s.release_problems("v1.25.4+k3s1", wanted) == []


def test_a_node_that_is_not_ready_stops_an_upgrade_but_not_its_repetition(k3s: ModuleType) -> None:
    broken = {
        "metadata": {"annotations": {}},
        "status": {"nodeInfo": {"kubeletVersion": "v1.2.3+k3s1"}, "conditions": [{"type": "Ready", "status": "False"}]},
    }
    assert ["not ready" in one for one in k3s.upgrade_problems(broken, "v1.2.4+k3s1")] == [True]
    broken["metadata"]["annotations"][k3s.UPGRADING] = "v1.2.4+k3s1"  # type: ignore[index]
    assert k3s.upgrade_problems(broken, "v1.2.4+k3s1") == []
    assert k3s.upgrade_problems({}, "v1.2.4+k3s1") == [
        "it is no node of the cluster. Install it first: playbooks/site.yml"
    ]


def test_a_restore_wants_a_snapshot_and_consent(k3s: ModuleType) -> None:
    whole = {"path": "/b/one", "stat": {"exists": True, "size": 9}, "consent": "n1", "first": "n1"}
    assert k3s.restore_problems(whole) == []
    for changed, said in (
        ({"path": ""}, "k3s_restore_snapshot is not set"),
        ({"stat": {"exists": False}}, "is no file here"),
        ({"stat": {"exists": True, "size": 0}}, "is empty"),
        ({"consent": "yes"}, "k3s_restore_consent is 'yes'; expected 'n1'"),
    ):
        [problem] = k3s.restore_problems({**whole, **changed})
        assert said in problem


def test_registries_and_backups_that_k3s_would_not_understand(k3s: ModuleType) -> None:
    assert (
        k3s.registry_problems({"docker.io": {"endpoint": ["https://mirror.invalid:5000"]}}, {"mirror.invalid": {}})
        == []
    )
    assert "expected an address" in k3s.registry_problems({"docker.io": {"endpoint": ["mirror.invalid"]}}, {})[0]
    assert "expected a list" in k3s.registry_problems({"docker.io": {"endpoint": "https://mirror.invalid"}}, {})[0]
    assert "the host alone" in k3s.registry_problems({}, {"https://mirror.invalid": {}})[0]
    store = {"endpoint": "s3.invalid:9000", "bucket": "etcd", "access_key": "a", "secret_key": "b"}
    whole = {"schedule": "0 */6 * * *", "kept": 20, "s3": store}
    assert k3s.backup_problems(whole) == []
    assert "five fields of cron" in k3s.backup_problems({**whole, "schedule": "daily"})[0]
    assert "expected 1 or more" in k3s.backup_problems({**whole, "kept": 0})[0]
    assert "lacks bucket, secret_key" in k3s.backup_problems({**whole, "s3": {"endpoint": "s", "access_key": "a"}})[0]
    assert "expected host:port" in k3s.backup_problems({**whole, "s3": {**store, "endpoint": "http://s3.invalid"}})[0]


def test_an_object_store_becomes_k3s_options(k3s: ModuleType) -> None:
    assert k3s.s3_options({}) == {}
    given = {"endpoint": "s3.invalid:9000", "bucket": "etcd", "access_key": "a", "secret_key": "b", "folder": None}
    assert k3s.s3_options(given) == {
        "etcd-s3": True,
        "etcd-s3-endpoint": "s3.invalid:9000",
        "etcd-s3-bucket": "etcd",
        "etcd-s3-access-key": "a",
        "etcd-s3-secret-key": "b",
    }
