#!/usr/bin/python
"""What a machine is and has, as facts. Looks, changes nothing; standard library only, as it runs on bare machines."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import socket
import subprocess
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: machine_report
short_description: What a machine is and has
description:
  - Looks at processor, memory, clock, names, ports, packages, an installed k3s and the asked-for disks, and changes
    nothing. C(machine_problems) judges the answer.
author: Nereus
options:
  serials:
    description: Serial numbers of the disks to look into.
    type: list
    elements: str
    default: []
  folders:
    description: Folders whose free space is asked for; the nearest one that exists answers.
    type: list
    elements: str
    default: []
  ports:
    description: TCP ports that have to be free.
    type: list
    elements: int
    default: []
  packages:
    description: Debian packages that have to be installed or installable.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Look at the machine
  machine_report:
    serials: [S6CKNT0W700001]
    ports: [6443]
"""

RETURN = r"""
report:
  description: What was seen.
  returned: always
  type: dict
"""

_MIB = 2**20
_BY_ID = "/dev/disk/by-id"


def _output(*command: str) -> str:
    """What a program prints; empty where it fails or is missing. System programs are not on every user's path."""
    found = shutil.which(command[0], path="/usr/sbin:/usr/bin:/sbin:/bin")
    if found is None:
        return ""
    clean = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    done = subprocess.run([found, *command[1:]], capture_output=True, text=True, check=False, env=clean)
    return done.stdout if done.returncode == 0 else ""


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def system() -> dict[str, Any]:
    """Distribution, processor, memory in GiB, swap that is on, and whether this is root."""
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', _read("/etc/os-release"), re.M))
    cpu = _read("/proc/cpuinfo")
    flags = set(re.findall(r"^flags\s*:\s*(.*)$", cpu, re.M)[:1][0].split()) if "flags" in cpu else set()
    memory = re.search(r"^MemTotal:\s+(\d+)", _read("/proc/meminfo"), re.M)
    return {
        "distribution": release.get("ID", ""),
        "version": release.get("VERSION_ID", ""),
        "architecture": platform.machine(),
        "kernel": platform.release(),
        "cores": len(os.sched_getaffinity(0)),
        "avx2": "avx2" in flags,
        "memory_gib": round(int(memory.group(1)) / _MIB, 2) if memory else 0.0,
        "root": os.geteuid() == 0,
        "systemd": os.path.isdir("/run/systemd/system"),
        "swap": [line.split()[0] for line in _read("/proc/swaps").splitlines()[1:]],
    }


def names() -> dict[str, Any]:
    """The machine's name and what it resolves to; whether there is a way to other networks."""
    own = socket.gethostname()
    try:
        resolved = sorted({str(each[4][0]) for each in socket.getaddrinfo(own, None)})
    except OSError:
        resolved = []
    routes = [line.split() for line in _read("/proc/net/route").splitlines()[1:]]
    return {
        "hostname": own,
        "resolved": resolved,
        "default_route": any(fields[1] == "00000000" for fields in routes if len(fields) > 1),
    }


def free_space(folders: list[str]) -> dict[str, float]:
    """GiB free in each folder, or where it will be."""
    found = {}
    for folder in folders:
        there = folder
        while not os.path.isdir(there):
            there = os.path.dirname(there)
        found[folder] = round(shutil.disk_usage(there).free / 2**30, 2)
    return found


def taken_ports(ports: list[int]) -> dict[str, str]:
    """The ports somebody listens on, and who, where the system says so."""
    taken: dict[str, str] = {}
    if not ports:
        return taken
    for line in _output("ss", "--listening", "--tcp", "--numeric", "--no-header", "--processes").splitlines():
        fields = line.split()
        port = int(fields[3].rpartition(":")[2])
        if port in ports:
            holder = re.search(r'users:\(\("([^"]+)",pid=(\d+)', line)
            taken[str(port)] = f"{holder.group(1)}, pid {holder.group(2)}" if holder else "another program"
    return taken


