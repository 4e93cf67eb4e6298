"""What the doctor asks of a cluster, and the Secret by which its Hub knows people, on a real API server."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from nereus.config import Platform, load
from nereus.home import Home
from nereus.kubernetes import identity
from nereus.kubernetes.operations import accounts
from nereus.kubernetes.operations.kubectl import Kubectl
from nereus.kubernetes.sim.binaries import Programs, kubernetes_version
from nereus.kubernetes.sim.cluster import Simulated
from nereus.provision import doctor_cluster, jupyterhub
from nereus.provision.doctor import Finding
from tests.infra.cluster import objects as make

DECLARED = """\
platform: {{target: cluster}}
cluster: {{kubeconfig: {kubeconfig}, storage_class: {storage}, ingress_class: nginx}}
data: {{raw_tb: 1.0}}
machines: {{nodes: 3, cores: 24, memory_gb: 192, nvme_tb: 4, hdd_tb: 16}}
"""
CLASS = make.storage_class()["metadata"]["name"]


@pytest.fixture(autouse=True)
def ready(simulated: Simulated, programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    simulated.apply_or_fail([make.storage_class()])
    monkeypatch.setenv("PATH", str(programs.folder))
    monkeypatch.delenv("KUBECONFIG", raising=False)


def examined(folder: Path, kubeconfig: Path, storage: str = CLASS) -> dict[str, Finding]:
    """The findings by what they are of, charts aside."""
    config = folder / "platform.yaml"
    config.write_text(DECLARED.format(kubeconfig=kubeconfig, storage=storage), "utf-8")
    found = doctor_cluster.examine(load(config), Home(folder / "home"), lambda _: None)
    assert not (folder / "home").exists()
    return {each.what: each for each in found if each.what != "chart"}


def changed(simulated: Simulated, folder: Path, old: str, new: str) -> Path:
    """The administrator's kubeconfig with another text in it."""
    text = simulated.kubeconfig.read_text("utf-8")
    assert old in text
    path = folder / "kubeconfig"
    path.write_text(text.replace(old, new), "utf-8")
    return path


def test_an_administrator_of_a_cluster_that_answers_lacks_nothing(simulated: Simulated, tmp_path: Path) -> None:
    found = examined(tmp_path, simulated.kubeconfig)
    assert {what: each.detail for what, each in found.items() if not each.ok} == {}
    assert kubernetes_version() in found["kubeconfig"].detail
    assert found["kubectl"].detail.endswith("go with this cluster")
    assert found.keys() == {"plan", "kubectl", "kubeconfig", "rights", "storageclass", "helm"}


def test_a_class_that_is_not_there_is_named(simulated: Simulated, tmp_path: Path) -> None:
    found = examined(tmp_path, simulated.kubeconfig, "rapid")["storageclass"]
    assert found.detail == f"cluster.storage_class is rapid; the cluster has {CLASS}"


def test_somebody_else_is_told_what_is_denied(simulated: Simulated, tmp_path: Path) -> None:
    kubeconfig = YAML(typ="safe").load(simulated.kubeconfig)
    kubeconfig["users"][0]["user"]["as"] = "nobody"
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(kubeconfig), "utf-8")
    found = examined(tmp_path, path)
    assert "it may not make namespaces, customresourcedefinitions" in found["rights"].detail
    assert "could not be looked up" in found["storageclass"].detail


def test_an_api_that_is_not_there_is_said(simulated: Simulated, tmp_path: Path) -> None:
    server = YAML(typ="safe").load(simulated.kubeconfig)["clusters"][0]["cluster"]["server"]
    path = changed(simulated, tmp_path, server, "https://127.0.0.1:9")
    found = examined(tmp_path, path)["kubeconfig"]
    assert not found.ok
    assert "127.0.0.1:9" in found.detail
    assert "refused" in found.detail


def test_the_hub_is_told_of_people_as_often_as_one_likes(simulated: Simulated, tmp_path: Path) -> None:
    simulated.apply_or_fail([make.namespace("nereus-jupyterhub")])
    platform, home = Platform.model_validate({"data": {"raw_tb": 1}}), Home(tmp_path / "home").create()
    identity.ensure(platform, home)
    kubectl = Kubectl(simulated.kubeconfig)
    for _ in range(2):
        accounts._tell(platform, home, kubectl)
    secret = simulated.api.list("v1", "Secret", "nereus-jupyterhub")
    (told,) = [each for each in secret if each["metadata"]["name"] == "jupyterhub-accounts"]
    assert json.loads(b64decode(told["data"]["accounts.json"])) == jupyterhub.accounts(home)
