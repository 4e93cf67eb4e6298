"""flows.yaml -> NetworkPolicies: nothing but what is declared there gets in or out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nereus.kubernetes.catalogue import Catalogue, Component, Flow

Object = dict[str, Any]
#: Where Kubernetes keeps its DNS.
_DNS = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
}


class Network:
    """The policies of one platform.

    `existing` says where the ingress, the object store and the monitoring are when they are not ours: a namespace, or
    for the object store a range of addresses.
    """

    def __init__(self, catalogue: Catalogue, there: frozenset[str], existing: Mapping[str, str]) -> None:
        self._catalogue = catalogue
        self._existing = existing
        self._components = {name: one for name, one in catalogue.components.items() if one.unless not in there}
        self._there = there

    def flows(self) -> Iterator[Flow]:
        """What is allowed between what is really installed, with `ingress` and `s3` resolved."""
        for flow in self._catalogue.flows:
            source, target = self._resolved(flow.source), self._resolved(flow.target)
            gone = {name for name in (source, target) if self._absent(name)}
            if gone <= {"prometheus"} and not (gone and "monitoring" not in self._existing):
                yield flow.model_copy(update={"source": source, "target": target})

    def _resolved(self, name: str) -> str:
        if name == "ingress" and "ingress" not in self._there:
            return "traefik"
        return "seaweedfs-s3" if name == "s3" and "object_store" not in self._there else name

    def _absent(self, name: str) -> bool:
        return name in self._catalogue.components and name not in self._components

    def denials(self) -> Iterator[Object]:
        """For each namespace: everything is denied, except asking the DNS."""
        for space, declared in self._catalogue.namespaces.items():
            if declared.unless in self._there:
                continue
            yield _policy("default-deny", space, {}, {"policyTypes": ["Ingress", "Egress"]})
            yield _policy("dns", space, {}, {"policyTypes": ["Egress"], "egress": [_DNS]})

    def policies(self, *, after: str | None) -> Iterator[Object]:
        """One policy for each component that the flows with this `after` concern."""
        into: dict[str, list[Flow]] = defaultdict(list)
        out: dict[str, list[Flow]] = defaultdict(list)
        for flow in self.flows():
            if flow.after == after:
                out[flow.source].append(flow)
                into[flow.target].append(flow)
        suffix = f"-after-{after}" if after else ""
        for name, one in self._components.items():
            if not (into[name] or out[name]):
                continue
            spec: Object = {"policyTypes": []}
            if into[name]:
                spec["policyTypes"].append("Ingress")
                spec["ingress"] = [self._rule("from", flow.source, self._ports(flow)) for flow in into[name]]
            if out[name]:
                spec["policyTypes"].append("Egress")
                spec["egress"] = [self._rule("to", flow.target, self._ports(flow)) for flow in out[name]]
            yield _policy(name + suffix, one.namespace, dict(self._catalogue.labels(name)), spec)

    def _ports(self, flow: Flow) -> tuple[int, ...]:
        target = self._components.get(flow.target)
        if target:
            return tuple(target.ports[str(port)] for port in flow.ports)
        if flow.target == "s3":
            return (int(self._existing["object_store_port"]),)
        return tuple(int(port) for port in flow.ports)

    def _rule(self, side: str, peer: str, ports: Iterable[int]) -> Object:
        rule: Object = {"ports": [{"port": port, "protocol": "TCP"} for port in ports]}
        peers = self._peers(peer)
        return {side: peers, **rule} if peers else rule

    def _peers(self, name: str) -> list[Object]:
        one: Component | None = self._components.get(name)
        if one is not None:
            return [_pods(one.namespace, self._catalogue.labels(name))]
        if name == "ingress":
            return [_pods(self._existing["ingress"])]
        if name == "prometheus":
            return [_pods(self._existing["monitoring"])]
        if name == "s3":
            return [{"ipBlock": {"cidr": self._existing["object_store"]}}]
        # The API server, the machines and the world have no labels: the port alone is limited.
        return []


def _pods(namespace: str, labels: Mapping[str, str] | None = None) -> Object:
    found: Object = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    if labels:
        found["podSelector"] = {"matchLabels": dict(labels)}
    return found


def _policy(name: str, namespace: str, labels: Mapping[str, str], spec: Object) -> Object:
    selector = {"matchLabels": dict(labels)} if labels else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": selector, **spec},
    }
