"""What objects name: every Secret, ConfigMap, Service, account, class and namespace is there, and nothing is twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nereus.kubernetes.catalogue import Catalogue
from nereus.kubernetes.checks.objects import Fault, Object, Pods, name
from nereus.suggest import closest

#: Made by a controller when it is needed: no manifest of ours holds them.
_MADE_LATER = {
    ("Secret", "nereus-superset", "superset-db-app"): ("uri", "username", "password", "dbname", "host", "port"),
    ("Secret", "nereus-certificates", "nereus-authority"): ("tls.crt", "tls.key"),
}
_CLUSTER_WIDE = {
    "Namespace", "PriorityClass", "StorageClass", "ClusterRole", "ClusterRoleBinding", "ClusterIssuer",
    "CustomResourceDefinition",
}  # fmt: skip


class Known:
    """Everything that can be referred to."""

    def __init__(self, objects: Iterable[Object], catalogue: Catalogue, charts: frozenset[str]) -> None:
        self.objects = list(objects)
        self.catalogue = catalogue
        self._keys: dict[tuple[str, str, str], frozenset[str]] = {}
        for kind_space_name, keys in _MADE_LATER.items():
            self._keys[kind_space_name] = frozenset(keys)
        for secret, declared in catalogue.secrets.items():
            self._keys["Secret", declared.namespace, secret] = frozenset(declared.keys)
        for one in self.objects:
            meta = one["metadata"]
            held = {**(one.get("data") or {}), **(one.get("stringData") or {}), **(one.get("binaryData") or {})}
            self._keys[one["kind"], meta.get("namespace", ""), meta["name"]] = frozenset(held)
        #: Namespaces into which a chart puts Services and accounts that are not seen here.
        self.charted = frozenset(one.namespace for one in catalogue.components.values() if one.chart in charts)

    def fault(self, kind: str, space: str, wanted: str, key: str | None = None) -> tuple[str, str] | None:
        """What is wrong with a reference and how to mend it; None when all is there."""
        keys = self._keys.get((kind, space, wanted))
        if keys is None:
            names = [each[2] for each in self._keys if each[:2] == (kind, space)]
            meant = closest(wanted, names)
            home = "secrets.yaml" if kind == "Secret" else "a manifest"
            fix = f"Did you mean {meant}?" if meant else f"Add it to {home}, or correct the name."
            return f"there is no {kind} {wanted} in {space or 'the cluster'}.", fix
        if key is not None and key not in keys:
            meant = closest(key, keys)
            fix = f"Did you mean {meant}?" if meant else f"It has {', '.join(sorted(keys)) or 'none'}."
            return f"the {kind} {wanted} has no key {key}.", fix
        return None


def faults(known: Known, found: Iterable[Pods]) -> Iterator[Fault]:
    """Everything that is named and not there, or there twice."""
    yield from _twice(known.objects)
    homeless = list(_namespaces(known))
    yield from homeless
    if homeless:
        return
    workloads = list(found)
    for each in workloads:
        yield from _of_pods(known, each)
    for one in known.objects:
        match one["kind"]:
            case "Service":
                yield from _service(known, one, workloads)
            case "Ingress":
                yield from _ingress(known, one)
            case "PodDisruptionBudget":
                yield from _budget(one, workloads)
            case "DorisCluster":
                yield from _doris(known, one)
    yield from _hosts(known.objects)


def _twice(objects: Iterable[Object]) -> Iterator[Fault]:
    for what, times in Counter(f"{name(one)}" for one in objects).items():
        if times > 1:
            yield Fault(what, f"it stands there {times} times.", "Remove all but one.")


def _namespaces(known: Known) -> Iterator[Fault]:
    for one in known.objects:
        space = one["metadata"].get("namespace")
        if one["kind"] in _CLUSTER_WIDE:
            continue
        if not space:
            yield Fault(name(one), "it names no namespace.", "Write metadata.namespace.")
        elif wrong := known.fault("Namespace", "", space):
            yield Fault(name(one), *wrong)


def _of_pods(known: Known, found: Pods) -> Iterator[Fault]:
    for kind, wanted, key in _named(found.spec):
        if wrong := known.fault(kind, found.namespace, wanted, key):
            yield Fault(found.where, *wrong)
    account = found.spec.get("serviceAccountName")
    if account and (wrong := known.fault("ServiceAccount", found.namespace, account)):
        yield Fault(found.where, *wrong)
    priority = found.spec.get("priorityClassName")
    if priority and (wrong := known.fault("PriorityClass", "", priority)):
        yield Fault(found.where, *wrong)
    volumes = {each["name"] for each in found.spec.get("volumes") or []} | set(found.claims)
    for container in found.containers():
        for mount in container.get("volumeMounts") or []:
            if mount["name"] not in volumes:
                where = f"{found.where}, container {container['name']}"
                yield Fault(where, f"it mounts {mount['name']}; there is no such volume.", "Add it, or correct it.")


def _named(spec: Object) -> Iterator[tuple[str, str, str | None]]:
    """(kind, name, key) of everything that a pod reads and cannot start without."""
    for volume in spec.get("volumes") or []:
        sources = [volume, *((volume.get("projected") or {}).get("sources") or [])]
        for each in sources:
            for word, kind, field in (("secret", "Secret", "secretName"), ("configMap", "ConfigMap", "name")):
                said = each.get(word)
                wanted = said and (said.get(field) or said.get("name"))
                if wanted and not said.get("optional"):
                    yield kind, wanted, None
                    for item in said.get("items") or []:
                        yield kind, wanted, item["key"]
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        for each in container.get("env") or []:
            for word, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
                said = (each.get("valueFrom") or {}).get(word)
                if said and not said.get("optional"):
                    yield kind, said["name"], said["key"]
        for each in container.get("envFrom") or []:
            for word, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
                said = each.get(word)
                if said and not said.get("optional"):
                    yield kind, said["name"], None


def _service(known: Known, one: Object, workloads: Iterable[Pods]) -> Iterator[Fault]:
    selector, space = one["spec"].get("selector"), one["metadata"]["namespace"]
    if not selector:
        return
    chosen = [each for each in workloads if each.namespace == space and _selects(selector, each.labels)]
    if not chosen:
        if space not in known.charted:
            yield Fault(name(one), "it selects no pod.", "Write the labels that its pods have.")
        return
    ports = {
        port: container
        for each in chosen
        for container in each.containers()
        for declared in container.get("ports") or []
        for port in (declared.get("name"), declared["containerPort"])
    }
    for each in one["spec"].get("ports") or []:
        target = each.get("targetPort", each["port"])
        if isinstance(target, str) and target not in ports:
            meant = closest(target, [port for port in ports if isinstance(port, str)])
            fix = f"Did you mean {meant}?" if meant else "Name a port of its pods' containers."
            yield Fault(name(one), f"its pods have no port {target}.", fix)


def _selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in selector.items())


def _ingress(known: Known, one: Object) -> Iterator[Fault]:
    space, spec = one["metadata"]["namespace"], one["spec"]
    if not spec.get("ingressClassName"):
        yield Fault(name(one), "it names no ingress class.", "Write ingressClassName: ${ingress.class}.")
    covered = {host for each in spec.get("tls") or [] for host in each.get("hosts") or []}
    services = {
        each["metadata"]["name"]: {port.get("name") for port in each["spec"]["ports"]}
        | {port["port"] for port in each["spec"]["ports"]}
        for each in known.objects
        if each["kind"] == "Service" and each["metadata"]["namespace"] == space
    }
    for rule in spec.get("rules") or []:
        if rule.get("host") not in covered:
            yield Fault(name(one), f"host {rule.get('host')} has no certificate.", "Add it to spec.tls.")
        for path in (rule.get("http") or {}).get("paths") or []:
            backend = path["backend"]["service"]
            port = backend["port"].get("name") or backend["port"].get("number")
            if backend["name"] not in services:
                if space not in known.charted:
                    meant = closest(backend["name"], services)
                    fix = f"Did you mean {meant}?" if meant else "Name a Service of that namespace."
                    yield Fault(name(one), f"there is no Service {backend['name']} in {space}.", fix)
            elif port not in services[backend["name"]]:
                yield Fault(name(one), f"Service {backend['name']} has no port {port}.", "Name one that it has.")


def _hosts(objects: Iterable[Object]) -> Iterator[Fault]:
    users: dict[str, list[str]] = defaultdict(list)
    for one in objects:
        if one["kind"] == "Ingress":
            for rule in one["spec"].get("rules") or []:
                users[rule.get("host", "")].append(name(one))
    for host, names in users.items():
        if len(names) > 1:
            yield Fault(names[1], f"the host {host} is {names[0]}'s already.", "Give each its own host.")


def _budget(one: Object, workloads: Iterable[Pods]) -> Iterator[Fault]:
    space, spec = one["metadata"]["namespace"], one["spec"]
    chosen = [
        each
        for each in workloads
        if each.namespace == space and _selects((spec.get("selector") or {}).get("matchLabels") or {}, each.labels)
    ]
    if not chosen:
        yield Fault(name(one), "it covers no pod.", "Write the labels that its pods have.")
        return
    replicas = sum(each.replicas or 0 for each in chosen)
    if spec.get("maxUnavailable") in {0, "0%"} or _count(spec.get("minAvailable"), replicas) >= replicas:
        yield Fault(name(one), "it lets no pod go: no machine could ever be emptied.", "Write maxUnavailable: 1.")


def _count(given: Any, replicas: int) -> int:  # noqa: ANN401 - a number or a percentage
    if given is None:
        return -1
    if isinstance(given, str) and given.endswith("%"):
        return -(-replicas * int(given[:-1]) // 100)
    return int(given)


def _doris(known: Known, one: Object) -> Iterator[Fault]:
    space, spec = one["metadata"]["namespace"], one["spec"]
    named = [("Secret", spec.get("authSecret"))]
    named += [
        ("ConfigMap", ((spec.get(f"{part}Spec") or {}).get("configMapInfo") or {}).get("configMapName"))
        for part in ("fe", "be")
    ]
    for kind, wanted in named:
        if not wanted:
            yield Fault(name(one), f"it names no {kind}.", "Name the one of its namespace.")
        elif wrong := known.fault(kind, space, wanted):
            yield Fault(name(one), *wrong)
