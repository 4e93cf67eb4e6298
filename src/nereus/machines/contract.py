"""What Terraform hands over: one typed object that everything after it reads.

    {"nodes": {"node-0": {"address": "10.77.0.10", "roles": ["server"], "cores": 16, "memory_gib": 119,
                          "disks": [{"serial": "hot-0", "tier": "hot", "gib": 3072}]}},
     "ssh_user": "ops", "ssh_key": "/path/to/key", "proxy_command": null, "domain": "nereus.internal"}

It is the Terraform output `contract`, the file `contract.json` of a deployment and the origin of the Ansible inventory.
"""

from __future__ import annotations

import ipaddress
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from nereus.config.explain import block
from nereus.config.rules import Problem, raise_all
from nereus.errors import BadInput

Tier = Literal["hot", "cold", "cache"]
Role = Literal["server", "agent"]

#: A virtio disk shows at most this many letters of its serial number.
SERIAL_LETTERS = 20
Serial = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=SERIAL_LETTERS)]
NodeName = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]


class Part(BaseModel):
    """A frozen part of the contract that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Disk(Part):
    """A data disk: found in the machine by its serial number, never by its letter. Its file system is XFS.

    In a virtual machine it is /dev/disk/by-id/virtio-SERIAL.
    """

    serial: Serial
    tier: Tier
    gib: Annotated[float, Field(gt=0)]


class Node(Part):
    """One machine. The first role decides what k3s runs on it: a server may be a worker as well."""

    address: str
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    disks: tuple[Disk, ...] = ()
    cores: Annotated[float, Field(gt=0)]
    memory_gib: Annotated[float, Field(gt=0)]


class Contract(Part):
    """All machines of one deployment and how to reach them.

    ssh_key is the path of the private key; proxy_command is an ssh ProxyCommand (%h and %p are filled in by ssh).
    """

    nodes: Annotated[Mapping[NodeName, Node], Field(min_length=1)]
    ssh_user: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]*$")]
    ssh_key: str
    proxy_command: str | None = None
    domain: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")]

    @model_validator(mode="after")
    def _parts_agree(self) -> Contract:
        raise_all(_problems(self))
        return self

    @classmethod
    def read(cls, path: Path) -> Contract:
        """The contract in the JSON file at `path`. Raises BadInput that names every fault."""
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            raise BadInput(f"there is no file {path}", fix="Provision the machines first: make provision") from None
        try:
            return cls.model_validate(json.loads(text))
        except json.JSONDecodeError as error:
            raise BadInput(
                f"{path}: line {error.lineno} is not JSON: {error.msg}.",
                fix="Delete the file; make provision writes it again.",
            ) from None
        except ValidationError as error:
            raise BadInput(block(path.name, error, cls, top="a key of the contract")) from None

    def as_json(self) -> str:
        """The contract as a file holds it."""
        return self.model_dump_json(indent=2) + "\n"


def _problems(contract: Contract) -> Iterator[Problem]:
    nodes = contract.nodes
    used: dict[str, str] = {}
    for name, node in nodes.items():
        where = f"nodes.{name}.address"
        try:
            ipaddress.ip_address(node.address)
        except ValueError:
            yield Problem(where, node.address, "an IP address", "Write for example 10.77.0.10.")
        if node.address in used:
            expected = f"an address of its own ({used[node.address]} has this one already)"
            yield Problem(where, node.address, expected, "Give each machine another address.")
        used.setdefault(node.address, name)
        for serial, times in Counter(disk.serial for disk in node.disks).items():
            if times > 1:
                expected = "each serial number once in a machine"
                yield Problem(f"nodes.{name}.disks", serial, expected, "Give each disk another serial number.")
    servers = sum("server" in node.roles for node in nodes.values())
    if servers % 2 == 0:
        fix = "Give one machine the role server." if servers == 0 else "Add a server, or make one of them an agent."
        yield Problem("nodes", f"{servers} servers", "an odd number of servers: they vote (1, 3 or 5)", fix)
