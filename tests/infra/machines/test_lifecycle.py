"""Two small machines from nothing to nothing, in the order of a deployment's life. Each test goes on from the last."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from nereus.errors import BadInput
from nereus.machines.contract import Disk
from nereus.machines.deployment import PLATFORM
from nereus.machines.mirror import Mirror
from tests.infra.machines.conftest import MORE, NAME, Bench
from tests.infra.steps import step

pytestmark = pytest.mark.timeout(1500)

SECOND = f"{NAME}-node-1"
GOLDEN = Path(__file__).with_name("golden_plan.json")
#: Where a libvirt that is not in a lab keeps its things.
SYSTEM = ("/etc/libvirt", "/var/lib/libvirt", "/var/log/libvirt", "/var/cache/libvirt", "/run/libvirt")


def outside() -> dict[str, object]:
    """What a lab must leave alone: the host's libvirt folders, network devices and firewall."""
    found: dict[str, object] = {}
    for folder in SYSTEM:
        found[folder] = sorted(str(path) for path in Path(folder).rglob("*"))
    # Other programs come and go with devices of their own; these names are libvirt's.
    found["devices"] = sorted(name for name in os.listdir("/sys/class/net") if name.startswith(("vir", "vnet", "tap")))
    for command in (["iptables-save"], ["nft", "list", "ruleset"]):
        said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout
        found[command[0]] = [line for line in said.splitlines() if "virbr" in line or "LIBVIRT" in line]
    return found


@pytest.fixture(scope="module")
def before() -> dict[str, object]:
    return outside()


def test_two_machines_come_up(bench: Bench, before: dict[str, object]) -> None:
    with step("make two machines"):
        changes = bench.provision(bench.wanted())
    assert sum("machine" in line for line in changes) >= 2
    with step("their first boot"):
        bench.wait()
    assert bench.places.ssh_key.stat().st_mode & 0o777 == 0o600
    assert "Valid cloud-config" in bench.ssh(0, "sudo", "cloud-init", "schema", "--system")


def test_the_plan_was_the_known_one(bench: Bench, mirror: Mirror) -> None:
    said = subprocess.run(
        ["terraform", f"-chdir={bench.places.terraform / PLATFORM}", "show", "-json", "plan.bin"],  # noqa: S607
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={**os.environ, "TF_CLI_CONFIG_FILE": str(mirror.config)},
    ).stdout
    steps = {each["address"]: each["change"]["actions"] for each in json.loads(said)["resource_changes"]}
    assert steps == json.loads(GOLDEN.read_text("utf-8"))


def test_again_nothing_changes(bench: Bench) -> None:
    with step("provision again"):
        assert bench.provision(bench.wanted()) == []


def test_disks_are_found_by_their_serial_numbers(bench: Bench) -> None:
    for number in range(2):
        assert {"virtio-hot-0", "virtio-cold-0"} <= set(bench.ssh(number, "ls", "/dev/disk/by-id").split())


def test_a_disk_of_another_size_is_refused(bench: Bench) -> None:
    boot = bench.boot(0)
    with (
        step("refuse a plan that loses data"),
        pytest.raises(BadInput, match=r"hot-0 of lab-node-\d, which holds data"),
    ):
        bench.provision(bench.wanted(hot=Disk(serial="hot-0", tier="hot", gib=2)))
    assert bench.boot(0) == boot
    assert bench.provision(bench.wanted()) == []


def test_ansible_prepares_them_once(bench: Bench) -> None:
    with step("playbook machines, first run"):
        assert all(changed > 0 for changed in bench.play("machines").values())


def test_ansible_again_changes_nothing(bench: Bench) -> None:
    with step("playbook machines, second run"):
        assert set(bench.play("machines").values()) == {0}


def test_a_machine_that_is_gone_comes_back_with_its_data(bench: Bench) -> None:
    mount = bench.mounted(1, 2)[0]
    bench.ssh(1, "sudo", "sh", "-c", f"'echo kept > {mount}/proof && sync'")
    boot = bench.boot(0)
    bench.deployment.host.libvirt.forget(SECOND)
    assert bench.deployment.preview(bench.wanted()) == [
        f"+ machine {SECOND} is gone and is started again from its disks"
    ]
    with step("bring a killed machine back"):
        bench.provision(bench.wanted())
        bench.wait()
    assert mount in bench.mounted(1, 2)
    assert bench.ssh(1, "cat", f"{mount}/proof") == "kept\n"
    assert bench.boot(0) == boot


def test_a_disk_is_added_while_both_run(bench: Bench) -> None:
    boots = [bench.boot(number) for number in range(2)]
    with step("add a hot disk"):
        changes = bench.provision(bench.wanted(MORE))
    assert changes == [f"+ disk hot-1 of {SECOND}: 1 GiB, attached while the machine runs"]
    # udev names it a moment after the kernel has seen it; udevadm waits for that, and not for ever.
    bench.ssh(1, "sudo", "udevadm", "settle", "--timeout=60")
    assert "virtio-hot-1" in bench.ssh(1, "ls", "/dev/disk/by-id")
    assert "virtio-hot-1" not in bench.ssh(0, "ls", "/dev/disk/by-id")
    assert [bench.boot(number) for number in range(2)] == boots
    assert bench.provision(bench.wanted(MORE)) == []


def test_the_new_disk_is_taken_in_and_no_other_touched(bench: Bench) -> None:
    with step("playbook machines takes the new disk in"):
        changed = bench.play("machines")
    assert changed[SECOND] > 0
    assert sum(changed.values()) == changed[SECOND]


def test_all_restart_and_come_back_by_themselves(bench: Bench) -> None:
    boots = [bench.boot(number) for number in range(2)]
    with step("playbook reboot"):
        bench.play("reboot")
    for number in range(2):
        assert bench.boot(number) != boots[number]
        bench.ssh(number, "systemctl", "is-active", "nereus-firewall", "chrony", "auditd", "ssh")
        assert bench.ssh(number, "cat", "/proc/sys/vm/max_map_count") == "2000000\n"
        assert len(bench.mounted(number, 2 + number)) == 2 + number


def test_destroy_leaves_nothing(bench: Bench, before: dict[str, object], mirror: Mirror) -> None:
    # As if its start had failed: libvirt has it, Terraform does not know it.
    subprocess.run(
        [
            *("terraform", f"-chdir={bench.places.terraform / PLATFORM}", "state", "rm"),
            f'module.node["{SECOND}"].libvirt_domain.node',
        ],
        capture_output=True,
        timeout=120,
        check=True,
        env={**os.environ, "TF_CLI_CONFIG_FILE": str(mirror.config)},
    )
    with step("destroy"):
        removed = bench.deployment.destroy()
    assert f"- machine {SECOND}, left behind by a start that had failed" in removed
    assert f"- disk hot-1 of {SECOND} and its data" in removed
    assert bench.processes() == []
    assert not bench.places.root.exists()
    assert not bench.places.lab.exists()
    assert not bench.places.ssh_key.exists()
    assert outside() == before
    assert bench.deployment.destroy() == []
