"""Plans as `terraform show -json` writes them, cut down to what is read."""

from __future__ import annotations

from typing import Any

GIB = 1024**3


def change(
    address: str,
    *actions: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    forced_by: tuple[str, ...] = (),
) -> dict[str, Any]:
    """One resource change at an address such as module.node["a"].libvirt_volume.data["hot-0"]."""
    module, _, resource = address.rpartition("libvirt_")
    kind, _, rest = resource.partition(".")
    name, _, index = rest.partition('["')
    return {
        "address": address,
        **({"module_address": module.rstrip(".")} if module else {}),
        "mode": "managed",
        "type": f"libvirt_{kind}",
        "name": name,
        **({"index": index.removesuffix('"]')} if index else {}),
        "change": {
            "actions": list(actions),
            "before": before,
            "after": after,
            **({"replace_paths": [[key] for key in forced_by]} if forced_by else {}),
        },
    }


def plan(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"format_version": "1.2", "resource_changes": list(changes)}


def node(name: str, rest: str) -> str:
    return f'module.node["{name}"].{rest}'


DATA = 'libvirt_volume.data["hot-0"]'
ROOT = "libvirt_volume.root"
DOMAIN = "libvirt_domain.node"
SEED = "libvirt_cloudinit_disk.seed"
