"""What is wrong on a cluster, read from its API server: pods without a node, refused pods, claims without a volume.

Every function returns lines for a person, empty when all is well. They look at objects only, so they tell as much of a
real cluster as of a simulated one.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from nereus.kubernetes.quantities import in_bytes
from nereus.kubernetes.sim.api import Api, Object, Refused
from nereus.kubernetes.standins import MARK

_POLL_S = 0.2
#: Events that say that something could not be made as it was declared.
_BAD_EVENTS = ("FailedCreate", "FailedMount", "ProvisioningFailed", "StandInRefused", "StandInFailed", "ClaimLost")
_WORKLOADS = (("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "Job"))


@dataclass(frozen=True)
class Findings:
    """What was looked at and what was found wrong."""

    pods: int
    stand_in_pods: int
    claims: int
    wrong: tuple[str, ...]
    by_stand_in: Mapping[str, int] = field(default_factory=dict)


def name(one: Object) -> str:
    """NAMESPACE/NAME."""
    meta = one["metadata"]
    return f"{meta.get('namespace', '')}/{meta['name']}".lstrip("/")


def look(api: Api) -> Findings:
    """Everything that can be read off a cluster that has settled."""
    pods, claims = api.list("v1", "Pod"), api.list("v1", "PersistentVolumeClaim")
    made: dict[str, int] = defaultdict(int)
    for pod in pods:
        if controller := (pod["metadata"].get("annotations") or {}).get(MARK):
            made[controller] += 1
    wrong = (*unfinished(api), *unscheduled(pods), *unbound(claims), *complaints(api))
    return Findings(len(pods), sum(made.values()), len(claims), tuple(wrong), dict(made))


def settle(api: Api, limit_s: float = 120) -> tuple[str, ...]:
    """Wait until every workload is rolled out. Returns what is not by then.

    Ends early when nothing has changed for a while and the scheduler has said why: waiting longer helps nobody.
    """
    limit, quiet_since, before = time.monotonic() + limit_s, time.monotonic(), ""
    while True:
        left = tuple(unfinished(api))
        now = repr(sorted(left)) + repr(len(api.list("v1", "Pod")))
        if now != before:
            before, quiet_since = now, time.monotonic()
        quiet = time.monotonic() - quiet_since
        if (not left and quiet > 1) or time.monotonic() > limit:
            return left
        if left and quiet > 8:
            return left
        time.sleep(_POLL_S)


def unfinished(api: Api) -> Iterator[str]:
    """Workloads that have fewer ready pods than they declare, or whose last change is not seen yet."""
    for version, kind in _WORKLOADS:
        for one in api.list(version, kind):
            wanted, ready = _wanted(one), _ready(one)
            if ready < wanted or one["status"].get("observedGeneration", 1) < one["metadata"].get("generation", 1):
                yield f"{kind} {name(one)}: {ready} of {wanted} ready"


def _wanted(one: Object) -> int:
    match one["kind"]:
        case "DaemonSet":
            return int(one["status"].get("desiredNumberScheduled", 1))
        case "Job":
            return 0 if one["spec"].get("suspend") else int(one["spec"].get("completions", 1))
        case _:
            return int(one["spec"].get("replicas", 1))


def _ready(one: Object) -> int:
    status = one["status"]
    match one["kind"]:
        case "DaemonSet":
            return int(status.get("numberReady", 0))
        case "Job":
            return int(status.get("succeeded", 0))
        case _:
            return min(int(status.get("readyReplicas", 0)), int(status.get("updatedReplicas", 0)))


def unscheduled(pods: Iterable[Object]) -> Iterator[str]:
    """Pods that no node has room for, with the scheduler's own words."""
    for pod in pods:
        if pod["spec"].get("nodeName") or pod["metadata"].get("deletionTimestamp"):
            continue
        conditions = pod.get("status", {}).get("conditions") or []
        said = [each.get("message", "") for each in conditions if each["type"] == "PodScheduled"]
        yield f"Pod {name(pod)} is Pending: {' '.join(said) or 'the scheduler has not looked at it yet'}"


def unbound(claims: Iterable[Object]) -> Iterator[str]:
    """Claims without a volume."""
    for claim in claims:
        if claim.get("status", {}).get("phase") != "Bound":
            wanted = claim["spec"].get("storageClassName", "the default class")
            yield f"PersistentVolumeClaim {name(claim)} is {claim.get('status', {}).get('phase')} ({wanted})"


def complaints(api: Api) -> Iterator[str]:
    """Warnings of controllers that could not make what was declared."""
    seen = set()
    for event in api.list("v1", "Event"):
        if event.get("reason") in _BAD_EVENTS:
            about = event.get("involvedObject", {})
            line = f"{about.get('kind')} {about.get('namespace')}/{about.get('name')}: {event['reason']}: "
            line += event.get("message", "")
            if line not in seen:
                seen.add(line)
                yield line


def together(pods: Iterable[Object], labels: Mapping[str, str]) -> Iterator[str]:
    """Pods of one component that share a node."""
    on: dict[str, list[str]] = defaultdict(list)
    for pod in pods:
        own = pod["metadata"].get("labels") or {}
        if all(own.get(key) == value for key, value in labels.items()) and pod["spec"].get("nodeName"):
            on[pod["spec"]["nodeName"]].append(name(pod))
    for node, names in on.items():
        if len(names) > 1:
            yield f"{', '.join(sorted(names))} share {node}"


def claimed(api: Api) -> dict[tuple[str, str], int]:
    """(node, storage class) -> bytes of the volumes that lie there."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for volume in api.list("v1", "PersistentVolume"):
        if volume.get("status", {}).get("phase") != "Bound":
            continue
        size = in_bytes(volume["spec"]["capacity"]["storage"], f"PersistentVolume {name(volume)}")
        sums[_node_of(volume), volume["spec"].get("storageClassName", "")] += size
    return dict(sums)


def _node_of(volume: Object) -> str:
    terms = volume["spec"].get("nodeAffinity", {}).get("required", {}).get("nodeSelectorTerms", [])
    for term in terms:
        for each in term.get("matchExpressions", []):
            if each["key"] == "kubernetes.io/hostname":
                return str(each["values"][0])
    return ""


def drain(api: Api, node: str, limit_s: float = 60) -> tuple[str, ...]:
    """Cordon a node and evict its pods, waiting where a disruption budget asks for it.

    Returns the pods that could not be moved away in `limit_s` seconds. The node stays cordoned: see `uncordon`.
    """
    api.patch("v1", "Node", node, {"spec": {"unschedulable": True}})
    limit = time.monotonic() + limit_s
    while True:
        left = []
        for pod in api.list("v1", "Pod"):
            if pod["spec"].get("nodeName") != node or _stays(pod):
                continue
            try:
                api.evict(pod["metadata"]["name"], pod["metadata"]["namespace"])
            except Refused as error:
                if error.status != 404:
                    left.append(f"{name(pod)}: {error.message}")
            else:
                left.append(f"{name(pod)}: leaving")
        if not left or time.monotonic() > limit:
            return tuple(left)
        time.sleep(_POLL_S)


def uncordon(api: Api, node: str) -> None:
    """Let pods come back to a node."""
    api.patch("v1", "Node", node, {"spec": {"unschedulable": None}})


def _stays(pod: Object) -> bool:
    """Pods of a DaemonSet stay, and finished ones are nobody's loss."""
    owners = pod["metadata"].get("ownerReferences") or []
    finished = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
    return finished or any(owner["kind"] == "DaemonSet" for owner in owners)
