"""The contract between Terraform and Ansible: read whole, or refused with every fault named."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from nereus.errors import BadInput
from nereus.machines.contract import Contract

GOOD = {
    "nodes": {
        "node-0": {
            "address": "10.77.0.10",
            "roles": ["server"],
            "cores": 16,
            "memory_gib": 119,
            "disks": [{"serial": "hot-0", "tier": "hot", "gib": 3072}, {"serial": "cold-0", "tier": "cold", "gib": 1}],
        },
        "node-1": {"address": "10.77.0.11", "roles": ["agent"], "cores": 16, "memory_gib": 119},
    },
    "ssh_user": "ops",
    "ssh_key": "/keys/ops",
    "proxy_command": "nc %h %p",
    "domain": "nereus.internal",
}


def test_it_is_written_as_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "contract.json"
    path.write_text(Contract.model_validate(GOOD).as_json(), "utf-8")
    assert Contract.read(path) == Contract.model_validate(GOOD)


BROKEN = {
    "two_nodes_with_one_address": (("nodes", "node-1", "address"), "10.77.0.10", "node-0 has this one already"),
    "not_an_address": (("nodes", "node-1", "address"), "node-1", "expected an IP address"),
    "no_server": (("nodes", "node-0", "roles"), ["agent"], "Give one machine the role server"),
    "two_servers": (("nodes", "node-1", "roles"), ["server"], "an odd number of servers"),
    "unknown_tier": (("nodes", "node-0", "disks", 0, "tier"), "warm", "nodes.node-0.disks[0].tier"),
    "serial_too_long": (("nodes", "node-0", "disks", 0, "serial"), "x" * 21, "at most 20"),
    "serial_twice": (("nodes", "node-0", "disks", 1, "serial"), "hot-0", "each serial number once"),
    "unknown_key": (("nodes", "node-0", "adress"), "10.77.0.12", "adress"),
    "no_memory": (("nodes", "node-0", "memory_gib"), 0, "greater than 0"),
    "no_nodes": (("nodes",), {}, "nodes"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_contract_is_refused(name: str, tmp_path: Path) -> None:
    keys, value, says = BROKEN[name]
    content = copy.deepcopy(GOOD)
    at = content
    for key in keys[:-1]:
        at = at[key]
    at[keys[-1]] = value
    path = tmp_path / "contract.json"
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(BadInput) as refused:
        Contract.read(path)
    assert says in str(refused.value)
    assert str(refused.value).startswith("contract.json: ")


def test_a_missing_file_says_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="make provision"):
        Contract.read(tmp_path / "contract.json")
