"""What the doctor says of a cluster that it can ask, and what provisioning one takes; kubectl is stood in for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from nereus import cli
from nereus.config import Platform, load
from nereus.errors import BadInput, Failure
from nereus.home import Home
from nereus.kubernetes import catalogue
from nereus.provision import cluster, doctor_cluster, way_in
from nereus.provision.doctor import Finding
from tests.unit.programs import asked
from tests.unit.provision.around import (
    MINOR,
    Around,
    lacking,
    quiet,
    untouched,
)

# A cluster that is there


def test_a_cluster_that_has_all_lacks_nothing_and_is_only_asked(host: Around) -> None:
    host.fill()
    found = doctor_cluster.examine(host.cluster(), host.home, quiet)
    assert lacking(found) == []
    assert f"Kubernetes v1.{MINOR}.4+k3s1 answers ({host.kubeconfig})" in {each.detail for each in found}
    reading = {"version", "auth", "get"}
    assert {words[words.index("--request-timeout=10s") + 1] for words in asked(host.bin / "kubectl")} == reading
    assert {words[1] for words in asked(host.bin / "kubectl")} == {str(host.kubeconfig)}
    # The cluster's own ingress is used, so that chart is not asked for.
    assert not any("traefik" in each.detail for each in found)
    assert untouched(host)


def test_a_kubeconfig_that_is_not_there_is_named(host: Around) -> None:
    host.fill()
    platform = host.cluster()
    host.kubeconfig.unlink()
    (found,) = lacking(doctor_cluster.examine(platform, host.home, quiet))
    assert (found.what, found.detail) == ("kubeconfig", f"there is no file {host.kubeconfig}")
    assert "cluster.kubeconfig" in found.fix


def test_an_api_that_does_not_answer_is_said_in_kubectls_words(host: Around) -> None:
    host.fill()
    host.kubectl(server="")
    (found,) = lacking(doctor_cluster.examine(host.cluster(), host.home, quiet))
    assert found.what == "kubeconfig"
    assert found.detail.endswith("no API that answers: The connection to the server 192.0.2.1:6443 was refused")
    assert f"kubectl --kubeconfig {host.kubeconfig} version" in found.fix


def test_without_kubectl_the_cluster_is_not_asked(host: Around) -> None:
    host.fill()
    (host.bin / "kubectl").unlink()
    (found,) = lacking(doctor_cluster.examine(host.cluster(), host.home, quiet))
    assert (found.what, found.detail) == ("kubectl", "is not installed here")


def test_kubectl_has_to_be_within_one_minor_of_the_cluster(host: Around) -> None:
    host.fill()
    host.kubectl(server=f"v1.{MINOR - 3}.0")
    (found,) = lacking(doctor_cluster.examine(host.cluster(), host.home, quiet))
    assert found.what == "kubectl"
    assert "go with this cluster" in found.detail


def test_who_may_not_administer_the_cluster_is_told_what_is_denied(host: Around) -> None:
    host.fill()
    host.kubectl(denied="namespaces clusterroles.rbac.authorization.k8s.io")
    (found,) = lacking(doctor_cluster.examine(host.cluster(), host.home, quiet))
    assert found.detail == "it may not make namespaces, clusterroles.rbac.authorization.k8s.io"
    assert "cluster-admin" in found.fix


def test_classes_that_the_cluster_does_not_have_are_named_beside_those_it_has(host: Around) -> None:
    host.fill()
    host.cluster()
    host.config.write_text(host.config.read_text().replace("class: fast", "class: rapid").replace("nginx,", "haproxy,"))
    storage, ingress = lacking(doctor_cluster.examine(load(host.config), host.home, quiet))
    assert storage.detail == "cluster.storage_class is rapid; the cluster has fast, slow"
    assert ingress.detail == "cluster.ingress_class is haproxy; the cluster has nginx"


def test_another_declared_target_is_a_finding(host: Around) -> None:
    (found,) = doctor_cluster.examine(host.machines(), host.home, quiet)
    assert "platform.target is vms" in found.detail
    assert "{target: cluster}" in found.fix


# A cluster that machines became


def test_the_cluster_that_machines_became_is_asked(host: Around) -> None:
    host.fill()
    way_in.kubeconfig(host.home.create()).write_text("server: https://192.0.2.1:6443\n")
    found = doctor_cluster.carried(host.machines(), host.home, host.inventory(), quiet)
    assert lacking(found) == []
    assert found[-1] == Finding("cluster", True, f"Kubernetes v1.{MINOR}.4+k3s1 answers", found[-1].fix)
    host.kubectl(server="")
    (one,) = lacking(doctor_cluster.carried(host.machines(), host.home, host.inventory(), quiet))
    assert one.detail == "its API does not answer: The connection to the server 192.0.2.1:6443 was refused"
    assert "make provision" in one.fix


def test_machines_that_ssh_does_not_reach_are_a_finding(host: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    host.fill()
    way_in.kubeconfig(host.home.create()).touch()

    @contextmanager
    def reached(_: Home) -> Iterator[Path]:
        raise Failure("ssh makes no way to the cluster's API on node-1: no answer", fix="Is it up?")
        yield Path()

    monkeypatch.setattr(way_in, "reached", reached)
    (one,) = lacking(doctor_cluster.carried(host.machines(), host.home, host.inventory(), quiet))
    assert (one.what, one.detail) == ("cluster", "ssh makes no way to the cluster's API on node-1: no answer")


# By the front door


def _said(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["doctor", *words])


def test_the_command_ends_with_one_where_something_lacks(host: Around) -> None:
    host.fill()
    host.cluster()
    assert _said("--config", str(host.config)).exit_code == 0
    (host.bin / "helm").unlink()
    said = _said("--config", str(host.config))
    assert said.exit_code == 1
    assert "lack helm       is not installed here\n                Install helm 3" in said.output
    assert untouched(host)


def test_a_target_that_does_not_exist_is_refused(host: Around) -> None:
    host.cluster()
    said = _said("--config", str(host.config), "--target", "clusters")
    assert isinstance(said.exception, BadInput)
    assert "expected one of local, vms, hosts, cluster" in said.exception.message


# What provisioning a cluster takes from the bundle


def test_a_clusters_charts_come_from_the_bundle(host: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    host.fill()
    filled: list[Path] = []

    def installer(platform: Platform, home: Home, path: Path, kubectl: str, helm: str, charts: Path) -> Any:
        assert path == host.kubeconfig
        filled.append(charts)
        return SimpleNamespace(run=lambda _: ["Namespace nereus-warehouse"])

    monkeypatch.setattr(cluster, "installer", installer)
    assert cluster.provision(host.config, host.cluster(), host.home, quiet) == ["Namespace nereus-warehouse"]
    wanted = {f"{name}-{one['version']}.tgz" for name, one in catalogue.read().charts.items() if name != "traefik"}
    assert {each.name for each in filled[0].iterdir()} == wanted
    assert [words[0] for words in asked(host.bin / "helm")] == ["version"]


def test_a_cluster_without_its_kubeconfig_is_refused_before_a_chart_is_fetched(host: Around) -> None:
    platform = host.cluster()
    host.kubeconfig.unlink()
    with pytest.raises(BadInput, match="there is no kubeconfig"):
        cluster.provision(host.config, platform, host.home, quiet)
    assert untouched(host)
