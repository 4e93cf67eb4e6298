"""From the sizing plan to the machines Terraform shall make; what is there stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nereus import sizing
from nereus.config import Platform, load
from nereus.errors import BadInput
from nereus.machines import wanted
from nereus.machines.contract import Disk
from nereus.machines.known import KnownNode
from nereus.machines.wanted import Wanted

IMAGE, OTHER = "0123456789ab", "ba9876543210"
LINES = {
    "data": "{raw_tb: 1}",
    "machines": "{nodes: 3, cores: 16, memory_gb: 128, nvme_tb: 4, hdd_tb: 16}",
    "vms": '{uri: "qemu:///system", host_memory_gb: 512, host_nvme_tb: 16}',
}


def platform(folder: Path, **sections: str) -> Platform:
    path = folder / "platform.yaml"
    path.write_text("".join(f"{key}: {text}\n" for key, text in (LINES | sections).items()), "utf-8")
    return load(path)


def asked(folder: Path, **sections: str) -> Wanted:
    declared = platform(folder, **sections)
    return wanted.of(declared, sizing.plan(sizing.Requirements.of(declared)), IMAGE)


def as_known(machines: Wanted) -> dict[str, KnownNode]:
    return {
        name: KnownNode(node.address, node.cores, node.memory_gib, node.root_gib, node.image, node.disks)
        for name, node in machines.nodes.items()
    }


def test_the_plan_becomes_machines(tmp_path: Path) -> None:
    machines = asked(tmp_path)
    assert list(machines.nodes) == ["nereus-node-0", "nereus-node-1", "nereus-node-2"]
    node = machines.nodes["nereus-node-0"]
    assert (node.address, node.roles, node.cores, node.memory_gib) == ("10.77.0.10", ("server",), 16, 119)
    nvme = sum(disk.gib for disk in node.disks if disk.tier != "cold")
    assert 4e12 / 2**30 - 2 <= nvme <= 4e12 / 2**30
    assert [disk.serial for disk in node.disks] == ["hot-0", "cache-0", "cold-0"]


def test_without_spinning_disks_the_object_store_is_on_nvme(tmp_path: Path) -> None:
    node = asked(tmp_path, machines="{nodes: 3, nvme_tb: 4, hdd_tb: 0}").nodes["nereus-node-0"]
    assert sum(disk.gib for disk in node.disks) <= 4e12 / 2**30
    assert {disk.tier for disk in node.disks} == {"hot", "cache", "cold"}


@pytest.mark.parametrize(("nodes", "servers"), [(1, 1), (2, 1), (3, 3), (4, 3)])
def test_servers_are_odd(nodes: int, servers: int, tmp_path: Path) -> None:
    machines = asked(tmp_path, data=f"{{raw_tb: 0.1, replicas: {min(nodes, 3)}}}", machines=f"{{nodes: {nodes}}}")
    assert sum(node.roles == ("server",) for node in machines.nodes.values()) == servers


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    machines = asked(tmp_path)
    assert wanted.beside(machines, as_known(machines)) == machines


def test_more_nvme_is_one_more_disk(tmp_path: Path) -> None:
    there = as_known(asked(tmp_path))
    grown = wanted.beside(asked(tmp_path, machines="{nodes: 3, nvme_tb: 5}"), there)
    for name, node in grown.nodes.items():
        assert [disk.serial for disk in node.disks] == ["hot-0", "cache-0", "cold-0", "hot-1"]
        assert node.disks[:3] == there[name].disks
        assert 930 <= node.disks[3].gib <= 932
    assert wanted.beside(asked(tmp_path, machines="{nodes: 3, nvme_tb: 5}"), as_known(grown)).nodes == grown.nodes


def test_less_nvme_takes_nothing_away(tmp_path: Path) -> None:
    there = as_known(asked(tmp_path))
    kept = wanted.beside(asked(tmp_path, machines="{nodes: 3, nvme_tb: 2}"), there)
    assert {name: node.disks for name, node in kept.nodes.items()} == {name: each.disks for name, each in there.items()}
    assert any("disks never shrink" in note for note in kept.notes)


def test_memory_waits_until_the_machine_is_named(tmp_path: Path) -> None:
    there = as_known(asked(tmp_path))
    more = asked(tmp_path, machines="{nodes: 3, memory_gb: 150}")
    kept = wanted.beside(more, there)
    assert [node.memory_gib for node in kept.nodes.values()] == [119, 119, 119]
    assert "nereus-node-0 keeps 119 GiB of memory, not 139.5" in kept.notes[0]
    assert "--rebuild nereus-node-0" in kept.notes[0]
    one = wanted.beside(more, there, ["nereus-node-1"])
    assert [node.memory_gib for node in one.nodes.values()] == [119, 139.5, 119]


def test_a_new_image_is_for_new_machines(tmp_path: Path) -> None:
    machines = asked(tmp_path)
    there = {name: replace(each, image=OTHER) for name, each in as_known(machines).items()}
    del there["nereus-node-2"]
    kept = wanted.beside(machines, there)
    assert [node.image for node in kept.nodes.values()] == [OTHER, OTHER, IMAGE]


def test_fewer_machines_drop_none_that_has_data(tmp_path: Path) -> None:
    there = as_known(asked(tmp_path, machines="{nodes: 4}"))
    kept = wanted.beside(asked(tmp_path), there)
    assert kept.nodes["nereus-node-3"].disks == there["nereus-node-3"].disks
    assert kept.nodes["nereus-node-3"].address == "10.77.0.13"
    assert "nereus-node-3 is not needed by the plan and stays" in kept.notes[-1]


def test_a_machine_that_is_gone_comes_back_with_its_disks(tmp_path: Path) -> None:
    machines = asked(tmp_path)
    there = as_known(machines)
    gone = there["nereus-node-1"]
    there["nereus-node-1"] = replace(gone, address=None, cores=None, memory_gib=None)
    assert wanted.beside(machines, there) == machines


def test_an_unknown_machine_cannot_be_rebuilt(tmp_path: Path) -> None:
    machines = asked(tmp_path)
    with pytest.raises(BadInput, match="no machine nereus-node-9 to rebuild; expected one of nereus-node-0"):
        wanted.beside(machines, as_known(machines), ["nereus-node-9"])


BROKEN = {
    "more_memory_than_the_host_has": (
        {"data": "{raw_tb: 20}", "machines": "{nvme_tb: 1, hdd_tb: 16}"},
        "vms.host_memory_gb is 512",
    ),
    "more_nvme_than_the_host_has": (
        {"machines": "{nvme_tb: 8}", "vms": "{host_memory_gb: 4096, host_nvme_tb: 16}"},
        "vms.host_nvme_tb is 16",
    ),
    "more_machines_than_the_network_has_addresses": (
        {"machines": "{nodes: 300, memory_gb: 32, nvme_tb: 0.05}", "vms": "{host_memory_gb: 16000, host_nvme_tb: 900}"},
        "the network 10.77.0.0/24 has room for",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_the_host_cannot_carry_is_refused(name: str, tmp_path: Path) -> None:
    sections, says = BROKEN[name]
    with pytest.raises(BadInput) as refused:
        asked(tmp_path, **sections)
    assert says in str(refused.value)


def test_without_a_host_nothing_is_planned(tmp_path: Path) -> None:
    declared = platform(tmp_path)
    alone = declared.model_copy(update={"vms": None})
    with pytest.raises(BadInput, match="no section vms"):
        wanted.of(alone, sizing.plan(sizing.Requirements.of(alone)), IMAGE)


def test_a_machine_is_described(tmp_path: Path) -> None:
    node = replace(asked(tmp_path).nodes["nereus-node-0"], disks=(Disk(serial="hot-0", tier="hot", gib=10),))
    assert ", ".join(wanted.describe(node)) == "16 cores, 119 GiB memory, 10 GiB hot"
