"""The target hosts: existing machines of an inventory become a hardened cluster, which is given the platform."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nereus.ansible import hosts_file, vault
from nereus.ansible.inventory import Inventory
from nereus.ansible.playbook import Playbooks
from nereus.config import Platform
from nereus.errors import BadInput
from nereus.home import Home
from nereus.machines.contract import Contract
from nereus.machines.places import Places
from nereus.provision import on_machines

Tell = Callable[[str], None]


def inventory_file(config: Path, platform: Platform) -> Path:
    """The inventory that platform.yaml names; a relative path begins at platform.yaml's folder."""
    if platform.hosts is None:
        raise BadInput(
            f"{config.name} has no section `hosts`; expected one that names the inventory",
            fix="Add for example `hosts: {inventory: infra/ansible/inventories/mine.yaml}`.",
        )
    return config.absolute().parent / Path(platform.hosts.inventory).expanduser()


def disk_folders(config: Path, platform: Platform, home: Home) -> dict[str, dict[str, list[str]]]:
    """Machine -> tier -> folders of its data disks: of virtual machines made from here, else of the inventory.

    Empty where there are no machines yet, or a cluster was brought along. Raises BadInput for an inventory with faults.
    """
    places = Places(home)
    if places.contract.exists():
        return Inventory.from_contract(Contract.read(places.contract), places.known_hosts).disk_folders()
    if platform.hosts is not None and (path := inventory_file(config, platform)).exists():
        return hosts_file.read(path).disk_folders()
    return {}


def playbooks(home: Home, path: Path, inventory: Inventory) -> Playbooks:
    """The playbooks on these machines; tokens are generated unless the inventory has its own."""
    own = any(inventory.value(host, name) for host in inventory.hosts for name in vault.GENERATED)
    return Playbooks(home, path, generated_secrets=not own)


def provision(config: Path, platform: Platform, home: Home, tell: Tell) -> list[str]:
    """Bring every machine of the inventory to what the platform wants, and the platform to their cluster.

    Returns what changed, nothing at a second run. Raises BadInput for an inventory, a plan, a bundle or a machine that
    is not fit, before anything is changed on any machine.
    """
    path = inventory_file(config, platform)
    tell(f"reading {path}")
    inventory = hosts_file.read(path)
    prepared = on_machines.prepare(platform, "hosts", home, inventory, tell)
    return on_machines.provision(prepared, playbooks(home, path, inventory), inventory, tell)
