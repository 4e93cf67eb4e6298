"""What the preflight says of machines: each reason with its fix, from the report that a machine gives of itself."""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from nereus.paths import PROJECT

SPEC = importlib.util.spec_from_file_location("machines", PROJECT / "infra/ansible/plugins/filter/machines.py")
assert SPEC
assert SPEC.loader
machines = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(machines)

BLANK: Mapping[str, Any] = {
    "path": "/dev/nvme1n1",
    "gib": 3576.0,
    "read_only": False,
    "mounted": [],
    "parts": [],
    "signatures": [],
    "blank": True,
}
FIT: Mapping[str, Any] = {
    "system": {
        "distribution": "debian",
        "version": "12",
        "architecture": "x86_64",
        "kernel": "6.1.0",
        "cores": 16,
        "avx2": True,
        "memory_gib": 125.6,
        "root": True,
        "systemd": True,
    },
    "names": {"hostname": "node-1", "resolved": ["127.0.1.1"], "default_route": True},
    "epoch": 1000.0,
    "free_gib": {"/var": 400.0},
    "ports": {},
    "packages": {"missing": ["chrony"], "unavailable": []},
    "has_k3s": False,
    "disks": {"present": ["S6CK1", "ZL2A1"], "asked": {"S6CK1": [BLANK]}},
}
WANTS: Mapping[str, Any] = {
    "debian": ["12"],
    "cores": 16,
    "memory_gib": 128,
    "avx2": True,
    "free_gib": {"/var": 20},
    "ports": {6443: "the cluster's API"},
    "disks": [{"serial": "S6CK1", "tier": "hot", "gib": 3600}],
    "now": 1001.0,
}

Report = dict[str, Any]


def problems(change: Callable[[Report], object] = lambda _: None, **wants: object) -> str:
    report = copy.deepcopy(dict(FIT))
    change(report)
    return "\n".join(machines.machine_problems(report, {**WANTS, **wants}))


def own(tier: str, number: int, serial: str = "S6CK1") -> dict[str, str]:
    """The signature of the platform's own file system."""
    return {"type": "xfs", "label": machines._label(tier), "uuid": machines._identity(tier, number, serial)}


def disk(**changes: object) -> Callable[[Report], None]:
    def change(report: Report) -> None:
        report["disks"]["asked"]["S6CK1"][0].update(changes)

    return change


def at(section: str, **changes: object) -> Callable[[Report], None]:
    return lambda report: report[section].update(changes)


def test_a_fit_machine_has_no_problem() -> None:
    assert problems() == ""


def test_a_disk_of_the_platform_is_welcome_again() -> None:
    assert problems(disk(signatures=[own("hot", 0)], blank=False, mounted=["/srv/nereus/hot/0"])) == ""
    assert problems(disk(signatures=[own("hot", 0)], blank=False)) == ""


def test_k3s_may_hold_its_own_ports() -> None:
    def running(report: Report) -> None:
        report.update(has_k3s=True, ports={"6443": "k3s-server, pid 7"})

    assert problems(running) == ""


