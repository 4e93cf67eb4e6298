"""What objects name and what is not there: the mistakes that only a kubelet or a client would meet.

A simulated node starts every pod, so a Secret that does not exist, a key that is misspelt or a Service that selects
nothing would go unseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nereus.kubernetes.sim.api import Api, Object

_HOLDERS = {"secret": "Secret", "configMap": "ConfigMap"}


@dataclass(frozen=True)
class _Held:
    """Names and keys of what pods may refer to: (kind, namespace, name) -> keys."""

    keys: Mapping[tuple[str, str, str], frozenset[str]]

    @classmethod
    def of(cls, api: Api) -> _Held:
        found = {}
        for kind in _HOLDERS.values():
            for one in api.list("v1", kind):
                meta = one["metadata"]
                keys = frozenset({**(one.get("data") or {}), **(one.get("binaryData") or {})})
                found[kind, meta["namespace"], meta["name"]] = keys
        return cls(found)

    def fault(self, kind: str, namespace: str, name: str, key: str | None = None) -> str | None:
        """What is wrong with a reference; None when all is there."""
        keys = self.keys.get((kind, namespace, name))
        if keys is None:
            return f"there is no {kind} {name}"
        if key is not None and key not in keys:
            return f"the {kind} {name} has no key {key} (it has {', '.join(sorted(keys)) or 'none'})"
        return None


def missing(api: Api) -> Iterator[str]:
    """Everything that is named and does not exist."""
    held, pods = _Held.of(api), api.list("v1", "Pod")
    seen: set[str] = set()
    for pod in pods:
        namespace = pod["metadata"]["namespace"]
        for fault in _of_pod(pod["spec"], namespace, held):
            if fault not in seen:
                seen.add(fault)
                yield f"{fault} (Pod {namespace}/{pod['metadata']['name']})"
    services = {(each["metadata"]["namespace"], each["metadata"]["name"]): each for each in api.list("v1", "Service")}
    for (namespace, name), service in services.items():
        wrong = _of_service(service, [pod for pod in pods if pod["metadata"]["namespace"] == namespace])
        if wrong:
            yield f"Service {namespace}/{name} {wrong}"
    for ingress in api.list("networking.k8s.io/v1", "Ingress"):
        yield from _of_ingress(ingress, services)
    for budget in api.list("policy/v1", "PodDisruptionBudget"):
        if budget.get("status", {}).get("expectedPods", 0) == 0:
            meta = budget["metadata"]
            yield f"PodDisruptionBudget {meta['namespace']}/{meta['name']} covers no pod"


def _of_pod(spec: Object, namespace: str, held: _Held) -> Iterator[str]:
    for volume in spec.get("volumes") or []:
        yield from _of_volume(volume, namespace, held)
    for container in [*(spec.get("initContainers") or []), *spec["containers"]]:
        for each in container.get("env") or []:
            for word, kind in _HOLDERS.items():
                said = (each.get("valueFrom") or {}).get(f"{word}KeyRef")
                if said and not said.get("optional"):
                    fault = held.fault(kind, namespace, said["name"], said["key"])
                    if fault:
                        yield fault
        for each in container.get("envFrom") or []:
            for word, kind in _HOLDERS.items():
                said = each.get(f"{word}Ref")
                if said and not said.get("optional") and (fault := held.fault(kind, namespace, said["name"])):
                    yield fault
    for secret in spec.get("imagePullSecrets") or []:
        if fault := held.fault("Secret", namespace, secret["name"]):
            yield fault


def _of_volume(volume: Object, namespace: str, held: _Held) -> Iterator[str]:
    sources = [volume, *((volume.get("projected") or {}).get("sources") or [])]
    for source in sources:
        for word, kind in _HOLDERS.items():
            said = source.get(word)
            if not said or said.get("optional"):
                continue
            name = said.get("secretName") or said.get("name")
            for item in said.get("items") or [{}]:
                if fault := held.fault(kind, namespace, name, item.get("key")):
                    yield fault


def _of_service(service: Object, pods: list[Object]) -> str | None:
    selector = service["spec"].get("selector")
    if not selector:
        return None
    chosen = [pod for pod in pods if selector.items() <= (pod["metadata"].get("labels") or {}).items()]
    if not chosen:
        # A standby's service of a database with one instance selects nothing, and says so by its name.
        return None if _may_be_empty(service) else f"selects no pod: {selector}"
    named = {
        port.get("name")
        for pod in chosen
        for container in pod["spec"]["containers"]
        for port in container.get("ports") or []
    }
    for port in service["spec"].get("ports") or []:
        target = port.get("targetPort")
        if isinstance(target, str) and target not in named:
            return f"forwards to port {target!r}, which its pods do not have"
    return None


def _may_be_empty(service: Object) -> bool:
    return bool({"cnpg.io/instanceRole"} & set(service["spec"]["selector"])) and service["metadata"]["name"].endswith(
        "-ro"
    )


def _of_ingress(ingress: Object, services: Mapping[tuple[str, str], Object]) -> Iterator[str]:
    meta = ingress["metadata"]
    for rule in ingress["spec"].get("rules") or []:
        for path in (rule.get("http") or {}).get("paths") or []:
            wanted = path["backend"]["service"]
            where = f"Ingress {meta['namespace']}/{meta['name']}: {rule.get('host', '*')}{path.get('path', '')}"
            service = services.get((meta["namespace"], wanted["name"]))
            if service is None:
                yield f"{where} goes to the Service {wanted['name']}, which does not exist"
                continue
            port = wanted.get("port") or {}
            known = {port_of.get("name") for port_of in service["spec"]["ports"]}
            known |= {port_of["port"] for port_of in service["spec"]["ports"]}
            if port.get("name", port.get("number")) not in known:
                has = ", ".join(sorted(map(str, known - {None})))
                yield f"{where} goes to port {port} of the Service {wanted['name']}, which has {has}"
