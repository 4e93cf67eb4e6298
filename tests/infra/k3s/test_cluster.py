"""The life of a cluster, made by the playbooks: each test goes on from where the last one left it.

The k3s is a test artefact, an old snapshot: what is proved is the roles, not the release that users get.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.infra.k3s.artefact import build
from tests.infra.k3s.cluster import ALL, HERE, asks, pods, ready, start_pods, write, written
from tests.infra.k3s.conftest import AGENTS, OLD, SERVERS, Variables
from tests.infra.k3s.lab import Lab, until
from tests.infra.steps import step

pytestmark = pytest.mark.timeout(1200)


def test_there_is_no_way_out_and_who_looks_for_one_is_seen(lab: Lab) -> None:
    assert lab.inside("ip", "route", "get", "192.0.2.1").returncode != 0
    assert lab.on("n1", "curl", "--silent", "--max-time", "3", "https://192.0.2.1").returncode != 0
    assert "192.0.2.1 . tcp . 443" in lab.asked_outside()


def test_a_bundle_that_lacks_a_file_or_has_a_wrong_one_is_refused(
    lab: Lab, variables: Variables, tmp_path: Path
) -> None:
    release = variables[OLD]["k3s_artefacts_release"]
    folder = Path(shutil.copytree(variables[OLD]["k3s_artefacts_folder"], tmp_path / "bundle"))
    (folder / release["binary"]["file"]).unlink()
    with (folder / release["images"][0]["file"]).open("ab") as archive:
        archive.write(b"more")
    played = lab.play("k3s", lab.inventory(SERVERS, AGENTS, {**variables[OLD], "k3s_artefacts_folder": str(folder)}))
    assert played.code
    assert f"{release['binary']['file']} is missing; expected SHA-256 {release['binary']['sha256']}" in played.text
    assert f"expected {release['images'][0]['sha256']}. Delete it. Get it with `make bundle`" in played.text
    assert played.changed() == 0


def test_an_installation_that_was_half_removed_is_refused(lab: Lab, variables: Variables) -> None:
    lab.on("n2", "mkdir", "-p", "/var/lib/rancher/k3s/server/db")
    played = lab.play("k3s", lab.inventory(SERVERS, AGENTS, variables[OLD]))
    lab.on("n2", "rm", "-r", "/var/lib/rancher/k3s")
    assert played.code
    assert "n2 holds a cluster's state in /var/lib/rancher/k3s and has no k3s.service" in played.text
    assert played.changed() == 0


def test_servers_and_an_agent_become_a_cluster(lab: Lab, variables: Variables) -> None:
    inventory = lab.inventory(SERVERS, AGENTS, variables[OLD])
    with step("converge: three servers and one agent"):
        lab.play("k3s", inventory).succeeded()
    assert ready(lab, OLD)
    start_pods(lab)
    assert lab.asked_outside() == set()


def test_it_is_hardened(lab: Lab, variables: Variables) -> None:
    lab.kubectl("create", "secret", "generic", "seen", "--from-literal=word=plain-text-of-a-secret")
    assert "Encryption Status: Enabled" in lab.on("n1", "k3s", "secrets-encrypt", "status").stdout
    audit = lab.on("n1", "cat", "/var/lib/rancher/k3s/server/logs/audit.log").stdout
    assert '"name":"seen"' in audit
    assert "plain-text-of-a-secret" not in audit
    assert lab.on("n1", "stat", "--format=%a", "/etc/rancher/k3s/config.yaml").stdout.strip() == "600"
    assert lab.on("n1", "stat", "--format=%a", "/etc/rancher/k3s/k3s.yaml").stdout.strip() == "600"
    assert answered(lab, "/api") == "401"
    # What a server asks for when it joins.
    for kind, code in (("server", "200"), ("agent", "401")):
        token = variables[OLD][f"k3s_{kind}_token"]
        assert answered(lab, "/v1-k3s/server-bootstrap", "--user", f"server:{token}") == code, kind


def answered(lab: Lab, path: str, *options: str) -> str:
    """The status with which a server's API answers."""
    asked = ("curl", "--insecure", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", *options)
    return lab.on("n1", *asked, f"https://{lab.addresses['n1']}:6443{path}").stdout


def test_a_service_answers_across_nodes(lab: Lab) -> None:
    clients, servers = pods(lab, "client"), pods(lab, "web")
    address = "http://" + lab.kubectl("get", "service/web", "--namespace=shop", "--output=jsonpath={.spec.clusterIP}")
    for node in ("n1", "n4"):
        answers: set[str] = set()

        def grown(client: str = clients[node], seen: set[str] = answers) -> bool:
            seen.add(asks(lab, client, address))
            return set(servers.values()) <= seen

        with step(f"a pod of {node} is answered by pods of all nodes"):
            until("every pod answered", grown)


def test_a_network_policy_is_enforced(lab: Lab) -> None:
    clients = pods(lab, "client")
    ip = lab.kubectl("get", "pod", pods(lab, "web")["n2"], "--namespace=shop", "--output=jsonpath={.status.podIP}")
    address = f"http://{ip}:8080"
    assert asks(lab, clients["n1"], address)
    with step("a policy keeps clients out, on their own node and from others"):
        lab.apply((HERE / "policy.yaml").read_text("utf-8"))
        for node in ("n1", "n2"):
            until(f"the client of {node} is kept out", lambda node=node: not asks(lab, clients[node], address))
    with step("and lets one in"):
        lab.kubectl("label", "pod", clients["n1"], "--namespace=shop", "access=yes")
        until("the client with access is let in", lambda: asks(lab, clients["n1"], address))
        assert not asks(lab, clients["n2"], address)
    lab.kubectl("delete", "networkpolicy", "web", "--namespace=shop")


def test_again_nothing_changes(lab: Lab, variables: Variables) -> None:
    with step("converge again"):
        played = lab.play("k3s", lab.inventory(SERVERS, AGENTS, variables[OLD])).succeeded()
    assert played.changed() == 0, played.text[-4000:]


def test_another_release_is_no_installation(lab: Lab, variables: Variables) -> None:
    release = {**variables[OLD]["k3s_artefacts_release"], "version": "v1.25.9+k3s1"}
    played = lab.play("k3s", lab.inventory(SERVERS, AGENTS, {**variables[OLD], "k3s_artefacts_release": release}))
    assert played.code
    assert f"n1 has k3s {build.release(OLD)}; v1.25.9+k3s1 is wanted" in played.text
    assert played.changed() == 0


def test_a_killed_server_comes_back(lab: Lab) -> None:
    with step("a server is killed; the others answer and write"):
        lab.podman_run("kill", "--signal=KILL", "n2")
        until("a write while it is gone", lambda: lab.on("n1", "kubectl", "create", "configmap", "meanwhile",
                                                         "--from-literal=value=kept").returncode == 0)  # fmt: skip
    with step("it comes back by itself and knows what was written"):
        lab.podman_run("start", "n2")
        until("all nodes are ready, as n2 says", lambda: ready(lab, OLD, on="n2"), seconds=240)
    assert written(lab, "meanwhile") == "kept"


def test_a_snapshot_brings_back_what_was(lab: Lab, variables: Variables, tmp_path: Path) -> None:
    inventory = lab.inventory(SERVERS, AGENTS, variables[OLD])
    write(lab, "before", "kept")
    with step("backup"):
        lab.play("backup", inventory, "--extra-vars", f"k3s_backup_folder={tmp_path}").succeeded()
    [snapshot] = tmp_path.iterdir()
    assert snapshot.stat().st_mode & 0o777 == 0o600
    write(lab, "after", "lost")
    refused = lab.play("restore", inventory, "--extra-vars", f"k3s_restore_snapshot={snapshot}")
    assert refused.code
    assert "k3s_restore_consent is ''; expected 'n1'" in refused.text
    assert written(lab, "after") == "lost"
    wanted = f"k3s_restore_snapshot={snapshot} k3s_restore_consent=n1"
    with step("restore on three servers"):
        lab.play("restore", inventory, "--extra-vars", wanted).succeeded()
    until("all nodes are ready", lambda: ready(lab, OLD), seconds=240)
    assert written(lab, "before") == "kept"
    assert written(lab, "after") == ""


def test_reset_leaves_nothing(lab: Lab, variables: Variables) -> None:
    inventory = lab.inventory(SERVERS, AGENTS, variables[OLD])
    with step("reset"):
        lab.play("k3s_reset", inventory).succeeded()
    for name in sorted(ALL):
        assert lab.on(name, "ls", "-A", "/var/lib/rancher").stdout == ""
        rules = lab.on(
            name, "sh", "-c", "iptables-save; ip6tables-save; ipset list -name; ip -o link; cat /proc/mounts"
        )
        left = [
            line
            for line in rules.stdout.splitlines()
            if any(word in line for word in ("KUBE", "CNI", "flannel", "cni", "kubelet"))
        ]
        assert left == [], name
        assert lab.on(name, "sh", "-c", "ls -d /etc/rancher /etc/systemd/system/k3s* /usr/local/bin/k*").stdout == ""
    with step("reset again"):
        assert lab.play("k3s_reset", inventory).succeeded().changed() == 0
