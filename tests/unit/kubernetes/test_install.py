"""Applying a platform step by step, against a cluster that only says what it is told to say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

from nereus.errors import BadInput, Failure
from nereus.kubernetes import install
from nereus.kubernetes.install import Helm, Installer
from nereus.kubernetes.operations.kubectl import Kubectl
from nereus.kubernetes.render import Rendered
from tests.unit.programs import asked, program

APPS: Mapping[str, Any] = {"step": "apps"}


@dataclass
class Cluster:
    """Gives these objects for every `get`, and fails what `failing` names."""

    jobs: list[dict[str, Any]] = field(default_factory=list)
    workloads: list[dict[str, Any]] = field(default_factory=list)
    pods: list[dict[str, Any]] = field(default_factory=list)
    failing: str = ""
    waited: list[str] = field(default_factory=list)

    def __call__(self, verb: str, what: str, *words: str, given: str | None = None, seconds: float = 0) -> str:
        if verb == "get":
            kinds = {"jobs": self.jobs, "pods": self.pods, "pods,persistentvolumeclaims": self.pods}
            return json.dumps({"items": kinds.get(what, self.workloads)})
        assert verb in ("wait", "rollout")
        assert seconds > 0
        name = words[0] if verb == "rollout" else what
        self.waited.append(name)
        if self.failing and self.failing in name:
            raise Failure(f"kubectl {verb} {what} failed: timed out waiting for the condition")
        return ""


def job(name: str, done: bool = False, namespace: str = "nereus-warehouse", owner: str = "") -> dict[str, Any]:
    owners = [{"kind": owner, "name": "x"}] if owner else None
    return {
        "metadata": {"name": name, "namespace": namespace, "ownerReferences": owners},
        "status": {"conditions": [{"type": "Complete", "status": str(done)}]},
    }


def stuck(name: str) -> dict[str, Any]:
    waiting = {"image": "portal:1", "state": {"waiting": {"reason": "ErrImagePull", "message": "no such host"}}}
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "nereus-warehouse", "labels": {}},
        "spec": {},
        "status": {"containerStatuses": [waiting]},
    }


def installer(found: Rendered, cluster: Cluster, *steps: Mapping[str, Any]) -> Installer:
    made = replace(found, steps=tuple(dict(step) for step in steps))
    return Installer(made, (), cast("Kubectl", cluster), lambda *_: True)


def test_the_platform_is_there_when_its_jobs_have_ended(platforms: dict[str, Rendered]) -> None:
    jobs = [
        job("usecases-m1"),
        job("superset-init-m1", namespace="nereus-superset"),
        job("warehouse-setup-1", done=True),
        job("warehouse-backup-28", owner="CronJob"),
        job("nightly", namespace="somebody"),
    ]
    cluster = Cluster(jobs=jobs)
    told: list[str] = []
    assert installer(platforms["three"], cluster, APPS).run(told.append) == []
    assert cluster.waited == ["job/usecases-m1", "job/superset-init-m1"]
    assert "apps: wait for job/usecases-m1" in told


def test_a_step_that_does_not_end_names_the_pods_that_do_not_start(platforms: dict[str, Rendered]) -> None:
    cluster = Cluster(jobs=[job("usecases-m1")], pods=[stuck("usecases-m1-x")], failing="usecases")
    with pytest.raises(Failure) as failed:
        installer(platforms["three"], cluster, APPS).run(lambda _: None)
    assert "timed out waiting" in failed.value.message
    assert "nereus-warehouse/usecases-m1-x: ErrImagePull portal:1 no such host" in failed.value.message
    assert failed.value.fix is not None
    assert "make bundle" in failed.value.fix


def test_a_step_that_fails_without_such_pods_says_what_it_said(platforms: dict[str, Rendered]) -> None:
    cluster = Cluster(jobs=[job("usecases-m1")], failing="usecases")
    with pytest.raises(Failure, match="timed out waiting") as failed:
        installer(platforms["three"], cluster, APPS).run(lambda _: None)
    assert failed.value.fix is None


def test_volumes_of_another_size_are_refused_before_any_step(
    platforms: dict[str, Rendered], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise BadInput("doris-be: warehouse-be-0 has volumes of 1 Gi; the plan wants 2 Gi.")

    monkeypatch.setattr(install, "refuse_other_sizes", refuse)
    cluster = Cluster(jobs=[job("usecases-m1")])
    with pytest.raises(BadInput, match="the plan wants 2 Gi"):
        installer(platforms["three"], cluster, APPS).run(lambda _: None)
    assert cluster.waited == []


CHART = {
    "name": "traefik",
    "version": "1.2.3",
    "namespace": "nereus-ingress",
    "repository": "https://charts.example.com",
}


@pytest.fixture
def chart(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "values.yaml").write_text("replicas: 2\n", "utf-8")
    return {**CHART, "values": "values.yaml"}


def helm(tmp_path: Path, release: Mapping[str, Any] | None, archives: Path | None = None, body: str = "") -> Helm:
    """helm on a cluster that has this release of the chart, or none."""
    answers = "sys.exit('not found')" if release is None else f"print(json.dumps({release!r}[sys.argv[4]]))"
    path = program(tmp_path / "bin", "helm", f"if sys.argv[3] == 'get':\n    {answers}\n{body}")
    return Helm(tmp_path / "kubeconfig", str(path), archives)


def test_a_release_of_this_version_with_these_values_is_left(tmp_path: Path, chart: dict[str, str]) -> None:
    release = {"metadata": {"version": "1.2.3", "status": "deployed"}, "values": {"replicas": 2}}
    assert helm(tmp_path, release).install(chart, tmp_path, dry_run=False) is False
    assert {words[2] for words in asked(tmp_path / "bin" / "helm")} == {"get"}


@pytest.mark.parametrize(
    "release",
    [
        None,
        {"metadata": {"version": "1.2.2", "status": "deployed"}, "values": {"replicas": 2}},
        {"metadata": {"version": "1.2.3", "status": "failed"}, "values": {"replicas": 2}},
        {"metadata": {"version": "1.2.3", "status": "deployed"}, "values": None},
    ],
)
def test_another_release_a_failed_one_or_none_is_installed(
    tmp_path: Path, chart: dict[str, str], release: dict[str, Any] | None
) -> None:
    assert helm(tmp_path, release).install(chart, tmp_path, dry_run=False) is True
    words = asked(tmp_path / "bin" / "helm")[-1]
    assert words[:5] == ["--kubeconfig", str(tmp_path / "kubeconfig"), "upgrade", "--install", "traefik"]
    assert ["--repo", CHART["repository"], "--version", "1.2.3"] == words[6:10]
    assert "--wait" in words


def test_an_archive_of_the_bundle_is_taken_and_a_missing_one_refused(tmp_path: Path, chart: dict[str, str]) -> None:
    (tmp_path / "traefik-1.2.3.tgz").touch()
    helm(tmp_path, None, tmp_path).install(chart, tmp_path, dry_run=True)
    words = asked(tmp_path / "bin" / "helm")[-1]
    assert words[5] == str(tmp_path / "traefik-1.2.3.tgz")
    assert "--repo" not in words
    assert "--dry-run=server" in words
    (tmp_path / "traefik-1.2.3.tgz").unlink()
    with pytest.raises(BadInput, match=r"the bundle has no traefik-1\.2\.3\.tgz"):
        helm(tmp_path, None, tmp_path).install(chart, tmp_path, dry_run=True)


def test_what_helm_refuses_is_said_in_its_words(tmp_path: Path, chart: dict[str, str]) -> None:
    refusing = helm(tmp_path, None, body="sys.exit('Error: values do not meet the schema')")
    with pytest.raises(Failure, match="the chart traefik is refused: Error: values do not meet the schema"):
        refusing.install(chart, tmp_path, dry_run=False)


def test_values_are_compared_as_helm_keeps_them(tmp_path: Path, chart: dict[str, str]) -> None:
    """A date is a text there."""
    (tmp_path / "values.yaml").write_text("since: 2026-01-31\n", "utf-8")
    loaded = YAML(typ="safe", pure=True).load(tmp_path / "values.yaml")
    assert str(loaded["since"]) == "2026-01-31"
    release = {"metadata": {"version": "1.2.3", "status": "deployed"}, "values": {"since": "2026-01-31"}}
    assert helm(tmp_path, release).install(chart, tmp_path, dry_run=False) is False