def packages(wanted: list[str]) -> dict[str, list[str]]:
    """The packages that are not installed, and those of them that no source of apt offers."""
    if not wanted:
        return {"missing": [], "unavailable": []}
    listed = _output("dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n").splitlines()
    installed = {line.split()[0] for line in listed if line.endswith(" installed")}
    missing = [name for name in wanted if name not in installed]
    offered = _output("apt-cache", "policy", *missing) if missing else ""
    known = set(re.findall(r"^(\S+):\n\s+Installed: .*\n\s+Candidate: (?!\(none\))", offered, re.M))
    return {"missing": missing, "unavailable": [name for name in missing if name not in known]}


def has_k3s() -> bool:
    """Whether k3s is a service here: then its ports are its own."""
    units = ("k3s.service", "k3s-agent.service")
    return any(os.path.exists(os.path.join("/etc/systemd/system", unit)) for unit in units)


def devices() -> dict[str, dict[str, Any]]:
    """Every whole block device by its path, with what lsblk says and all numbers it is known by."""
    columns = "PATH,TYPE,SIZE,SERIAL,RO,MOUNTPOINTS"
    listed = json.loads(_output("lsblk", "--json", "--bytes", "--output", columns) or '{"blockdevices": []}')
    found = {
        each["path"]: {**each, "names": [each["serial"]] if each["serial"] else []} for each in listed["blockdevices"]
    }
    for link in sorted(os.listdir(_BY_ID)) if os.path.isdir(_BY_ID) else ():
        target = os.path.realpath(os.path.join(_BY_ID, link))
        if target in found:
            found[target]["names"].append(link)
    return found


def bears(names: list[str], serial: str) -> bool:
    """Whether a name of a device is the serial number: alone, or at the end of a link such as nvme-MODEL_SERIAL."""
    return any(name == serial or name.endswith(("-" + serial, "_" + serial)) for name in names)


def disks(serials: list[str]) -> dict[str, Any]:
    """For each serial number the devices that bear it, with what they hold; and all numbers that there are."""
    known = devices() if serials else {}
    present = sorted({each["serial"] for each in known.values() if each["serial"]})
    links = [name for each in known.values() for name in each["names"] if name not in present]
    return {
        "present": present or sorted(links),
        "asked": {
            serial: [_look(device) for device in known.values() if bears(device["names"], serial)] for serial in serials
        },
    }


def _look(device: dict[str, Any]) -> dict[str, Any]:
    path = device["path"]
    children = device.get("children", [])
    signatures = json.loads(_output("wipefs", "--json", "--no-act", path) or '{"signatures": []}')["signatures"]
    return {
        "path": path,
        "gib": round(int(device["size"]) / 2**30, 2),
        "read_only": bool(device["ro"]),
        "mounted": [
            each for part in (device, *children) for each in (part.get("mountpoints") or []) if each is not None
        ],
        "parts": [each["path"] for each in children],
        "signatures": [{key: each.get(key) or "" for key in ("type", "label", "uuid")} for each in signatures],
        "blank": _blank(path),
    }


def _blank(path: str) -> bool:
    """Whether the first MiB holds nothing but zeros: what bears no signature may still be somebody's."""
    try:
        with open(path, "rb") as file:
            return not any(file.read(_MIB))
    except OSError:
        return False


def main() -> None:
    texts, numbers = (
        {"type": "list", "elements": "str", "default": []},
        {"type": "list", "elements": "int", "default": []},
    )
    module = AnsibleModule(
        {"serials": texts, "folders": texts, "ports": numbers, "packages": texts}, supports_check_mode=True
    )
    asked = module.params
    report = {
        "system": system(),
        "names": names(),
        "epoch": time.time(),
        "free_gib": free_space(asked["folders"]),
        "ports": taken_ports(asked["ports"]),
        "packages": packages(asked["packages"]),
        "has_k3s": has_k3s(),
        "disks": disks(asked["serials"]),
    }
    module.exit_json(changed=False, report=report)


if __name__ == "__main__":
    main()
