"""Everything that can be said of a rendered platform before it is applied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nereus.kubernetes.catalogue import Catalogue
from nereus.kubernetes.checks import doris, references, rights, schemas, traffic, workloads
from nereus.kubernetes.checks.objects import Fault, Object, build, kubectl, pods
from nereus.kubernetes.render.demand import Sized
from nereus.kubernetes.render.network import Network

__all__ = ["Fault", "Object", "build", "faults", "kubectl"]


def faults(objects: list[Object], catalogue: Catalogue, sized: Sized, network: Network) -> Iterator[Fault]:
    """Every fault of all objects of one platform, charts aside. Stops after the schemas where those are broken."""
    broken = list(schemas.faults(objects))
    if broken:
        yield from broken
        return
    found = list(pods(objects, catalogue))
    charts = frozenset(one.component.chart for one in sized.demands.values() if one.component.chart)
    yield from references.faults(references.Known(objects, catalogue, charts), found)
    yield from rights.faults(objects)
    for each in found:
        yield from workloads.faults(each, catalogue, sized)
    yield from traffic.faults(objects, found, network, catalogue)
    yield from doris.faults(objects, sized)
    yield from _missing(found, sized)


def _missing(found: list[Any], sized: Sized) -> Iterator[Fault]:
    """Entries of components.yaml that a manifest of ours should make, and none does."""
    made = {each.component for each in found}
    for component, demand in sized.demands.items():
        if demand.component.chart is None and component not in made:
            fix = "Add its manifest, or name the chart that makes it."
            yield Fault(f"components.yaml: {component}", "no manifest makes it.", fix)
