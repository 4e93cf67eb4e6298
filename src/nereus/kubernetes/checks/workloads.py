"""Every pod: its entry, its image, what it asks for, its rights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nereus.errors import BadInput
from nereus.kubernetes.catalogue import LABEL, Catalogue
from nereus.kubernetes.checks.objects import Fault, Object, Pods
from nereus.kubernetes.quantities import in_bytes, millicores
from nereus.kubernetes.render.demand import Demand, Sized
from nereus.suggest import closest

_PRIORITY_CLASSES = {"services": "nereus-services", "notebooks": "nereus-notebooks", "warehouse": "nereus-warehouse"}
_BASELINE_HOST = ("hostNetwork", "hostPID", "hostIPC")


def faults(found: Pods, catalogue: Catalogue, sized: Sized) -> Iterator[Fault]:
    """Everything that is wrong with one workload's pods."""
    if found.component is None:
        label = found.labels.get(LABEL)
        meant = closest(label, catalogue.components) if label else None
        fix = f"Did you mean {meant}?" if meant else f"Give it the label {LABEL} and an entry in components.yaml."
        yield Fault(found.where, f"its pods have {LABEL} {label!r}; components.yaml has no such entry.", fix)
        return
    demand = sized.demands.get(found.component)
    if demand is None:
        yield Fault(
            found.where,
            f"{found.component} is not installed beside what the cluster has already.",
            "Move it to a folder that unless.yaml leaves out.",
        )
        return
    yield from _entry(found, demand, sized)
    yield from _rights(found, catalogue)
    for container in found.containers():
        yield from _image(found, container, catalogue)
        yield from _resources(found, container)


