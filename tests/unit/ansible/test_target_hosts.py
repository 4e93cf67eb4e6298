"""The target hosts by its front door, and what the doctor says of hosts and machines."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nereus.ansible.inventory import SERVERS, Host
from nereus.cli_hosts import app
from nereus.config import Platform, load
from nereus.errors import BadInput
from nereus.home import Home
from nereus.provision import doctor_cluster, doctor_machines, hosts
from nereus.provision.doctor import Finding

MACHINE = "{ansible_host: 127.0.0.2, ansible_ssh_private_key_file: /nonexistent}"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "platform.yaml"
    path.write_text("data: {raw_tb: 1}\nplatform: {target: hosts}\nhosts: {inventory: mine.yaml}\n")
    (tmp_path / "mine.yaml").write_text(f"all: {{children: {{k3s_servers: {{hosts: {{node-1: {MACHINE}}}}}}}}}\n")
    return path


def test_provision_refuses_the_inventory_before_anything_is_made(config: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        hosts.provision(config, load(config), Home(tmp_path / "home"), lambda _: None)
    assert "127.0.0.2, which other machines cannot reach" in str(caught.value)
    assert "there is no key file /nonexistent" in str(caught.value)
    assert not (tmp_path / "home").exists()


def test_a_platform_without_machines_is_told_what_to_add(config: Path) -> None:
    config.write_text("data: {raw_tb: 1}\n")
    with pytest.raises(BadInput, match="no section `hosts`") as caught:
        hosts.inventory_file(config, load(config))
    assert "inventory:" in str(caught.value)


def test_the_inventory_lies_beside_platform_yaml(config: Path, tmp_path: Path) -> None:
    assert hosts.inventory_file(config, load(config)) == tmp_path / "mine.yaml"


def test_what_is_rendered_knows_the_folders_of_every_disk(config: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch(0o600)
    disks = "data_disks_disks: [{serial: a, tier: hot, gib: 1}, {serial: b, tier: hot, gib: 1}]"
    machine = f"{{ansible_host: 192.0.2.7, ansible_ssh_private_key_file: {key}, {disks}}}"
    inventory = tmp_path / "mine.yaml"
    inventory.write_text(f"all: {{children: {{k3s_servers: {{hosts: {{node-1: {machine}}}}}}}}}\n")
    home = Home(tmp_path / "home")
    found = hosts.disk_folders(config, load(config), home)
    assert found == {"node-1": {"hot": ["/srv/nereus/hot/0/data", "/srv/nereus/hot/1/data"]}}
    inventory.unlink()
    assert hosts.disk_folders(config, load(config), home) == {}


def test_check_lists_the_machines(config: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch(0o600)
    inventory = tmp_path / "mine.yaml"
    inventory.write_text(inventory.read_text().replace("127.0.0.2", "192.0.2.7").replace("/nonexistent", str(key)))
    told = CliRunner().invoke(app, ["check", "--config", str(config)])
    assert told.exit_code == 0, told.output
    assert "node-1" in told.output
    assert "192.0.2.7" in told.output


def test_reset_wants_consent(config: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch(0o600)
    inventory = tmp_path / "mine.yaml"
    inventory.write_text(inventory.read_text().replace("127.0.0.2", "192.0.2.7").replace("/nonexistent", str(key)))
    told = CliRunner().invoke(app, ["reset", "--config", str(config)])
    assert isinstance(told.exception, BadInput)
    assert "--yes" in str(told.exception)


def test_only_known_variables_are_sealed(config: Path) -> None:
    told = CliRunner().invoke(app, ["seal", "ansible_become_pasword", "--config", str(config)])
    assert isinstance(told.exception, BadInput)
    assert "Did you mean ansible_become_password?" in str(told.exception)


def test_the_doctor_says_what_the_inventory_lacks_and_looks_at_the_bundle_all_the_same(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, object]] = []

    def carried(platform: Platform, home: Home, inventory: object, tell: object) -> list[Finding]:
        seen.append((platform.platform.target, inventory))
        return [Finding("bundle", False, "there is none", "make bundle")]

    monkeypatch.setattr(doctor_cluster, "carried", carried)
    found = doctor_machines.examine(config, load(config), Home.beside(config), "hosts", lambda _: None)
    inventory = next(each for each in found if each.what == "inventory")
    assert not inventory.ok
    assert "cannot reach" in inventory.detail
    assert found[-1].what == "bundle"
    doctor_machines.examine(config, load(config), Home.beside(config), "vms", lambda _: None)
    assert seen == [("hosts", None), ("vms", None)]


def test_the_doctor_knocks() -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
        here = Host("here", SERVERS, {"ansible_host": "127.0.0.1"})
        assert not doctor_machines.knock(here, port).ok
        door.listen()
        assert doctor_machines.knock(here, port).ok
    nowhere = doctor_machines.knock(Host("nowhere", SERVERS, {"ansible_host": "no-such-name.invalid"}), 22)
    assert "is not known" in nowhere.detail
    assert "ansible_host" in nowhere.fix


@pytest.mark.parametrize(
    ("flags", "kvm", "lacking"),
    [("fpu avx2 vmx", True, []), ("fpu vmx", True, ["AVX2"]), ("fpu avx2", True, ["virtualisation"]),
     ("fpu avx2 svm", False, ["virtualisation"])],
)  # fmt: skip
def test_the_doctor_looks_at_a_virtual_host(
    flags: str, kvm: bool, lacking: list[str], config: Path, tmp_path: Path
) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "dev").mkdir()
    (tmp_path / "proc/cpuinfo").write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
    if kvm:
        (tmp_path / "dev/kvm").touch()
    found = doctor_machines.virtual_host(load(config), tmp_path)
    assert [each.what for each in found if not each.ok] == lacking


def test_more_memory_than_the_host_has_is_noticed(config: Path) -> None:
    config.write_text("data: {raw_tb: 1}\nplatform: {target: vms}\nvms: {host_memory_gb: 16384, host_nvme_tb: 900}\n")
    memory = next(each for each in doctor_machines.virtual_host(load(config)) if each.what == "memory")
    assert not memory.ok
    assert "vms.host_memory_gb" in memory.fix
