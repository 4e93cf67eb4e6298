"""From Terraform's contract to the inventory that Ansible reads."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from nereus.ansible import hosts_file
from nereus.ansible.inventory import AGENTS, SERVERS, Inventory
from nereus.home import Home
from nereus.machines.contract import Contract
from tests.unit.ansible.test_machine_problems import BLANK, machines

CONTRACT = {
    "nodes": {
        "node-0": {
            "address": "10.77.0.10",
            "roles": ["server", "agent"],
            "cores": 16,
            "memory_gib": 119,
            "disks": [{"serial": "hot-0", "tier": "hot", "gib": 3072}],
        },
        "node-1": {"address": "10.77.0.11", "roles": ["agent"], "cores": 8, "memory_gib": 60},
    },
    "ssh_user": "ops",
    "ssh_key": "/keys/one",
    "proxy_command": "python 'lab proxy.py' %h %p",
    "domain": "nereus.internal",
}


def inventory() -> Inventory:
    return Inventory.from_contract(Contract.model_validate(CONTRACT), Path("/home of x/known_hosts"))


def test_each_machine_is_in_the_group_of_its_first_role() -> None:
    assert {host.name: host.group for host in inventory().hosts} == {"node-0": SERVERS, "node-1": AGENTS}


def test_what_was_planned_is_what_is_asked_for() -> None:
    first, second = inventory().hosts
    assert first.variables["data_disks_disks"] == [{"serial": "hot-0", "tier": "hot", "gib": 3072.0}]
    assert (second.variables["preflight_cores"], second.variables["preflight_memory_gib"]) == (8, 60)


def test_folders_of_disks_are_those_that_the_role_mounts() -> None:
    disks = [{"serial": serial, "tier": tier, "gib": 1} for serial, tier in (("a", "hot"), ("b", "cold"), ("c", "hot"))]
    contract = {**CONTRACT, "nodes": {"n": {"address": "10.77.0.10", "roles": ["server"], "cores": 1, "memory_gib": 1}}}
    contract["nodes"]["n"]["disks"] = disks  # type: ignore[index]
    folders = Inventory.from_contract(Contract.model_validate(contract), Path("k")).disk_folders()["n"]
    asked = {serial: [{**BLANK, "path": f"/dev/{serial}"}] for serial in "abc"}
    mounts = [f"{place['mount']}/data" for place in machines.disk_places(disks, {"disks": {"asked": asked}})]
    assert sorted(folders["hot"] + folders["cold"]) == sorted(mounts)


def test_ssh_reads_its_options_whole() -> None:
    options = shlex.split(str(inventory().variables["ansible_ssh_common_args"]))
    assert "ProxyCommand=python 'lab proxy.py' %h %p" in options
    assert "UserKnownHostsFile=/home of x/known_hosts" in options


def test_its_file_is_closed_to_others_and_read_back(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch(0o600)
    contract = Contract.model_validate({**CONTRACT, "ssh_key": str(key)})
    written = Inventory.from_contract(contract, tmp_path / "known_hosts")
    path = written.write(Home(tmp_path / ".nereus"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text()) == written.as_mapping()
    assert hosts_file.read(path).hosts == written.hosts
