"""Another version of Doris: backends first, then frontends, one pod at a time, repair paused meanwhile.

What is done is read from the warehouse and the DorisCluster, so a run that was broken off is finished by running it
again. Repair is switched on again however a run ends.
"""

from __future__ import annotations

import re

from nereus.errors import BadInput
from nereus.kubernetes.operations import doris
from nereus.kubernetes.operations.cluster import Cluster
from nereus.kubernetes.operations.doris import Node, Wait
from nereus.warehouse.client import Queries

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def upgrade(warehouse: Queries, cluster: Cluster, fe_image: str, be_image: str, wait: Wait) -> list[str]:
    """Bring Doris to these images. Gives what was changed, in words; nothing where it runs them already.

    Raises BadInput for two different versions, an older one, a jump over a minor line, or where a node is down; Failure
    where a node does not come back.
    """
    wanted, other = version(fe_image), version(be_image)
    if wanted != other:
        raise BadInput(f"the images are of different versions: {fe_image}, {be_image}", fix="Correct versions.yaml.")
    nodes = [*doris.frontends(warehouse), *doris.backends(warehouse)]
    spec = cluster.spec()
    if spec["beSpec"]["image"] == be_image and spec["feSpec"]["image"] == fe_image and _all_are(nodes, wanted):
        # A run that was killed may have left repair paused.
        doris.pause_repair(warehouse, False)
        return []
    _check(nodes, wanted, resumed=spec["beSpec"]["image"] == be_image)
    changes: list[str] = []
    doris.pause_repair(warehouse, True)
    try:
        for part, image, look, title in (
            ("beSpec", be_image, doris.backends, "backends"),
            ("feSpec", fe_image, doris.frontends, "frontends"),
        ):
            if cluster.spec()[part]["image"] != image:
                cluster.change({part: {"image": image}})
                changes.append(f"{title}: {image}")
            wait.until(
                lambda look=look: _behind(look(warehouse), wanted),  # type: ignore[misc]
                f"{title} to {'.'.join(map(str, wanted))}",
            )
    finally:
        doris.pause_repair(warehouse, False)
    return changes


def version(text: str) -> tuple[int, int, int]:
    """The version in an image's tag or in what a node says of itself. Raises BadInput where there is none.

    >>> version("registry.example/doris-fe:4.0.8"), version("doris-4.0.8-rc01-5b2a8fc")
    ((4, 0, 8), (4, 0, 8))
    """
    tag = text.partition("@")[0].rpartition(":")[2]
    found = _VERSION.search(tag or text)
    if found is None:
        raise BadInput(f"{text} names no version x.y.z", fix="Name the image with its full version as tag.")
    return int(found[1]), int(found[2]), int(found[3])


def _check(nodes: list[Node], wanted: tuple[int, int, int], *, resumed: bool) -> None:
    newest, oldest = (edge(version(node.version) for node in nodes) for edge in (max, min))
    if wanted < newest:
        raise BadInput(
            f"Doris {'.'.join(map(str, newest))} runs; it does not go back to {'.'.join(map(str, wanted))}",
            fix="Restore a backup into a new warehouse of the older version instead.",
        )
    if wanted[0] == oldest[0] and wanted[1] > oldest[1] + 1:
        raise BadInput(
            f"Doris {'.'.join(map(str, oldest))} runs; {'.'.join(map(str, wanted))} is more than one minor line ahead",
            fix=f"Upgrade to {oldest[0]}.{oldest[1] + 1} first.",
        )
    # In the middle of an upgrade one may just restart.
    if not resumed and (down := [node.host for node in nodes if not node.alive]):
        raise BadInput(
            f"not everything is up: {', '.join(down)}",
            fix="Repair that first; an upgrade takes one more away at a time.",
        )


def _all_are(nodes: list[Node], wanted: tuple[int, int, int]) -> bool:
    return all(node.alive and version(node.version) == wanted for node in nodes)


def _behind(nodes: list[Node], wanted: tuple[int, int, int]) -> str | None:
    done = sum(node.alive and version(node.version) == wanted for node in nodes)
    return None if done == len(nodes) else f"{done} of {len(nodes)}"
