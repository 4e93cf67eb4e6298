"""The life of a cluster, made by the playbooks: each test goes on from where the last one left it.

The k3s is a test artefact, an old snapshot: what is proved is the roles, not the release that users get.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.infra.k3s.artefact import build
from tests.infra.k3s.conftest import AGENTS, NEW, OLD, SERVERS, Variables
from tests.infra.k3s.lab import ANSIBLE, Lab, nodes, until
from tests.infra.steps import step

pytestmark = pytest.mark.timeout(1200)

HERE = Path(__file__).parent
ALL = {*SERVERS, *AGENTS}


def ready(lab: Lab, version: str, on: str = "n1") -> bool:
    return nodes(lab, on) == dict.fromkeys(ALL, (True, build.release(version)))


def pods(lab: Lab, app: str) -> dict[str, str]:
    """Node -> name of the running pod of an application."""
    listed = json.loads(lab.kubectl("get", "pods", "--namespace=shop", f"--selector=app={app}", "--output=json"))
    return {
        pod["spec"]["nodeName"]: pod["metadata"]["name"]
        for pod in listed["items"]
        if any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))
    }


def asks(lab: Lab, pod: str, address: str) -> str:
    """What a client in a pod is answered; nothing where it is not let through."""
    done = lab.on("n1", "kubectl", "exec", "--namespace=shop", pod, "--", "/web", "get", address, timeout=60)
    return done.stdout.strip() if done.returncode == 0 else ""


def written(lab: Lab, name: str) -> str:
    done = lab.on("n1", "kubectl", "get", "configmap", name, "--output=jsonpath={.data.value}", timeout=60)
    return done.stdout if done.returncode == 0 else ""


def write(lab: Lab, name: str, value: str) -> None:
    lab.kubectl("create", "configmap", name, f"--from-literal=value={value}")


def test_there_is_no_way_out(lab: Lab) -> None:
    assert lab.inside("ip", "route", "get", "192.0.2.1").returncode != 0
    assert lab.on("n1", "curl", "--silent", "--max-time", "3", "https://192.0.2.1").returncode != 0


def test_servers_and_an_agent_become_a_cluster(lab: Lab, variables: Variables) -> None:
    inventory = lab.inventory(SERVERS, AGENTS, variables[OLD])
    with step("converge: three servers and one agent"):
        lab.play("k3s", inventory).succeeded()
    assert ready(lab, OLD)
    with step("pods on every node"):
        lab.apply((HERE / "pods.yaml").read_text("utf-8"))
        for app in ("web", "client"):
            until(f"{app} runs on every node", lambda app=app: pods(lab, app).keys() == ALL)


def test_it_is_hardened(lab: Lab) -> None:
    lab.kubectl("create", "secret", "generic", "seen", "--from-literal=word=plain-text-of-a-secret")
    assert "Encryption Status: Enabled" in lab.on("n1", "k3s", "secrets-encrypt", "status").stdout
    audit = lab.on("n1", "cat", "/var/lib/rancher/k3s/server/logs/audit.log").stdout
    assert '"name":"seen"' in audit
    assert "plain-text-of-a-secret" not in audit
    assert lab.on("n1", "stat", "--format=%a", "/etc/rancher/k3s/config.yaml").stdout.strip() == "600"
    assert lab.on("n1", "stat", "--format=%a", "/etc/rancher/k3s/k3s.yaml").stdout.strip() == "600"
    said = lab.on("n1", "curl", "--insecure", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}",
                  f"https://{lab.addresses['n1']}:6443/api").stdout  # fmt: skip
    assert said == "401"


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
    played = lab.play("k3s", lab.inventory(SERVERS, AGENTS, variables[NEW]))
    assert played.code
    assert f"n1 has k3s {build.release(OLD)}; {build.release(NEW)} is wanted" in played.text
    assert ready(lab, OLD)


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


def test_a_skipped_minor_is_refused(lab: Lab, variables: Variables) -> None:
    release = {**variables[NEW]["k3s_artefacts_release"], "version": "v1.27.0+k3s1"}
    inventory = lab.inventory(SERVERS, AGENTS, {**variables[NEW], "k3s_artefacts_release": release})
    played = lab.play("upgrade", inventory)
    assert played.code
    assert "skips a minor. Upgrade to the last v1.26 first" in played.text
    assert ready(lab, OLD)


def test_an_upgrade_that_was_cut_off_is_run_again_and_keeps_the_data(lab: Lab, variables: Variables) -> None:
    inventory = lab.inventory(SERVERS, AGENTS, variables[NEW])
    with step("upgrade, cut off when the second server is closed"):
        cut = subprocess.Popen(
            lab.command("upgrade", inventory), env=lab.settings(), cwd=ANSIBLE, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            until(
                "the second server is closed",
                lambda: lab.on("n3", "kubectl", "get", "node/n2", "--output=jsonpath={.spec.unschedulable}").stdout,
                seconds=400,
            )
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(cut.pid, signal.SIGKILL)
            cut.wait()
    assert nodes(lab)["n1"] == (True, build.release(NEW))
    with step("upgrade, run again"):
        lab.play("upgrade", inventory).succeeded()
    assert ready(lab, NEW)
    closed = lab.kubectl("get", "nodes", "--output=jsonpath={.items[*].spec.unschedulable}")
    assert closed == ""
    assert written(lab, "before") == "kept"
    assert "before-upgrade-" in lab.on("n1", "ls", "/var/lib/rancher/k3s/server/db/snapshots").stdout
    with step("upgrade of what is upgraded"):
        assert lab.play("upgrade", inventory).succeeded().changed() == 0
    until("pods run on every node", lambda: pods(lab, "web").keys() == ALL)


def test_after_the_upgrade_nothing_is_left_to_do(lab: Lab, variables: Variables) -> None:
    with step("converge with the new release"):
        assert lab.play("k3s", lab.inventory(SERVERS, AGENTS, variables[NEW])).succeeded().changed() == 0


def test_reset_leaves_nothing(lab: Lab, variables: Variables) -> None:
    inventory = lab.inventory(SERVERS, AGENTS, variables[NEW])
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
