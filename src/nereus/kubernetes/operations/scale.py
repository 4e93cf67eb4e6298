"""Another number of frontends or backends, in SQL before Kubernetes: the operator ends pods without asking Doris.

Every step looks at what is there, so a run that was broken off is finished by running it again.
"""

from __future__ import annotations

from nereus.errors import BadInput
from nereus.kubernetes.operations import doris
from nereus.kubernetes.operations.cluster import NAME, Cluster
from nereus.kubernetes.operations.doris import Node, Wait
from nereus.warehouse.client import Queries


def scale_backends(warehouse: Queries, cluster: Cluster, wanted: int, replicas: int, wait: Wait) -> list[str]:
    """Bring the backends to `wanted`. Gives what was changed, in words; nothing where it is so already.

    Surplus ones are emptied first, one after the other. Raises BadInput for fewer than tables have replicas, Failure
    where Doris makes no progress.
    """
    if wanted < max(1, replicas):
        raise BadInput(
            f"{wanted} backends cannot hold {replicas} replicas on different machines",
            fix=f"Keep {replicas} or more, or lower data.replicas and the tables' replication_num first.",
        )
    changes: list[str] = []
    for node in reversed(_surplus(doris.backends(warehouse), wanted)):
        others = [
            one for one in doris.backends(warehouse) if one.alive and not one.leaving and one.address != node.address
        ]
        if len(others) < replicas:
            raise BadInput(
                f"{node.host} cannot be emptied: only {len(others)} other backends are alive and tables have {replicas}"
                " replicas",
                fix="Repair the others first: SHOW BACKENDS says which are down.",
            )
        if not node.leaving:
            doris.decommission(warehouse, node)
        wait.until(lambda node=node: _left_on(warehouse, node), f"emptying {node.host}")  # type: ignore[misc]
        changes.append(f"{node.host} emptied and forgotten")
    there = int(cluster.spec()["beSpec"]["replicas"])
    if there != wanted:
        cluster.change({"beSpec": {"replicas": wanted}})
        changes.append(f"backends {there} -> {wanted}")
    wait.until(lambda: _missing(doris.backends(warehouse), wanted), f"{wanted} backends")
    return changes


def scale_frontends(warehouse: Queries, cluster: Cluster, wanted: int, wait: Wait) -> list[str]:
    """Bring the frontends, all of which vote, to `wanted`. Gives what was changed, in words.

    Raises BadInput for an even number: it would survive no more losses than one less, and tie. Doris drops no master:
    one that must go is restarted, so that another is elected.
    """
    if wanted < 1 or wanted % 2 == 0:
        raise BadInput(f"{wanted} frontends cannot elect a master well", fix="Choose 1, 3 or 5.")
    changes: list[str] = []
    surplus = _surplus(doris.frontends(warehouse), wanted)
    if any(node.master for node in surplus):
        (master,) = [node for node in surplus if node.master]
        cluster.restart(f"{NAME}-fe-{master.number}")
        wait.until(lambda: _master_among(doris.frontends(warehouse), wanted), "another master")
        changes.append(f"another master than {master.host}")
    for node in reversed(surplus):
        doris.drop_follower(warehouse, node)
        changes.append(f"{node.host} dropped from the election")
    found = cluster.spec()["feSpec"]
    if (there := int(found["replicas"])) != wanted or int(found.get("electionNumber", there)) != wanted:
        cluster.change({"feSpec": {"replicas": wanted, "electionNumber": wanted}})
        changes.append(f"frontends {there} -> {wanted}")
    wait.until(lambda: _missing(doris.frontends(warehouse), wanted), f"{wanted} frontends")
    return changes


def _surplus(nodes: list[Node], wanted: int) -> list[Node]:
    """Those whose pods go when only `wanted` stay: StatefulSets end the highest numbers."""
    return [node for node in nodes if node.number >= wanted]


def _left_on(warehouse: Queries, node: Node) -> str | None:
    for one in doris.backends(warehouse):
        if one.address == node.address:
            return f"{one.tablets} tablets left"
    return None


def _missing(nodes: list[Node], wanted: int) -> str | None:
    alive = sum(node.alive for node in nodes)
    return None if alive == wanted == len(nodes) else f"{alive} of {len(nodes)} known ones are alive"


def _master_among(nodes: list[Node], wanted: int) -> str | None:
    if any(node.master and node.alive and node.number < wanted for node in nodes):
        return None
    return f"the master is {next((node.host for node in nodes if node.master), 'nobody')}"
