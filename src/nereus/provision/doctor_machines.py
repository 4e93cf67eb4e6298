"""What the targets of machines lack: this host's tools and powers, the inventory, and each machine. Changes nothing."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from nereus.ansible import hosts_file
from nereus.ansible.inventory import Host, Inventory
from nereus.ansible.playbook import ENVIRONMENT, explained
from nereus.config import Platform
from nereus.errors import BadInput
from nereus.home import Home
from nereus.provision import doctor_cluster, environments, hosts, on_machines
from nereus.provision.doctor import Finding

Tell = Callable[[str], None]

#: Programs that this host runs, and Debian's packages that bring them.
_TOOLS: Mapping[str, Mapping[str, str]] = {
    "hosts": {"ssh": "openssh-client"},
    "vms": {
        "ssh": "openssh-client",
        "qemu-system-x86_64": "qemu-system-x86",
        "qemu-img": "qemu-utils",
        "virsh": "libvirt-clients",
        "libvirtd": "libvirt-daemon",
        "dnsmasq": "dnsmasq-base",
        "xsltproc": "xsltproc",
        "mkisofs": "genisoimage",
        "socat": "socat",
    },
}
#: An unanswered knock at a machine's SSH port ends after this long.
_KNOCK_SECONDS = 5
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def examine(config: Path, platform: Platform, home: Home, target: str, tell: Tell) -> list[Finding]:
    """Look at this host as the one that provisions `target` (hosts or vms), and for hosts at every machine."""
    findings = [*_tools(target)]
    aimed = on_machines.aimed(platform, target)
    if target == "vms":
        findings += [*virtual_host(platform), *doctor_cluster.carried(aimed, home, None, tell)]
    if target == "hosts":
        found, inventory = _inventory(config, platform)
        findings += [found, *doctor_cluster.carried(aimed, home, inventory, tell)]
        if inventory is not None:
            findings += [*_hosts(hosts.inventory_file(config, platform), inventory, home, tell)]
    return findings


def _tools(target: str) -> Iterator[Finding]:
    for program, package in _TOOLS[target].items():
        found = shutil.which(program) or shutil.which(program, path=_SYSTEM_PATH)
        yield Finding(program, found is not None, found or "is not on this host", f"apt install {package}")


def virtual_host(platform: Platform, root: Path = Path("/")) -> Iterator[Finding]:
    """Whether this host can carry the virtual machines: processor, hardware virtualisation, memory.

    `root` is where /proc and /dev are.
    """
    cpu = (root / "proc/cpuinfo").read_text("utf-8", errors="replace")
    flags = next((line.split(":", 1)[1].split() for line in cpu.splitlines() if line.startswith("flags")), [])
    yield Finding(
        "AVX2",
        "avx2" in flags,
        "the processor has it" if "avx2" in flags else "the processor lacks it, and Doris needs it",
        "Use a host with a newer processor.",
    )
    able = bool({"vmx", "svm"} & set(flags)) and (root / "dev/kvm").exists()
    yield Finding(
        "virtualisation",
        able,
        "the processor's, through /dev/kvm" if able else "none by hardware: machines would run many times slower",
        "Switch VT-x or AMD-V on in the firmware; in a virtual machine, allow nested virtualisation.",
    )
    if platform.vms is not None:
        has, declared = psutil.virtual_memory().total / 1e9, platform.vms.host_memory_gb
        yield Finding(
            "memory",
            declared <= has,
            f"{has:.0f} GB in this host, {declared:g} GB declared (vms.host_memory_gb)",
            f"Set vms.host_memory_gb to at most {has * 0.95:.0f}.",
        )


def _inventory(config: Path, platform: Platform) -> tuple[Finding, Inventory | None]:
    try:
        path = hosts.inventory_file(config, platform)
        inventory = hosts_file.read(path)
    except BadInput as error:
        return Finding("inventory", False, error.message, error.fix or "Mend these lines."), None
    return Finding("inventory", True, f"{path}: {len(inventory.hosts)} machines"), inventory


def _hosts(path: Path, inventory: Inventory, home: Home, tell: Tell) -> Iterator[Finding]:
    doors = list(_doors(inventory))
    yield from doors
    if not environments.folder(ENVIRONMENT).is_dir():
        yield Finding(
            "Ansible",
            False,
            "its environment is not there yet, so the machines were not looked into",
            "make provision makes it; or now: nereus hosts doctor",
        )
    elif all(door.ok for door in doors):
        yield from _machines(home, path, inventory, tell)


def _doors(inventory: Inventory) -> Iterator[Finding]:
    """Whether each machine's name is known and its SSH port answers. Behind a ProxyCommand only ssh itself can tell."""
    direct = [host for host in inventory.hosts if not inventory.value(host, "ansible_ssh_common_args")]
    with ThreadPoolExecutor(max_workers=16) as pool:
        yield from pool.map(lambda host: knock(host, int(str(inventory.value(host, "ansible_port") or 22))), direct)


def knock(host: Host, port: int) -> Finding:
    """Whether somebody answers at a machine's SSH port."""
    try:
        with socket.create_connection((host.address, port), timeout=_KNOCK_SECONDS):
            return Finding(host.name, True, f"{host.address} port {port} answers")
    except socket.gaierror:
        return Finding(
            host.name, False, f"the name {host.address} is not known", "Write its IP address into ansible_host."
        )
    except OSError as error:
        said = error.strerror or "no answer"
        return Finding(
            host.name,
            False,
            f"{host.address} port {port}: {said.lower()}",
            "Is it switched on, and does sshd run there? Else correct ansible_host or ansible_port.",
        )


def _machines(home: Home, path: Path, inventory: Inventory, tell: Tell) -> Iterator[Finding]:
    """What the preflight, which changes nothing, says of each machine."""
    outcome = hosts.playbooks(home, path, inventory).attempt("preflight", tell)
    failed = {each.host for each in outcome.failures}
    for each in outcome.failures:
        told, fix = explained(each)
        yield Finding(each.host, False, told, fix)
    if outcome.code and not outcome.failures:
        yield Finding("Ansible", False, outcome.rest.strip()[:500], f"All of it: {outcome.log}")
        return
    for host in inventory.hosts:
        if host.name not in failed:
            yield Finding(host.name, True, "fit")
