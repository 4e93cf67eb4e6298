"""The target vms: virtual machines by Terraform on one strong host, then what the target hosts does with machines."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from nereus.ansible.inventory import Inventory
from nereus.config import Platform
from nereus.home import Home
from nereus.machines.front import Machines
from nereus.provision import hosts, on_machines

Tell = Callable[[str], None]


def provision(config: Path, platform: Platform, home: Home, tell: Tell, rebuild: Collection[str] = ()) -> list[str]:
    """Make the machines that the plan asks for, a cluster of them, and the platform on it; one line for every change.

    `rebuild` names machines that may be made anew, their data disks kept. Raises BadInput before anything is changed
    for a host that cannot carry them, an image that cannot be had, or a plan that does not fit or would lose data.
    """
    prepared = on_machines.prepare(platform, "vms", home, None, tell)
    machines = Machines(platform, home, tell)
    made, notes = machines.provision(rebuild)
    for note in notes:
        tell(note)
    # Each line begins with a mark of its own there.
    changes = [line[2:] for line in made]
    path, inventory = _inventory(machines, home)
    return changes + on_machines.provision(prepared, hosts.playbooks(home, path, inventory), inventory, tell)


def _inventory(machines: Machines, home: Home) -> tuple[Path, Inventory]:
    inventory = Inventory.from_contract(machines.contract(), machines.places.known_hosts)
    return inventory.write(home), inventory
