"""What the tests ask a cluster for, and what they write into it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.infra.k3s.artefact import build
from tests.infra.k3s.conftest import AGENTS, SERVERS
from tests.infra.k3s.lab import Lab, nodes, until
from tests.infra.steps import step

HERE = Path(__file__).parent
ALL = {*SERVERS, *AGENTS}


def ready(lab: Lab, version: str, on: str = "n1") -> bool:
    """Whether every node is ready with a version, as the API of one server says."""
    return nodes(lab, on) == dict.fromkeys(ALL, (True, build.release(version)))


def pods(lab: Lab, app: str) -> dict[str, str]:
    """Node -> name of the ready pod of an application."""
    listed = json.loads(lab.kubectl("get", "pods", "--namespace=shop", f"--selector=app={app}", "--output=json"))
    return {
        pod["spec"]["nodeName"]: pod["metadata"]["name"]
        for pod in listed["items"]
        if any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))
    }


def start_pods(lab: Lab) -> None:
    """Start the application, and wait until it runs on every node."""
    with step("pods on every node"):
        lab.apply((HERE / "pods.yaml").read_text("utf-8"))
        for app in ("web", "client"):
            until(f"{app} runs on every node", lambda app=app: pods(lab, app).keys() == ALL)


def asks(lab: Lab, pod: str, address: str) -> str:
    """What a client in a pod is answered; nothing where it is not let through."""
    done = lab.on("n1", "kubectl", "exec", "--namespace=shop", pod, "--", "/web", "get", address, timeout=60)
    return done.stdout.strip() if done.returncode == 0 else ""


def written(lab: Lab, name: str) -> str:
    """What was written under a name; nothing where nothing was."""
    done = lab.on("n1", "kubectl", "get", "configmap", name, "--output=jsonpath={.data.value}", timeout=60)
    return done.stdout if done.returncode == 0 else ""


def write(lab: Lab, name: str, value: str) -> None:
    lab.kubectl("create", "configmap", name, f"--from-literal=value={value}")
