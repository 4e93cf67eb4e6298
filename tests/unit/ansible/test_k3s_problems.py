"""What cannot become a cluster, or must not be touched, is refused with the fix."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pytest

from nereus.paths import PROJECT

TOKENS = {"server": "a" * 32, "agent": "b" * 32}
DIGEST, OTHER = "0" * 64, "1" * 64
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


#: name -> (the inventory, what is said of it)
CLUSTERS: Mapping[str, tuple[Given, str]] = {
    "no_server": (
        cluster(servers=[]),
        "the group k3s_servers has no machine; expected 1 or 3. Put machines into it.",
    ),
    "even_number_of_servers": (
        cluster(servers=["n1", "n2"]),
        "the group k3s_servers has 2 machines; expected 1 or 3, since the servers vote and an even "
        "number survives no more losses. Move 1 to k3s_agents, or add servers.",
    ),
    "too_many_servers": (
        cluster(servers=["n1", "n2", "n3", "n5", "n6"]),
        "the group k3s_servers has 5 machines; expected 1 or 3, since the servers vote and an even "
        "number survives no more losses. Move 2 to k3s_agents, or add servers.",
    ),
    "server_and_agent": (
        cluster(agents=["n1"]),
        "n1 is in k3s_servers and in k3s_agents; a server works as well. Remove it from k3s_agents.",
    ),
    "two_nodes_one_address": (
        cluster(addresses={"n1": "192.0.2.1", "n2": "192.0.2.1"}),
        "n2 and n1 have one address, 192.0.2.1. Each node needs its own.",
    ),
    "node_without_address": (
        cluster(addresses={"n1": ""}),
        "n1 has no address in the cluster. Give it ansible_host, k3s_server_node_ip or k3s_agent_node_ip.",
    ),
    "no_token": (
        cluster(tokens={"server": "", "agent": "b" * 32}),
        "k3s_server_token is not set; expected a secret. Set it, sealed, or let `make provision` generate it.",
    ),
    "short_token": (
        cluster(tokens={"server": "short", "agent": "b" * 32}),
        "k3s_server_token has 5 characters; expected 16 or more. Take a longer one.",
    ),
    "token_with_a_space": (
        cluster(tokens={"server": "a" * 20 + " x", "agent": "b" * 32}),
        "k3s_server_token has characters other than letters, digits, hyphens and underscores. Take another.",
    ),
    "one_token_for_both": (
        cluster(tokens={"server": "a" * 32, "agent": "a" * 32}),
        "k3s_server_token and k3s_agent_token are one; whoever holds an agent could then add servers. Take two.",
    ),
}


@pytest.mark.parametrize("name", CLUSTERS)
def test_an_inventory_that_is_no_cluster_is_refused(k3s: ModuleType, name: str) -> None:
    given, said = CLUSTERS[name]
    assert k3s.cluster_problems(given) == [said]


def test_no_token_is_ever_said(k3s: ModuleType) -> None:
    secret = "hunter2 hunter2 hunter2"
    assert not [
        one for one in k3s.cluster_problems(cluster(tokens={"server": secret, "agent": secret})) if secret in one
    ]


#: name -> (what is on a node, what is said of it)
NODES: Mapping[str, tuple[Given, str]] = {
    "other_processor": (
        node(architecture="aarch64"),
        "n1 is aarch64; the pinned files are for x86_64. Use another machine.",
    ),
    "server_that_runs_an_agent": (
        node(units=["k3s-agent.service"]),
        "n1 is to be a server and runs k3s-agent.service: its part cannot be changed in place. If "
        "nothing on it is needed: ansible-playbook playbooks/reset.yml --limit n1",
    ),
    "agent_that_runs_a_server": (
        node(server=False, units=["k3s.service"]),
        "n1 is to be an agent and runs k3s.service: its part cannot be changed in place. If nothing on "
        "it is needed: ansible-playbook playbooks/reset.yml --limit n1",
    ),
    "half_finished_installation": (
        node(state=True),
        "n1 holds a cluster's state in /var/lib/rancher/k3s and has no k3s.service: an installation was "
        "half removed. If nothing on it is needed: ansible-playbook playbooks/reset.yml --limit n1",
    ),
    "another_release_installed": (
        node(units=["k3s.service"], installed="v1.1.9+k3s1"),
        "n1 has k3s v1.1.9+k3s1; v1.2.3+k3s1 is wanted. An installation never upgrades: ansible-playbook"
        " playbooks/upgrade.yml",
    ),
}


@pytest.mark.parametrize("name", NODES)
def test_a_node_with_something_else_on_it_is_refused(k3s: ModuleType, name: str) -> None:
    given, said = NODES[name]
    assert k3s.node_problems(given) == [said]


def test_an_installation_that_was_cut_off_is_gone_on_with(k3s: ModuleType) -> None:
    assert k3s.node_problems(node(installed="v1.1.9+k3s1")) == []
    assert k3s.node_problems(node(installed="v1.2.3+k3s1", units=["k3s.service"], state=True)) == []


#: name -> (a file of the bundle as it was seen, what is said of it)
FILES: Mapping[str, tuple[Given, str]] = {
    "file_missing": (
        file(exists=False),
        f"k3s/k3s is missing; expected SHA-256 {DIGEST}. Get it with `make bundle`, or from "
        "https://releases.invalid/k3s.",
    ),
    "wrong_checksum": (
        file(exists=True, checksum=OTHER),
        f"k3s/k3s has SHA-256 {OTHER}; expected {DIGEST}. Delete it. Get it with `make bundle`, or from "
        "https://releases.invalid/k3s.",
    ),
    "folder_for_a_file": (
        file(exists=True, isdir=True),
        f"k3s/k3s has SHA-256 none: it is not a file; expected {DIGEST}. Delete it. Get it with `make "
        "bundle`, or from https://releases.invalid/k3s.",
    ),
    "no_checksum_known": (
        file(sha256=None, exists=True, checksum=DIGEST),
        "k3s/k3s has no checksum in versions.yaml: it is refused. Get it with `make bundle`, or from "
        "https://releases.invalid/k3s; compare its SHA-256 with the one that its publisher lists and "
        "write that one into versions.yaml.",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_bundle_is_refused(k3s: ModuleType, name: str) -> None:
    seen, said = FILES[name]
    assert k3s.bundle_problems([file(exists=True, checksum=DIGEST), seen]) == [said]


#: name -> (the installed and the wanted release, what is said)
UPGRADES: Mapping[str, tuple[tuple[str, str], str]] = {
    "skips_a_minor": (
        ("v1.25.4+k3s1", "v1.27.0+k3s1"),
        "from v1.25.4+k3s1 to v1.27.0+k3s1 skips a minor. Upgrade to the last v1.26 first: write its "
        "version and checksums into versions.yaml, run `make bundle` and this playbook, then come back.",
    ),
    "skips_to_a_major": (
        ("v1.25.4+k3s1", "v2.0.0+k3s1"),
        "from v1.25.4+k3s1 to v2.0.0+k3s1 skips a minor. Upgrade to the last v1.26 first: write its "
        "version and checksums into versions.yaml, run `make bundle` and this playbook, then come back.",
    ),
    "goes_back": (
        ("v1.25.4+k3s1", "v1.25.2+k3s1"),
        "v1.25.2+k3s1 is older than v1.25.4+k3s1, which is installed. Restore a snapshot instead: "
        "playbooks/restore.yml",
    ),
    "no_release": (
        ("v1.25.4+k3s1", "1.26"),
        "the release '1.26' is no name of a k3s release; expected one like v1.2.3+k3s1.",
    ),
    "unknown_release_installed": (
        ("v1.25.4", "v1.26.0+k3s1"),
        "k3s 'v1.25.4' is installed, which is no release that this playbook knows. Upgrade it by hand.",
    ),
}


@pytest.mark.parametrize("name", UPGRADES)
def test_an_upgrade_is_refused(k3s: ModuleType, name: str) -> None:
    (installed, wanted), said = UPGRADES[name]
    assert k3s.release_problems(installed, wanted) == [said]


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
