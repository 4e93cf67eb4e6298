"""The tables of k8s/ and what the policies made from them let through -> docs/kubernetes-flows.md.

python -m nereus.kubernetes.diagram > docs/kubernetes-flows.md
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator

from nereus.kubernetes import catalogue
from nereus.kubernetes.catalogue import Catalogue
from nereus.kubernetes.checks.traffic import Passage, passages, unlabelled
from nereus.kubernetes.render.network import Network

_HEAD = """# Who talks to whom on Kubernetes

Made from `k8s/*.yaml` and the NetworkPolicies that follow from them (`python -m nereus.kubernetes.diagram`); a test
compares. Every arrow is computed from the policies, not only declared. All else is denied: each namespace starts with a
policy that lets nothing in or out, except questions to the cluster's DNS.
"""


def page(tables: Catalogue) -> str:
    """The whole page."""
    return "\n".join(_lines(tables)) + "\n"


def _lines(tables: Catalogue) -> Iterator[str]:
    network = Network(tables, frozenset(), {})
    policies = [*network.denials(), *network.policies(after=None), *network.policies(after="setup")]
    declared = {(flow.source, flow.target) for flow in network.flows()}
    ways = unlabelled(network, tables.components)
    apart = {each for each in ways if (each.source, each.target) not in declared}
    open_now = sorted(set(passages(policies, tables.components, tables)) - apart, key=_order)
    yield _HEAD
    yield "```mermaid"
    yield "flowchart LR"
    for space in tables.namespaces:
        inside = [name for name, one in tables.components.items() if one.namespace == space]
        if inside:
            yield f'  subgraph {space}["{space}"]'
            yield from (f"    {name}" for name in inside)
            yield "  end"
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in open_now:
        grouped[each.source, each.target].append(_port_name(tables, each))
    for (source, target), ports in grouped.items():
        # Metrics would cover the picture; they stand in the table.
        if source != "prometheus":
            yield f"  {source} -->|{' '.join(ports)}| {target}"
    yield "```"
    yield ""
    yield "| from | to | ports | why |"
    yield "|---|---|---|---|"
    for flow in network.flows():
        later = " (opened once no user of the warehouse is without a password)" if flow.after else ""
        named = " ".join(f"{port}" for port in flow.ports)
        yield f"| {flow.source} | {flow.target} | {named} | {flow.why}{later} |"
    yield ""
    yield "## What policies cannot tell apart"
    yield ""
    yield (
        "A NetworkPolicy cannot name a machine, the API server or the world: there the port alone is limited. So\n"
        "these ways are open although nobody declared them:"
    )
    yield ""
    for each in sorted(apart, key=_order):
        yield f"- {each.source} to {each.target}, {_port_name(tables, each)} ({each.port})"
    yield ""
    yield "## Where Pod Security is not restricted"
    yield ""
    yield "| namespace | for | level | why |"
    yield "|---|---|---|---|"
    for space, one in tables.namespaces.items():
        if one.pod_security != "restricted":
            yield f"| {space} | {one.purpose} | {one.pod_security} | {one.reason} |"


def _order(each: Passage) -> tuple[str, str, int]:
    return each.source, each.target, each.port


def _port_name(tables: Catalogue, each: Passage) -> str:
    ports = tables.components[each.target].ports
    return next(name for name, number in ports.items() if number == each.port)


if __name__ == "__main__":
    sys.stdout.write(page(catalogue.read()))
