"""What Terraform's state says exists: the machines, what they were made of, and their data disks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nereus.machines.contract import Disk

GIB = 1024**3
#: The order of disks with the same number.
_TIERS = {"hot": 0, "cache": 1, "cold": 2}


@dataclass(frozen=True)
class KnownNode:
    """One machine as it was last applied. A value is None where what bears it is gone."""

    address: str | None
    cores: int | None
    memory_gib: float | None
    root_gib: float | None
    image: str | None
    disks: tuple[Disk, ...]


def serial_of(tier: str, number: int) -> str:
    """The serial number of the `number`th disk of a tier."""
    return f"{tier}-{number}"


def tier_of(serial: str) -> tuple[str, int]:
    """The tier and number in a serial number."""
    tier, _, number = serial.rpartition("-")
    return tier, int(number)


def in_order(disks: Iterator[Disk] | tuple[Disk, ...]) -> tuple[Disk, ...]:
    """Disks in the order in which they came."""
    return tuple(sorted(disks, key=lambda disk: (tier_of(disk.serial)[1], _TIERS[disk.tier])))


def nodes(state: Mapping[str, Any]) -> dict[str, KnownNode]:
    """The machines in the answer of `terraform show -json` for the root module platform."""
    root = state.get("values", {}).get("root_module", {})
    found = {}
    for module in root.get("child_modules", ()):
        _, _, name = str(module["address"]).partition('["')
        if module["address"].startswith("module.node[") and name:
            found[name.removesuffix('"]')] = _node(module.get("resources", ()))
    return found


def images(state: Mapping[str, Any]) -> dict[str, str]:
    """The base images in the state of the root module foundations, by hash, with what they were copied from."""
    resources = state.get("values", {}).get("root_module", {}).get("resources", ())
    return {
        str(each["index"]): str(each["values"].get("source") or "")
        for each in resources
        if each["type"] == "libvirt_volume" and each["name"] == "base"
    }


def _node(resources: list[Mapping[str, Any]]) -> KnownNode:
    disks = []
    address = cores = memory = root = image = None
    for each in resources:
        values = each["values"]
        match each["type"], each["name"]:
            case "libvirt_volume", "data":
                tier = tier_of(each["index"])[0]
                disks.append(Disk.model_validate({"serial": each["index"], "tier": tier, "gib": _gib(values["size"])}))
            case "libvirt_volume", "root":
                root = _gib(values["size"])
                image = str(values["name"]).rpartition(".root-")[2].removesuffix(".qcow2")
            case "libvirt_domain", _:
                cores, memory = int(values["vcpu"]), values["memory"] / 1024
                interfaces = values.get("network_interface") or [{}]
                address = next(iter(interfaces[0].get("addresses") or ()), None)
    return KnownNode(address, cores, memory, root, image, in_order(tuple(disks)))


def _gib(size: float) -> float:
    gib = size / GIB
    return int(gib) if gib == int(gib) else gib
