"""Apply a rendered platform to a cluster: each step of steps.yaml is tried, then applied, then waited for.

It can be run again at any time: what is there already is left as it is, and a step that failed is taken up again.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from nereus.errors import BadInput, Failure
from nereus.kubernetes import waiting
from nereus.kubernetes.growth import refuse_other_sizes
from nereus.kubernetes.operations.kubectl import Kubectl
from nereus.kubernetes.render import Rendered

#: Longest that applying one step may take, and that its pods may take to be ready, in seconds.
_APPLY_S, _CHART_S, _ROLLOUT_S, _JOB_S = 300.0, 900, 1800, 1800
_ASK_S = 60.0
APPLY = ("apply", "--server-side", "--field-manager=nereus", "--force-conflicts")
#: What the server writes into an object's metadata by itself.
_NOTES = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp")
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

    def install(self, chart: Mapping[str, Any], out: Path, *, dry_run: bool) -> bool:
        """Install or upgrade one chart of steps.yaml and wait for its pods.

        Returns whether there was anything to do: a release of this version with these values is left as it is. Raises
        Failure with what helm said.
        """
        name, version, namespace = str(chart["name"]), str(chart["version"]), str(chart["namespace"])
        values = out / str(chart["values"])
        if self._is_there(name, version, namespace, values):
            return False
        archive = self.archives / f"{name}-{version}.tgz" if self.archives else None
        if archive is not None and not archive.is_file():
            raise BadInput(f"the bundle has no {archive.name}", fix="Gather it again: make bundle")
        source = [str(archive)] if archive else [name, "--repo", str(chart["repository"]), "--version", version]
        how = ["--dry-run=server"] if dry_run else ["--wait", "--timeout", f"{_CHART_S}s"]
        place = ["--namespace", namespace, "--values", str(values)]
        done = self._run(name, "upgrade", "--install", name, *source, *place, *how, seconds=_CHART_S + 60)
        if done.returncode:
            raise Failure(f"the chart {name} is refused: {done.stderr.strip()[-2000:]}")
        return True

    def _is_there(self, name: str, version: str, namespace: str, values: Path) -> bool:
        found = []
        for what in ("metadata", "values"):
            done = self._run(name, "get", what, name, "--namespace", namespace, "--output", "json", seconds=_ASK_S)
            if done.returncode:
                return False
            found.append(json.loads(done.stdout) or {})
        about, given = found
        wanted = YAML(typ="safe", pure=True).load(values.read_text("utf-8")) or {}
        # As JSON, as helm kept them: a date or a number is written in one way there.
        same = json.loads(json.dumps(wanted, default=str)) == given
        return same and (about.get("version"), about.get("status")) == (version, "deployed")

    def _run(self, name: str, *words: str, seconds: float) -> subprocess.CompletedProcess[str]:
        command = (self.program, "--kubeconfig", str(self.kubeconfig), *words)
        try:
            return subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"helm {words[0]} {name} was not done within {seconds:.0f} s") from error


@dataclass(frozen=True)
class Installer:
    """One rendered platform and the cluster that it goes to."""

    rendered: Rendered
    secrets: tuple[Mapping[str, Any], ...]
    kubectl: Kubectl
    chart: Callable[[Mapping[str, Any], Path, bool], bool]

    def run(self, tell: Tell) -> list[str]:
        """Every step. What a step would refuse is found by a dry run before anything of that step is applied.

        Returns one line for each object and chart that was made or changed, nothing where all is as it should be.
        Raises BadInput where volumes that are there have another size than planned, Failure that names the pods which
        do not start where a step does not end.
        """
        refuse_other_sizes(self.rendered, self.kubectl)
        changed: list[str] = []
        for step in self.rendered.steps:
            name, charts = str(step["step"]), step.get("charts", ())
            for objects in self._batches(step):
                tell(f"{name}: {len(objects)} objects")
                changed += self._applied(objects)
            wanted = []
            for chart in charts:
                tell(f"{name}: {chart['name']}, dry run")
                if self.chart(chart, self.rendered.out, True):
                    wanted.append(chart)
            try:
                for chart in wanted:
                    tell(f"{name}: {chart['name']}, install")
                    self.chart(chart, self.rendered.out, False)
                    changed.append(f"chart {chart['name']} {chart['version']}")
                self.wait(step, tell)
            except Failure as error:
                raise self._explained(error) from error
        return changed

    def _explained(self, error: Failure) -> Failure:
        """What failed, with the pods of the platform that do not start and what Kubernetes says of them."""
        try:
            listed = json.loads(self.kubectl("get", "pods", "--all-namespaces", "--output", "json"))["items"]
        except Failure:
            return error
        found = list(waiting.pods(listed, set(self.namespaces())))
        if not found:
            return error
        return Failure("\n".join([error.message, *(f"  {line}" for line in found)]), fix=waiting.fix(found))

    def _applied(self, objects: list[Mapping[str, Any]]) -> list[str]:
        """Apply what the server would change; gives the names of that. Raises Failure before anything is changed."""
        given = _list_of(objects)
        ask = ("get", "-f", "-", "--ignore-not-found", "--output", "json")
        before = _by_name(self.kubectl(*ask, given=given, seconds=_APPLY_S))
        tried = self.kubectl(*APPLY, "--dry-run=server", "--output", "json", "-f", "-", given=given, seconds=_APPLY_S)
        changed = [name for name, content in _by_name(tried).items() if before.get(name) != content]
        if changed:
            self.kubectl(*APPLY, "-f", "-", given=given, seconds=_APPLY_S)
        return changed

    def _batches(self, step: Mapping[str, Any]) -> Iterator[list[Mapping[str, Any]]]:
        """The objects of a step. Namespaces go first: even a dry run wants them there."""
        if step["step"] == "secrets":
            yield [encoded(one) for one in self.secrets]
        elif "kustomize" in step:
            built = self.kubectl("kustomize", str(self.rendered.out / str(step["kustomize"])))
            objects = [each for each in YAML(typ="safe").load_all(built) if each]
            spaces = [each for each in objects if each["kind"] == "Namespace"]
            yield from (each for each in (spaces, [one for one in objects if one["kind"] != "Namespace"]) if each)

    def wait(self, step: Mapping[str, Any], tell: Tell) -> None:
        """Wait until what the step made is there. Raises Failure with what is not."""
        if "wait_for_job" in step:
            self._wait_for_job(step, str(step["wait_for_job"]), str(step["namespace"]), tell)
        elif step["step"] == "apps":
            own = set(self.namespaces())
            # The dashboards' job fails, and is tried again, until the use cases' has made what they show.
            jobs = json.loads(self.kubectl("get", "jobs", "--all-namespaces", "--output", "json"))["items"]
            for job in jobs:
                if job["metadata"]["namespace"] in own and not _is_scheduled(job) and not _is_done(job):
                    self._wait_for_job(step, job["metadata"]["name"], job["metadata"]["namespace"], tell)
            listed = self.kubectl("get", ",".join(_ROLLED_OUT), "--all-namespaces", "--output", "json")
            for one in json.loads(listed)["items"]:
                namespace, name = one["metadata"]["namespace"], one["metadata"]["name"]
                if namespace in own and not _is_rolled_out(one):
                    tell(f"{step['step']}: wait for {one['kind']} {namespace}/{name}")
                    flags = ("--namespace", namespace, f"--timeout={_ROLLOUT_S}s")
                    self.kubectl("rollout", "status", f"{one['kind']}/{name}", *flags, seconds=_ROLLOUT_S + 30)

    def _wait_for_job(self, step: Mapping[str, Any], name: str, namespace: str, tell: Tell) -> None:
        tell(f"{step['step']}: wait for job/{name}")
        flags = ("--namespace", namespace, "--for=condition=complete", f"--timeout={_JOB_S}s")
        self.kubectl("wait", f"job/{name}", *flags, seconds=_JOB_S + 30)

    def namespaces(self) -> Iterator[str]:
        """Those that this platform has on this cluster."""
        there = self.rendered.there
        yield from (name for name, one in self.rendered.catalogue.namespaces.items() if one.unless not in there)


def _is_rolled_out(one: Mapping[str, Any]) -> bool:
    """Whether every pod of a workload is the declared one, and ready."""
    status = one.get("status", {})
    if status.get("observedGeneration") != one["metadata"]["generation"]:
        return False
    if one["kind"] == "DaemonSet":
        wanted, now = status["desiredNumberScheduled"], ("updatedNumberScheduled", "numberReady")
    else:
        wanted, now = one["spec"]["replicas"], ("updatedReplicas", "readyReplicas")
    # A Deployment counts pods of before in `replicas` until they have ended.
    return all(status.get(each, 0) == wanted for each in now) and status.get("replicas", 0) in (0, wanted)


def _is_scheduled(job: Mapping[str, Any]) -> bool:
    """Whether a CronJob made it: nothing waits for tonight's."""
    return any(owner["kind"] == "CronJob" for owner in job["metadata"].get("ownerReferences") or ())


def _is_done(job: Mapping[str, Any]) -> bool:
    conditions = job.get("status", {}).get("conditions") or ()
    return any(one["type"] == "Complete" and one["status"] == "True" for one in conditions)


def _list_of(objects: Iterable[Mapping[str, Any]]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})


def encoded(secret: Mapping[str, Any]) -> Mapping[str, Any]:
    """A Secret as the server keeps it: what it is given as text would never compare equal to that."""
    data = {key: base64.b64encode(text.encode()).decode() for key, text in secret["stringData"].items()}
    return {**{key: value for key, value in secret.items() if key != "stringData"}, "data": data}


def _by_name(printed: str) -> dict[str, Mapping[str, Any]]:
    """`Kind namespace/name` -> what was declared of it: neither its state nor the server's own notes."""
    found = json.loads(printed) if printed.strip() else {"items": []}
    known: dict[str, Mapping[str, Any]] = {}
    for one in found.get("items", [found]):
        meta = {key: value for key, value in one["metadata"].items() if key not in _NOTES}
        place = "/".join(part for part in (meta.get("namespace"), meta["name"]) if part)
        known[f"{one['kind']} {place}"] = {**one, "metadata": meta, "status": None}
    return known
