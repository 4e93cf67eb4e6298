"""What the NetworkPolicies let through, computed as Kubernetes defines them, against what flows.yaml declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nereus.kubernetes.catalogue import PLACES, Catalogue, Component
from nereus.kubernetes.checks.objects import Fault, Object, Pods
from nereus.kubernetes.render.network import Network

_NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class Passage:
    """One allowed way between two components."""

    source: str
    target: str
    port: int


def faults(objects: Iterable[Object], found: Iterable[Pods], network: Network, catalogue: Catalogue) -> Iterator[Fault]:
    """Every declared flow that is blocked, every other that is open, every pod or namespace without a policy."""
    policies = [one for one in objects if one["kind"] == "NetworkPolicy"]
    spaces = {one["metadata"]["name"] for one in objects if one["kind"] == "Namespace"}
    for space in sorted(spaces):
        if not any(_denies_all(one) for one in policies if one["metadata"]["namespace"] == space):
            fix = "Render makes one for each namespace of namespaces.yaml."
            yield Fault(f"Namespace {space}", "no NetworkPolicy denies everything by default.", fix)
    for each in found:
        chosen = [one for one in policies if _selects_pod(one, each.namespace, each.labels)]
        if not any(not _denies_all(one) and one["metadata"]["name"] != "dns" for one in chosen):
            fix = "Declare in flows.yaml whom it talks to."
            yield Fault(each.where, "no NetworkPolicy speaks of its pods: nothing reaches them.", fix)
    components = {name: one for name, one in catalogue.components.items() if one.namespace in spaces}
    open_now = set(passages(policies, components, catalogue))
    declared = {
        Passage(flow.source, flow.target, _port(components[flow.target], port))
        for flow in network.flows()
        if flow.source in components and flow.target in components
        for port in flow.ports
    }
    for one in sorted(declared - open_now, key=str):
        wrong = f"flows.yaml declares {one.source} to {one.target}:{one.port}; the policies block it."
        yield Fault("NetworkPolicies", wrong, "Correct the labels or the policy.")
    for one in sorted(open_now - declared - set(unlabelled(network, components)), key=str):
        wrong = f"the policies let {one.source} reach {one.target}:{one.port}; flows.yaml does not declare it."
        yield Fault("NetworkPolicies", wrong, "Declare it with its reason, or close it.")


def passages(
    policies: Iterable[Object], components: Mapping[str, Component], catalogue: Catalogue
) -> Iterator[Passage]:
    """Every way between components: out of the one and into the other must both be allowed."""
    listed = list(policies)
    labels = {name: dict(catalogue.labels(name)) for name in components}
    chosen = {
        name: [one for one in listed if _selects_pod(one, each.namespace, labels[name])]
        for name, each in components.items()
    }
    for source, sender in components.items():
        for target, receiver in components.items():
            for port in receiver.ports.values():
                out = _allows(chosen[source], "Egress", receiver.namespace, labels[target], port)
                into = _allows(chosen[target], "Ingress", sender.namespace, labels[source], port)
                if out and into:
                    yield Passage(source, target, port)


def unlabelled(network: Network, components: Mapping[str, Component]) -> Iterator[Passage]:
    """Ways that are open because neither end can be told apart from the machines, the API server or the world.

    A policy cannot name a machine: who may talk to machines on a port, and whom machines may talk to on the same port,
    may talk to each other.
    """
    flows = list(network.flows())
    for target, receiver in components.items():
        open_to_all = {
            _port(receiver, port)
            for flow in flows
            if flow.target == target and flow.source in PLACES
            for port in flow.ports
        }
        for flow in flows:
            if flow.source in components and flow.target in PLACES:
                for port in open_to_all.intersection(flow.ports):
                    yield Passage(flow.source, target, int(port))


def _port(target: Component, port: str | int) -> int:
    return target.ports[port] if isinstance(port, str) else port


def _denies_all(one: Object) -> bool:
    spec = one["spec"]
    nothing = not spec.get("ingress") and not spec.get("egress") and not (spec.get("podSelector") or {})
    return nothing and set(spec.get("policyTypes") or []) == {"Ingress", "Egress"}


def _selects_pod(one: Object, space: str, labels: Mapping[str, str]) -> bool:
    return one["metadata"]["namespace"] == space and _matches(one["spec"].get("podSelector") or {}, labels)


def _allows(policies: Iterable[Object], side: str, space: str, labels: Mapping[str, str], port: int) -> bool:
    concerned = [one for one in policies if side in (one["spec"].get("policyTypes") or [])]
    if not concerned:
        return True
    key, peers = ("egress", "to") if side == "Egress" else ("ingress", "from")
    return any(
        _port_fits(rule, port) and _peer_fits(rule.get(peers), one, space, labels)
        for one in concerned
        for rule in one["spec"].get(key) or []
    )


def _port_fits(rule: Object, port: int) -> bool:
    return not rule.get("ports") or any(each.get("port") in {None, port} for each in rule["ports"])


def _peer_fits(peers: Any, policy: Object, space: str, labels: Mapping[str, str]) -> bool:  # noqa: ANN401
    # No peers means everybody; ranges of addresses are for what is outside.
    if not peers:
        return True
    for each in peers:
        if "ipBlock" in each:
            continue
        in_space = (
            _matches(each["namespaceSelector"] or {}, {_NAME: space})
            if "namespaceSelector" in each
            else policy["metadata"]["namespace"] == space
        )
        if in_space and _matches(each.get("podSelector") or {}, labels):
            return True
    return False


def _matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    if not all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    for each in selector.get("matchExpressions") or []:
        value, values = labels.get(each["key"]), each.get("values") or []
        held = {"In": value in values, "NotIn": value not in values, "Exists": value is not None,
                "DoesNotExist": value is None}[each["operator"]]  # fmt: skip
        if not held:
            return False
    return True
