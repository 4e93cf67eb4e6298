"""libvirt by virsh: what Terraform's provider cannot do (attach a disk) or does not know (what was left behind)."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass

from nereus.errors import BadInput, Failure

SECONDS = 60
#: vda is the root disk.
LETTERS = "bcdefghijklmnopqrstuvwxyz"
_HARDWARE = ("Checking for hardware virtualization", "Checking if device /dev/kvm exists", "/dev/kvm is accessible")


@dataclass(frozen=True)
class AttachedDisk:
    """A disk of a machine: its letter, its volume in a pool or a folder, and its serial number, where it has one."""

    target: str
    pool: str
    folder: str
    volume: str
    serial: str | None


@dataclass(frozen=True)
class Libvirt:
    """One libvirt daemon at `uri`."""

    uri: str

    def virsh(self, *arguments: str, seconds: int = SECONDS) -> str:
        """Run one virsh command. Raises Failure with what it said."""
        if shutil.which("virsh") is None:
            raise BadInput("there is no `virsh` on the PATH", fix="Run: apt-get install libvirt-clients")
        try:
            done = subprocess.run(
                ["virsh", "-q", "-c", self.uri, *arguments],  # noqa: S607
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Failure(
                f"virsh {arguments[0]} at {self.uri} took longer than {seconds} s", fix="Is the libvirt daemon well?"
            ) from None
        if done.returncode != 0:
            said = done.stderr.strip().removeprefix("error: ")
            raise Failure(f"virsh {arguments[0]} at {self.uri} failed: {said}", fix="See `journalctl -u libvirtd`.")
        return done.stdout

    def check(self) -> None:
        """Raise BadInput when the daemon does not answer."""
        try:
            self.virsh("version")
        except Failure as error:
            raise BadInput(
                f"vms.uri is {self.uri}, where no libvirt answers: {error.message.rpartition(': ')[2]}",
                fix="Start libvirtd, give this user its group libvirt, or write vms.uri: lab for a private one.",
            ) from None

    def domains(self) -> Mapping[str, str]:
        """Every machine defined there and its state, such as running or shut off."""
        names = self.virsh("list", "--all", "--name").split()
        return {name: self.virsh("domstate", name).strip() for name in names}

    def disks(self, domain: str) -> list[AttachedDisk]:
        """The disks of a machine in libvirt's order, without its CD-ROM."""
        root = ET.fromstring(self.virsh("dumpxml", domain))  # noqa: S314  the text is libvirt's own
        found = []
        for disk in root.findall("./devices/disk[@device='disk']"):
            source, target, serial = disk.find("source"), disk.find("target"), disk.find("serial")
            if source is None or target is None:
                continue
            folder, _, file = source.get("file", "").rpartition("/")
            pool, volume = source.get("pool", ""), source.get("volume") or file
            text = serial.text if serial is not None else None
            found.append(AttachedDisk(target.get("dev", ""), pool, folder, volume, text))
        return found

    def attach(self, domain: str, pool: str, volume: str, serial: str) -> str:
        """Attach a qcow2 volume under its serial number, now and at every start; returns its letter. Twice is once."""
        present = self.disks(domain)
        if known := next((disk for disk in present if disk.volume == volume), None):
            return known.target
        used = {disk.target for disk in present}
        target = next((f"vd{letter}" for letter in LETTERS if f"vd{letter}" not in used), None)
        if target is None:
            raise BadInput(f"{domain} has {len(present)} disks; no letter is left for {serial}", fix="Add a machine.")
        path = self.virsh("vol-path", "--pool", pool, volume).strip()
        when = ["--persistent", "--live"] if self.virsh("domstate", domain).strip() == "running" else ["--config"]
        options = ["--subdriver", "qcow2", "--targetbus", "virtio", "--serial", serial]
        self.virsh("attach-disk", domain, path, target, *options, *when)
        return target

    def forget(self, domain: str) -> None:
        """Switch a machine off and remove its definition. Its volumes stay."""
        if self.virsh("domstate", domain).strip() != "shut off":
            self.virsh("destroy", domain)
        self.virsh("undefine", domain, "--nvram", "--managed-save", "--snapshots-metadata", "--checkpoints-metadata")

    def domain_type(self) -> str:
        """kvm where hardware virtualisation really works, else qemu.

        That /dev/kvm exists says little: inside many virtual machines it does, and guests hang on it.
        """
        local = self.uri.startswith("qemu:///")
        if local and shutil.which("virt-host-validate") is not None:
            command = ["virt-host-validate", "qemu"]
            said = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False).stdout
            return "kvm" if hardware_virtualisation(said) else "qemu"
        try:
            self.virsh("domcapabilities", "--virttype", "kvm")
        except Failure:
            return "qemu"
        return "kvm"


def hardware_virtualisation(validated: str) -> bool:
    """Whether `virt-host-validate qemu` found all that KVM needs. A check it did not come to counts as failed."""
    lines = [line for line in validated.splitlines() if "virtualization" in line or "/dev/kvm" in line]
    passed = [line.rpartition(" : ")[2].strip().startswith("PASS") for line in lines]
    return len(passed) >= len(_HARDWARE) and all(passed)