def _entry(found: Pods, demand: Demand, sized: Sized) -> Iterator[Fault]:
    one = demand.component
    if found.namespace != one.namespace:
        yield Fault(
            found.where, f"its namespace is {found.namespace}; components.yaml says {one.namespace}.", "Correct one."
        )
    if found.replicas is not None and found.replicas != demand.replicas:
        if one.spread == "required" and found.replicas > sized.nodes:
            wrong = (
                f"{found.replicas} replicas that exclude each other on {sized.nodes} machines: the rest stay pending."
            )
        else:
            wrong = f"{found.replicas} replicas; the plan has {demand.replicas}."
        yield Fault(found.where, wrong, f"Write replicas: ${{replicas.{found.component}}}.")
    anti = ((found.spec.get("affinity") or {}).get("podAntiAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    if one.spread == "required" and not anti:
        wrong = "nothing keeps two of them off one machine; components.yaml says spread: required."
        yield Fault(found.where, wrong, f"Write affinity: ${{affinity.{found.component}}}.")
    wanted = _PRIORITY_CLASSES[one.priority]
    priority = found.spec.get("priorityClassName")
    # A DorisCluster cannot name one: its pods stand at 0, where nothing of the platform goes before them.
    if one.operator != "DorisCluster" and priority != wanted:
        yield Fault(found.where, f"priority class {priority!r}; expected {wanted}.", f"Write {wanted}.")
    yield from _asks(found, demand)
    yield from _claims(found, demand)


def _asks(found: Pods, demand: Demand) -> Iterator[Fault]:
    """All containers together ask for what the schedule was predicted with."""
    cpu = memory = 0
    for container in found.spec.get("containers") or []:
        requests = (container.get("resources") or {}).get("requests") or {}
        try:
            cpu += millicores(requests.get("cpu", 0), "cpu")
            memory += in_bytes(requests.get("memory", 0), "memory")
        except BadInput as error:
            yield Fault(found.where, error.message, error.fix or "")
            return
    if (cpu, memory) != (demand.cpu_request, demand.memory_request):
        yield Fault(
            found.where,
            f"it asks for {cpu}m cores and {memory:,} bytes; the plan has {demand.cpu_request}m and "
            f"{demand.memory_request:,}.",
            f"Write resources: ${{resources.{found.component}}}, or change components.yaml.",
        )


def _claims(found: Pods, demand: Demand) -> Iterator[Fault]:
    """No volume is smaller than what is planned to lie on it."""
    for volume, size in demand.volumes.items():
        claim = found.claims.get(volume)
        if claim is None:
            if found.kind in {"StatefulSet", "Pod"}:
                wrong = f"no claim called {volume}: what it writes would be lost with its pod."
                yield Fault(found.where, wrong, "Add the claim that components.yaml names.")
            continue
        given = in_bytes(((claim.get("resources") or {}).get("requests") or {}).get("storage", 0), volume)
        if given < size:
            yield Fault(
                found.where,
                f"its volume {volume} has {given:,} bytes; the plan puts {size:,} on it.",
                f"Write ${{volumes.{found.component}.{volume}}}.",
            )


def _image(found: Pods, container: Object, catalogue: Catalogue) -> Iterator[Fault]:
    image = str(container.get("image", ""))
    where = f"{found.where}, container {container.get('name')}"
    if image in catalogue.images.values():
        return
    tag = image.rpartition("/")[2].partition(":")[2]
    if tag in {"", "latest"}:
        yield Fault(
            where, f"image {image!r} has no fixed version.", "Write ${images.<name>}; versions.yaml has its tag."
        )
    else:
        meant = closest(image, catalogue.images.values())
        fix = (
            f"Did you mean {meant}?"
            if meant
            else "Add it to versions.yaml, section images: the bundle is made from it."
        )
        yield Fault(where, f"image {image!r} is not in versions.yaml: it would not be in the bundle.", fix)


def _resources(found: Pods, container: Object) -> Iterator[Fault]:
    given = container.get("resources") or {}
    where = f"{found.where}, container {container.get('name')}"
    for kind in ("requests", "limits"):
        for what in ("cpu", "memory"):
            if what not in (given.get(kind) or {}):
                yield Fault(where, f"no {kind}.{what}.", f"Write resources: ${{resources.{found.component}}}.")
    try:
        asked = in_bytes((given.get("requests") or {}).get("memory", 0), "requests.memory")
        limit = in_bytes((given.get("limits") or {}).get("memory", asked), "limits.memory")
    except BadInput:
        return
    if asked > limit:
        yield Fault(where, "requests.memory is above limits.memory.", "Raise the limit or lower the request.")


def _rights(found: Pods, catalogue: Catalogue) -> Iterator[Fault]:
    """Pod Security, as the namespace enforces it: a template is refused here, not only its pods."""
    space = catalogue.namespaces.get(found.namespace)
    level = space.pod_security if space else "restricted"
    if level == "privileged":
        return
    pod = found.spec.get("securityContext") or {}
    for key in _BASELINE_HOST:
        if found.spec.get(key):
            yield Fault(found.where, f"{key} is set in a {level} namespace.", "Remove it.")
    for volume in found.spec.get("volumes") or []:
        if "hostPath" in volume:
            yield Fault(found.where, f"volume {volume['name']} is a hostPath in a {level} namespace.", "Use a claim.")
    for container in found.containers():
        where = f"{found.where}, container {container.get('name')}"
        own = container.get("securityContext") or {}
        if own.get("privileged"):
            yield Fault(where, f"privileged in a {level} namespace.", _unprivileged(container))
        if level == "restricted":
            yield from _restricted(where, pod, own)


def _unprivileged(container: Object) -> str:
    if container.get("name") == "default-init":
        return "Write skipDefaultSystemInit: true; Ansible has prepared the machine."
    return "Remove it, or say in namespaces.yaml why the namespace needs it."


def _restricted(where: str, pod: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[Fault]:
    if not own.get("runAsNonRoot", pod.get("runAsNonRoot")) or own.get("runAsUser", pod.get("runAsUser")) == 0:
        yield Fault(where, "it may run as root.", "Write runAsNonRoot: true and a user other than 0.")
    profile = (own.get("seccompProfile") or pod.get("seccompProfile") or {}).get("type")
    if profile not in {"RuntimeDefault", "Localhost"}:
        yield Fault(where, "it has no seccomp profile.", "Write seccompProfile: {type: RuntimeDefault}.")
    if own.get("allowPrivilegeEscalation") is not False:
        yield Fault(where, "it may gain privileges.", "Write allowPrivilegeEscalation: false.")
    if "ALL" not in ((own.get("capabilities") or {}).get("drop") or []):
        yield Fault(where, "it keeps capabilities.", "Write capabilities: {drop: [ALL]}.")
