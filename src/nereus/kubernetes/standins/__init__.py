"""Stand-ins for controllers whose programs cannot be had from a registry: they make the documented objects.

A stand-in knows names, labels, counts, ports and claims, so that admission and scheduling of what a controller would
make can be tried. It runs no image, speaks no SQL, and repairs nothing. Everything it makes carries the annotation
`nereus.invalid/stand-in`, on pods too, and every line of output that rests on it says so.
"""

from __future__ import annotations

from nereus.kubernetes.sim.api import Object

#: On everything that a stand-in made; its value names the controller that would have made it.
MARK = "nereus.invalid/stand-in"
MANAGER = "nereus-stand-in"


def owned(made: Object, owner: Object, controller: str) -> Object:
    """`made` with its owner and the mark; a pod template within it is marked too."""
    meta = made["metadata"]
    meta.setdefault("namespace", owner["metadata"]["namespace"])
    meta["annotations"] = {**meta.get("annotations", {}), MARK: controller}
    meta["ownerReferences"] = [
        {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            "controller": True,
        }
    ]
    template = made.get("spec", {}).get("template")
    if template:
        own = template.setdefault("metadata", {})
        own["annotations"] = {**(own.get("annotations") or {}), MARK: controller}
    return made
