#!/usr/bin/python
"""What of k3s is on a machine: reads, changes nothing."""

from __future__ import annotations

import glob
import os
import re

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: k3s_leftovers
short_description: What of k3s is on this machine
description: Lists programs, units, folders, mounts, links, network namespaces and rules that k3s makes.
options: {}
author: [nereus]
"""
EXAMPLES = r"""
- name: See what is left
  k3s_leftovers:
  register: seen
"""
RETURN = r"""
left:
  description: Kind of thing to what was found; a kind with nothing is absent.
  returned: always
  type: dict
"""

FILES = (
    "/usr/local/bin/k3s*",
    "/etc/systemd/system/k3s*",
    "/etc/systemd/system/multi-user.target.wants/k3s*",
    "/etc/default/k3s*",
    "/etc/rancher",
    "/etc/sysctl.d/90-k3s.conf",
    "/var/lib/rancher/k3s",
    "/var/lib/kubelet",
    "/var/lib/cni",
    "/run/k3s",
    "/run/flannel",
    "/var/log/pods",
    "/var/log/containers",
)
#: Links of containers' network; a veth counts where its other end is in a bridge of the cluster.
LINKS = re.compile(r"^\d+: (cni0|flannel[.-]\S+|kube-ipvs0|kube-bridge|veth\S+(?=.* master cni0))[@:]", re.M)
RULES = re.compile(r"^.*(?:KUBE-|CNI-|FLANNEL|flannel).*$", re.M)
MOUNTS = ("/run/k3s", "/var/lib/rancher/k3s", "/var/lib/kubelet", "/run/netns/cni-", "/run/flannel")
PROCESSES = re.compile(r"(?:^|/)(?:k3s|containerd-shim\S*)(?:\s|$)|rancher/k3s")


def folders() -> list[str]:
    """Files and folders of k3s. A folder that is a mount point of its own counts where something is in it."""
    found = [path for pattern in FILES for path in glob.glob(pattern)]
    found += [path for path in glob.glob("/usr/local/bin/*") if os.path.islink(path) and os.readlink(path) == "k3s"]
    return sorted(path for path in found if not (os.path.ismount(path) and not os.listdir(path)))


def mounts() -> list[str]:
    with open("/proc/self/mounts", encoding="utf-8") as lines:
        return sorted(path for path in (line.split()[1] for line in lines) if path.startswith(MOUNTS))


def processes() -> list[str]:
    found = []
    for entry in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(entry, "rb") as text:
                command = text.read().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if PROCESSES.search(command.split(" ")[0]):
            found.append(f"{entry.split('/')[2]} {command[:80]}")
    return sorted(found)


def said(module: AnsibleModule, *command: str) -> str:
    """What a program prints; nothing where it is not installed."""
    program = module.get_bin_path(command[0])
    return module.run_command([program, *command[1:]])[1] if program else ""


def main() -> None:
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    seen = {
        "processes": processes(),
        "units": re.findall(
            r"^\s*(k3s\S*)", said(module, "systemctl", "list-units", "--all", "--plain", "--no-legend", "k3s*"), re.M
        ),
        "files": folders(),
        "mounts": mounts(),
        "links": LINKS.findall(said(module, "ip", "-o", "link")),
        "namespaces": re.findall(r"^(cni-\S+)", said(module, "ip", "netns", "list"), re.M),
        "rules": RULES.findall(said(module, "iptables-save")),
        "rules6": RULES.findall(said(module, "ip6tables-save")),
        "sets": re.findall(r"^(KUBE-\S+|inet6:KUBE-\S+)$", said(module, "ipset", "list", "-name"), re.M),
        "tables": re.findall(r"^table (\S+ kube-\S+)", said(module, "nft", "list", "tables"), re.M),
    }
    module.exit_json(changed=False, left={kind: found for kind, found in seen.items() if found})


if __name__ == "__main__":
    main()
