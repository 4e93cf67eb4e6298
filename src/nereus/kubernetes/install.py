"""Apply a rendered platform to a cluster: each step of steps.yaml is tried, then applied, then waited for.

It can be run again at any time: what is there already is left as it is, and a step that failed is taken up again.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from nereus.errors import BadInput, Failure
from nereus.kubernetes.operations.kubectl import Kubectl
from nereus.kubernetes.render import Rendered

#: Longest that applying one step may take, and that its pods may take to be ready, in seconds.
_APPLY_S, _CHART_S, _ROLLOUT_S, _SETUP_S = 300.0, 900, 1800, 1800
_APPLY = ("apply", "--server-side", "--field-manager=nereus", "--force-conflicts")
_ROLLED_OUT = ("deployment", "statefulset", "daemonset")

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Helm:
    """helm for one cluster. Charts come from `archives` (the bundle's charts/), or from their repository without it."""

    kubeconfig: Path
    program: str = "helm"
    archives: Path | None = None

    def __post_init__(self) -> None:
        if shutil.which(self.program) is None:
            raise BadInput(f"{self.program} is not installed here", fix="Install helm 3, or name it with --helm.")

    def install(self, chart: Mapping[str, Any], out: Path, *, dry_run: bool) -> None:
        """Install or upgrade one chart of steps.yaml and wait for its pods. Raises Failure with what helm said."""
        name, version = str(chart["name"]), str(chart["version"])
        archive = self.archives / f"{name}-{version}.tgz" if self.archives else None
        if archive is not None and not archive.is_file():
            raise BadInput(f"the bundle has no {archive.name}", fix="Gather it again: make bundle")
        source = [str(archive)] if archive else [name, "--repo", str(chart["repository"]), "--version", version]
        place = ["--namespace", str(chart["namespace"]), "--values", str(out / str(chart["values"]))]
        how = ["--dry-run=server"] if dry_run else ["--wait", "--timeout", f"{_CHART_S}s"]
        command = (self.program, "--kubeconfig", str(self.kubeconfig), "upgrade", "--install", name, *source, *place)
        try:
            done = subprocess.run((*command, *how), capture_output=True, text=True, check=False, timeout=_CHART_S + 60)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"the chart {name} was not installed within {_CHART_S} s") from error
        if done.returncode:
            raise Failure(f"the chart {name} is refused: {done.stderr.strip()[-2000:]}")


@dataclass(frozen=True)
class Installer:
    """One rendered platform and the cluster that it goes to."""

    rendered: Rendered
    secrets: tuple[Mapping[str, Any], ...]
    kubectl: Kubectl
    chart: Callable[[Mapping[str, Any], Path, bool], None]

    def run(self, tell: Tell) -> None:
        """Every step. What a step would refuse is found by a dry run before anything of that step is applied."""
        for step in self.rendered.steps:
            name, charts = str(step["step"]), step.get("charts", ())
            for objects in self._batches(step):
                tell(f"{name}: {len(objects)} objects, dry run and apply")
                for more in (("--dry-run=server",), ()):
                    self.kubectl(*_APPLY, *more, "-f", "-", given=_list_of(objects), seconds=_APPLY_S)
            for dry_run in (True, False):
                for chart in charts:
                    tell(f"{name}: {chart['name']}, {'dry run' if dry_run else 'install'}")
                    self.chart(chart, self.rendered.out, dry_run)
            self.wait(step, tell)

    def _batches(self, step: Mapping[str, Any]) -> Iterator[list[Mapping[str, Any]]]:
        """The objects of a step. Namespaces go first: even a dry run wants them there."""
        if step["step"] == "secrets":
            yield list(self.secrets)
        elif "kustomize" in step:
            built = self.kubectl("kustomize", str(self.rendered.out / str(step["kustomize"])))
            objects = [each for each in YAML(typ="safe").load_all(built) if each]
            spaces = [each for each in objects if each["kind"] == "Namespace"]
            yield from (each for each in (spaces, [one for one in objects if one["kind"] != "Namespace"]) if each)

    def wait(self, step: Mapping[str, Any], tell: Tell) -> None:
        """Wait until what the step made is there. Raises Failure with what is not."""
        if "wait_for_job" in step:
            job = f"job/{step['wait_for_job']}"
            tell(f"{step['step']}: wait for {job}")
            where = ("--namespace", str(step["namespace"]))
            self.kubectl(
                "wait", job, *where, "--for=condition=complete", f"--timeout={_SETUP_S}s", seconds=_SETUP_S + 30
            )
        elif step["step"] == "apps":
            for namespace in self.namespaces():
                tell(f"{step['step']}: wait for {namespace}")
                for kind in _ROLLED_OUT:
                    self._wait_for(kind, namespace)

    def namespaces(self) -> Iterator[str]:
        """Those that this platform has on this cluster."""
        there = self.rendered.there
        yield from (name for name, one in self.rendered.catalogue.namespaces.items() if one.unless not in there)

    def _wait_for(self, kind: str, namespace: str) -> None:
        listed = self.kubectl("get", kind, "--namespace", namespace, "--output", "name").split()
        for name in listed:
            flags = ("--namespace", namespace, f"--timeout={_ROLLOUT_S}s")
            self.kubectl("rollout", "status", name, *flags, seconds=_ROLLOUT_S + 30)


def _list_of(objects: Iterable[Mapping[str, Any]]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
