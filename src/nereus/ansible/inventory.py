"""The machines as Ansible sees them: typed, checked, written as a file for one deployment."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nereus.home import Home
from nereus.machines.contract import Contract

SERVERS, AGENTS = "k3s_servers", "k3s_agents"
GROUPS = (SERVERS, AGENTS)
#: Where the role data_disks mounts a tier's disks, numbered from 0, and what stores data puts it.
DATA_FOLDER = "/srv/nereus/{tier}/{number}/data"


@dataclass(frozen=True)
class Sealed:
    """A text that Ansible Vault encrypted; only Ansible opens it, from the file that it stands in."""

    text: str


@dataclass(frozen=True)
class Host:
    """One machine: its name, its group, and its own variables."""

    name: str
    group: str
    variables: Mapping[str, Any]

    @property
    def address(self) -> str:
        """Where it is reached."""
        return str(self.variables.get("ansible_host", self.name))


@dataclass(frozen=True)
class Inventory:
    """All machines, with variables that hold for all and for a group."""

    hosts: tuple[Host, ...]
    variables: Mapping[str, Any] = field(default_factory=dict)
    group_variables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def from_contract(cls, contract: Contract, known_hosts: Path) -> Inventory:
        """The inventory of machines that Terraform made; their keys are kept in `known_hosts` when first seen."""
        options = [
            *("-o", f"UserKnownHostsFile={known_hosts}", "-o", "StrictHostKeyChecking=accept-new"),
            *(("-o", f"ProxyCommand={contract.proxy_command}") if contract.proxy_command else ()),
        ]
        hosts = tuple(
            Host(
                name,
                SERVERS if node.roles[0] == "server" else AGENTS,
                {
                    "ansible_host": node.address,
                    "data_disks_disks": [disk.model_dump() for disk in node.disks],
                    "preflight_cores": node.cores,
                    "preflight_memory_gib": node.memory_gib,
                },
            )
            for name, node in contract.nodes.items()
        )
        return cls(
            hosts,
            {
                "ansible_user": contract.ssh_user,
                "ansible_ssh_private_key_file": contract.ssh_key,
                "ansible_ssh_common_args": shlex.join(options),
            },
        )

    def value(self, host: Host, variable: str) -> object:
        """What a variable is for a machine: its own, its group's, everybody's, or None."""
        for level in (host.variables, self.group_variables.get(host.group, {}), self.variables):
            if variable in level:
                return level[variable]
        return None

    def disk_folders(self) -> dict[str, dict[str, list[str]]]:
        """Machine -> tier -> the folders of its data disks, as the role data_disks numbers them."""
        found: dict[str, dict[str, list[str]]] = {}
        for host in self.hosts:
            tiers = found.setdefault(host.name, {})
            disks = self.value(host, "data_disks_disks")
            for disk in disks if isinstance(disks, list) else ():
                folders = tiers.setdefault(disk["tier"], [])
                folders.append(DATA_FOLDER.format(tier=disk["tier"], number=len(folders)))
        return found

    def as_mapping(self) -> dict[str, Any]:
        """In the form that Ansible's YAML inventories have. JSON is YAML, and needs no quoting rules of its own."""
        children = {
            group: {
                "vars": dict(self.group_variables.get(group, {})),
                "hosts": {host.name: dict(host.variables) for host in self.hosts if host.group == group},
            }
            for group in GROUPS
        }
        return {"all": {"vars": dict(self.variables), "children": children}}

    def write(self, home: Home) -> Path:
        """Keep it among the deployment's files, readable by its owner alone. Returns where."""
        path = home.create().run / "inventory.yaml"
        draft = path.with_suffix(".draft")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(self.as_mapping(), file, indent=2)
            file.write("\n")
        draft.rename(path)
        return path
