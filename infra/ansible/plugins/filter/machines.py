"""Judges what machine_report saw, and says where a data disk belongs. Pure functions; no machine is asked."""

from __future__ import annotations

import difflib
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

#: File systems of data disks are named after their serial number within this.
_DISKS = uuid.UUID("9f3c1d0e-7a55-4c58-9a0b-5d6f1c7e2b41")
_FOLDER = "/srv/nereus"
_TIERS = ("hot", "cold", "cache")
#: Of one tier in one machine.
_MOST_DISKS = 64
#: A disk is sold in decimal units and loses a little to its partition table: what may be missing of the declared size.
_SIZE_SLACK = 0.05
#: The same for memory, which firmware and kernel take from: a share, and GiB whatever the size.
_MEMORY_SLACK = 0.07
_MEMORY_SLACK_GIB = 0.1
#: Certificates and the warehouse's transactions want one time everywhere; what NTP mends by itself is allowed.
_SKEW_SECONDS = 60

Found = Iterator[tuple[str, str]]


def disk_places(disks: Sequence[Mapping[str, Any]], report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The declared disks with where each is, its file system's label and UUID, its mount point, and what it holds.

    A tier's disks are numbered in the order of the list, so that every machine has the same folders:
    /srv/nereus/hot/0, /srv/nereus/hot/1, /srv/nereus/cold/0. A disk that the machine lacks is left out.
    """
    places = []
    for disk, number in _numbered(disks):
        for seen in report["disks"]["asked"][disk["serial"]][:1]:
            label, identity = _label(disk["tier"]), _identity(disk["tier"], number, disk["serial"])
            place = {
                "path": seen["path"],
                "label": label,
                "uuid": identity,
                "mount": f"{_FOLDER}/{disk['tier']}/{number}",
                "mounted": seen["mounted"],
                "blank": not seen["signatures"] and not seen["parts"] and seen["blank"],
                "own": [(mark["label"], mark["uuid"]) for mark in seen["signatures"]] == [(label, identity)],
            }
            places.append({**disk, **place})
    return places


def _numbered(disks: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Each disk with its number within its tier."""
    count: Counter[str] = Counter()
    for disk in disks:
        yield disk, count[disk["tier"]]
        count[disk["tier"]] += 1


def _label(tier: str) -> str:
    return f"nereus-{tier}"


def _identity(tier: str, number: int, serial: str) -> str:
    """A file system's UUID says whose it is: a disk that comes back in another place is noticed."""
    return str(uuid.uuid5(_DISKS, f"{tier}/{number}/{serial}"))


def machine_problems(report: Mapping[str, Any], wants: Mapping[str, Any]) -> list[str]:
    """Every reason why the machine cannot become a part of the platform, each with the change that mends it.

    `wants` holds: debian, cores, memory_gib, avx2, free_gib (folder -> GiB),
    ports (port -> what needs it), disks (serial, tier, gib), now (seconds since 1970 on the machine that asks).
    """
    parts = (_system, _names, _clock, _space, _ports, _packages, _disks)
    return [f"{what}\n    {fix}" for part in parts for what, fix in part(report, wants)]


def disk_problems(report: Mapping[str, Any], disks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every reason why a declared disk (serial, tier, gib) cannot be used, each with the change that mends it."""
    return [f"{what}\n    {fix}" for what, fix in _disks(report, {"disks": disks})]


def _system(report: Mapping[str, Any], wants: Mapping[str, Any]) -> Found:
    seen = report["system"]
    if not seen["root"]:
        yield "the tasks do not run as root", "Let ansible_user use sudo, and leave `become` on."
    if not seen["systemd"]:
        yield "systemd does not run here; services and mounts are its units", "Use a machine that boots with systemd."
    if seen["distribution"] != "debian" or seen["version"] not in wants["debian"]:
        releases = " or ".join(wants["debian"])
        yield (
            f"it runs {seen['distribution'] or 'an unknown system'} {seen['version']}; expected Debian {releases}",
            f"Install Debian {wants['debian'][-1]}, the release that the roles are tested on.",
        )
    if seen["architecture"] != "x86_64":
        yield f"its processor is {seen['architecture']}; expected x86_64", "Use an x86_64 machine."
    elif wants["avx2"] and not seen["avx2"]:
        yield (
            "its processor has no AVX2, which Doris needs",
            "In a virtual machine pass the host's processor through (host-passthrough); else use a newer machine.",
        )
    if seen["cores"] < wants["cores"]:
        fix = f"Give it the cores, or declare machines.cores: {seen['cores']} in platform.yaml."
        yield f"it has {seen['cores']} cores; expected {wants['cores']:g}", fix
    if seen["memory_gib"] < wants["memory_gib"] * (1 - _MEMORY_SLACK) - _MEMORY_SLACK_GIB:
        fix = "Give it the memory, or declare what it has in platform.yaml (machines.memory_gb)."
        yield f"it has {seen['memory_gib']:.1f} GiB of memory; expected {wants['memory_gib']:g}", fix


def _names(report: Mapping[str, Any], wants: Mapping[str, Any]) -> Found:
    seen = report["names"]
    if seen["hostname"] in ("", "localhost", "localhost.localdomain"):
        yield "it is called localhost; nodes are known by their names", "Name it: hostnamectl hostname NAME"
    elif not seen["resolved"]:
        yield (
            f"its own name {seen['hostname']} resolves to no address",
            f"Add it to DNS, or to /etc/hosts: 127.0.1.1 {seen['hostname']}",
        )
    if not seen["default_route"]:
        yield (
            "it has no default route; k3s does not start without one",
            "Set a gateway. Without one, a dummy interface does: "
            "ip link add dummy0 type dummy; ip link set dummy0 up; ip route add default dev dummy0 metric 1000",
        )


def _clock(report: Mapping[str, Any], wants: Mapping[str, Any]) -> Found:
    skew = report["epoch"] - wants["now"]
    if abs(skew) > _SKEW_SECONDS:
        way = "ahead of" if skew > 0 else "behind"
        yield (
            f"its clock is {abs(skew):.0f} s {way} the clock of the machine that provisions",
            "Set both by a time server: timedatectl set-ntp true; then look with: timedatectl",
        )


def _space(report: Mapping[str, Any], wants: Mapping[str, Any]) -> Found:
    for folder, gib in wants["free_gib"].items():
        if report["free_gib"][folder] < gib:
            yield (
                f"{report['free_gib'][folder]:.1f} GiB are free in {folder}; expected {gib:g}",
                f"Free some space there, or give {folder} a larger file system.",
            )


def _ports(report: Mapping[str, Any], wants: Mapping[str, Any]) -> Found:
    if report["has_k3s"]:
        return  # its own listeners
    for port, needed in wants["ports"].items():
        if holder := report["ports"].get(str(port)):
            yield (
                f"port {port} is taken by {holder}; {needed} needs it",
                "End that program, or move it to another port.",
            )


def _packages(report: Mapping[str, Any], wants: Mapping[str, Any]) -> Found:
    if missing := report["packages"]["unavailable"]:
        yield (
            f"not installed, and no source of apt offers: {', '.join(missing)}",
            "Run apt update, look into /etc/apt/sources.list, or install them in the machine's image.",
        )


def _disks(report: Mapping[str, Any], wants: Mapping[str, Any]) -> Found:
    for disk, number in _numbered(wants["disks"]):
        serial = disk["serial"]
        seen = report["disks"]["asked"][serial]
        if not seen:
            there = report["disks"]["present"]
            yield f"there is no disk with the serial number {serial}", _other_serials(serial, there)
        elif len(seen) > 1:
            paths = ", ".join(each["path"] for each in seen)
            yield (
                f"several disks bear the serial number {serial}: {paths}",
                "Give each its own (virtual machines), or detach one.",
            )
        else:
            yield from _disk(disk, number, seen[0])


def _other_serials(serial: str, present: Sequence[str]) -> str:
    near = difflib.get_close_matches(serial, present, 1)
    meant = f"Did you mean {near[0]}? " if near else ""
    there = f"It has {', '.join(present)}." if present else "It has no disk with a serial number."
    return f"{meant}{there} Look with: lsblk -o NAME,SERIAL,SIZE"


def _disk(disk: Mapping[str, Any], number: int, seen: Mapping[str, Any]) -> Found:
    name = f"disk {disk['serial']} ({seen['path']})"
    if seen["read_only"]:
        yield f"{name} is read-only", "Attach it writable, or declare another one."
    if seen["gib"] < disk["gib"] * (1 - _SIZE_SLACK):
        yield (
            f"{name} has {seen['gib']:g} GiB; {disk['gib']:g} are declared",
            "Declare what it has, or use a larger disk.",
        )
    marks = seen["signatures"]
    if len(marks) == 1 and marks[0]["label"].startswith("nereus-") and not seen["parts"]:
        yield from _of_the_platform(name, disk, number, seen)
    elif seen["mounted"]:
        yield f"{name} is in use, mounted at {', '.join(seen['mounted'])}", "Declare a disk that nothing uses."
    elif seen["parts"] or marks or not seen["blank"]:
        held = [f"{mark['type']} {mark['label']}".strip() for mark in marks]
        held += [f"the partition {part}" for part in seen["parts"]]
        yield (
            f"{name} already has data: {', '.join(held) or 'its first MiB is not empty'}",
            "Declare another disk. If nothing on it matters, empty it by hand:"
            f" blkdiscard --force --zeroout {seen['path']}",
        )


def _of_the_platform(name: str, disk: Mapping[str, Any], number: int, seen: Mapping[str, Any]) -> Found:
    identity, serial, tier = seen["signatures"][0]["uuid"], disk["serial"], disk["tier"]
    places = {_identity(each, at, serial): (each, at) for each in _TIERS for at in range(_MOST_DISKS)}
    wanted = f"{_FOLDER}/{tier}/{number}"
    if identity not in places:
        yield (
            f"{name} is a copy of another disk of the platform (file system {identity})",
            "Detach it, or empty it by hand if nothing on it matters.",
        )
    elif places[identity] != (tier, number):
        was, at = places[identity]
        yield (
            f"{name} is number {at} of tier {was} and is declared as number {number} of tier {tier}",
            "Give it back its tier and its place in the list; new disks go to the end of data_disks_disks.",
        )
    elif elsewhere := [each for each in seen["mounted"] if each != wanted]:
        yield f"{name} is mounted at {', '.join(elsewhere)}; expected {wanted}", f"Unmount it: umount {elsewhere[0]}"


class FilterModule:
    """What Ansible asks for its filters."""

    def filters(self) -> dict[str, Any]:
        return {
            "machine_problems": machine_problems,
            "disk_problems": disk_problems,
            "disk_places": disk_places,
            "seconds_now": lambda _: time.time(),
        }