EXT4 = {"type": "ext4", "label": "photos", "uuid": "1"}
#: name -> (what is otherwise, what is said, the fix)
UNFIT: Mapping[str, tuple[Callable[[Report], object], str, str]] = {
    "not_root": (at("system", root=False), "do not run as root", "sudo"),
    "no_systemd": (at("system", systemd=False), "systemd does not run", "boots with systemd"),
    "other_distribution": (at("system", distribution="ubuntu", version="24.04"), "ubuntu 24.04", "Install Debian 12"),
    "other_release": (at("system", version="11"), "debian 11; expected Debian 12", "Install Debian 12"),
    "other_processor": (at("system", architecture="aarch64"), "aarch64; expected x86_64", "x86_64 machine"),
    "no_avx2": (at("system", avx2=False), "no AVX2", "host-passthrough"),
    "few_cores": (at("system", cores=8), "8 cores; expected 16", "machines.cores: 8"),
    "little_memory": (at("system", memory_gib=62.7), "62.7 GiB of memory; expected 128", "machines.memory_gb"),
    "called_localhost": (at("names", hostname="localhost"), "called localhost", "hostnamectl"),
    "name_does_not_resolve": (at("names", resolved=[]), "node-1 resolves to no address", "/etc/hosts"),
    "no_default_route": (at("names", default_route=False), "no default route", "gateway"),
    "clock_ahead": (lambda r: r.update(epoch=1601.0), "600 s ahead of", "timedatectl"),
    "clock_behind": (lambda r: r.update(epoch=1.0), "1000 s behind", "timedatectl"),
    "full_disk": (lambda r: r.update(free_gib={"/var": 1.5}), "1.5 GiB are free in /var; expected 20", "Free some"),
    "port_taken": (lambda r: r.update(ports={"6443": "nginx, pid 4"}), "port 6443 is taken by nginx", "End that"),
    "package_out_of_reach": (at("packages", unavailable=["chrony"]), "no source of apt offers: chrony", "apt update"),
    "no_such_disk": (lambda r: r["disks"]["asked"].update(S6CK1=[]), "no disk with the serial number S6CK1", "It has"),
    "one_serial_two_disks": (
        lambda r: r["disks"]["asked"].update(S6CK1=[BLANK, {**BLANK, "path": "/dev/sdb"}]),
        "several disks bear the serial number S6CK1: /dev/nvme1n1, /dev/sdb",
        "Give each its own",
    ),
    "disk_read_only": (disk(read_only=True), "is read-only", "writable"),
    "disk_too_small": (disk(gib=900.0), "has 900 GiB; 3600 are declared", "larger disk"),
    "disk_has_a_file_system": (disk(signatures=[EXT4]), "already has data: ext4 photos", "blkdiscard"),
    "disk_has_partitions": (disk(parts=["/dev/nvme1n1p1"]), "the partition /dev/nvme1n1p1", "another disk"),
    "disk_has_bytes": (disk(blank=False), "its first MiB is not empty", "blkdiscard"),
    "disk_is_mounted": (disk(mounted=["/home"], signatures=[EXT4]), "in use, mounted at /home", "nothing uses"),
    "disk_of_another_tier": (
        disk(signatures=[own("cold", 0)]),
        "is number 0 of tier cold and is declared as number 0 of tier hot",
        "its place in the list",
    ),
    "disk_of_another_place": (disk(signatures=[own("hot", 1)]), "is number 1 of tier hot", "its place in the list"),
    "disk_is_a_copy": (disk(signatures=[own("hot", 0, "OTHER")]), "is a copy of another disk", "Detach it"),
    "disk_mounted_elsewhere": (
        disk(signatures=[own("hot", 0)], mounted=["/mnt"]),
        "mounted at /mnt; expected /srv/nereus/hot/0",
        "umount /mnt",
    ),
}


@pytest.mark.parametrize("name", UNFIT)
def test_an_unfit_machine_is_told_why_and_what_to_do(name: str) -> None:
    change, says, fix = UNFIT[name]
    told = problems(change)
    assert says in told
    assert fix in told
    assert told.count("\n    ") == 1, "one reason, and nothing else"


def test_a_serial_number_with_a_slip_is_recognised() -> None:
    def absent(report: Report) -> None:
        report["disks"]["asked"] = {"S6CK7": []}

    told = problems(absent, disks=[{"serial": "S6CK7", "tier": "hot", "gib": 1}])
    assert "Did you mean S6CK1?" in told


def test_every_reason_is_named_at_once() -> None:
    def change(report: Report) -> None:
        report["system"].update(cores=1, avx2=False)
        report.update(epoch=0.0)

    assert problems(change).count("\n    ") == 3


def test_disks_are_numbered_within_their_tier() -> None:
    asked = {serial: [{**BLANK, "path": f"/dev/{serial}"}] for serial in "abc"}
    disks = [{"serial": "a", "tier": "hot"}, {"serial": "b", "tier": "cold"}, {"serial": "c", "tier": "hot"}]
    places = machines.disk_places(disks, {"disks": {"asked": asked}})
    assert [each["mount"] for each in places] == ["/srv/nereus/hot/0", "/srv/nereus/cold/0", "/srv/nereus/hot/1"]
    assert len({each["uuid"] for each in places}) == 3
    assert all(len(each["label"]) <= 12 for each in places), "XFS keeps twelve letters"


def test_a_disk_that_is_gone_has_no_place() -> None:
    assert machines.disk_places([{"serial": "a", "tier": "hot"}], {"disks": {"asked": {"a": []}}}) == []
