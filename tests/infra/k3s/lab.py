"""Machines in containers, and Ansible beside them, in namespaces that have no way out."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from nereus.paths import PROJECT
from nereus.provision import environments
from tests.infra.containers import PACKAGES, Podman

ANSIBLE = PROJECT / "infra" / "ansible"
#: What a machine has beside the others' packages: the helpers of the built k3s, which a release brings itself.
NODE_PACKAGES = (
    *PACKAGES,
    *(
        "containerd",
        "containernetworking-plugins",
        "runc",
        "iptables",
        "conntrack",
        "ipset",
        "ethtool",
        "socat",
        "curl",
    ),
)
SUBNET = "10.231.7"
HELPERS = "/var/lib/rancher/k3s/data/ci/bin"
PATH = f"{HELPERS}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: Notes packets of machines to where no machine, pod, service or neighbour is: a router would have to carry them on.
WATCH = f"""\
table inet outside {{
  set asked {{ type ipv4_addr . inet_proto . inet_service; flags dynamic; size 1000; }}
  chain watch {{
    type filter hook prerouting priority -300;
    ip saddr {SUBNET}.0/24 ip daddr != {{ {SUBNET}.0/24, 10.42.0.0/15, 224.0.0.0/4, 255.255.255.255 }} \
      meta l4proto {{ tcp, udp }} add @asked {{ ip daddr . meta l4proto . th dport }}
  }}
}}
"""
#: Settings of the one kernel that the kubelet's settings change; the lab puts them back.
KERNEL = ("kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory", "vm/panic_on_oom",
          "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes")  # fmt: skip


@dataclass
class Lab:
    """Machines by name, and what runs programs on them."""

    podman: Podman
    image: str
    folder: Path
    helpers: Path
    addresses: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Lab:
        self._kernel = {name: Path("/proc/sys", name).read_text() for name in KERNEL}
        self._groups = groups()
        self._programs = environments.folder("infrastructure") / "bin"
        self._holder = subprocess.Popen(
            self.podman.contained("sh", "-c", "echo ready; exec sleep infinity"),
            env={**os.environ, **self.podman.settings()},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "ready\n"
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text().split()
        self._inside = ("nsenter", "--target", children[0], "--net", "--mount", "--pid")
        self.key = self.folder / "key"
        subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)), check=True)  # noqa: S607
        self.podman_run("network", "create", "--subnet", f"{SUBNET}.0/24", "--disable-dns", "lab")
        rules = self.folder / "watch.nft"
        rules.write_text(WATCH)
        assert self.inside("nft", "--file", str(rules)).returncode == 0
        return self

    def __exit__(self, *_: object) -> None:
        known: list[str] = []
        # What cannot be taken down in order ends with the namespace of processes.
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            known = self.podman_run(
                "inspect", "--format", "{{.Id}} {{.NetworkSettings.SandboxKey}}", *self.addresses
            ).split()
            self.podman_run("rm", "--force", "--all", "--time", "1")
            self.podman_run("network", "rm", "--force", "lab")
        os.killpg(self._holder.pid, signal.SIGKILL)
        self._holder.wait()
        for name, value in self._kernel.items():
            Path("/proc/sys", name).write_text(value)
        for name in known[1::2]:
            Path(name).unlink(missing_ok=True)
        until("no control group of a machine is left", lambda: self._no_group_left(known[::2]), seconds=30)

    def _no_group_left(self, machines: Sequence[str]) -> bool:
        """Remove empty control groups that were not there before; systemd makes some beside this machine's own."""
        for group in sorted(groups() - self._groups, reverse=True):
            with contextlib.suppress(OSError):
                group.rmdir()
        return not any(group.name == f"libpod-{machine}" for group in groups() for machine in machines)

    def inside(self, *command: str, timeout: float = 120, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a program in the lab's namespaces."""
        return subprocess.run(
            (*self._inside, *command),
            env={**os.environ, **self.podman.settings(), **settings},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def podman_run(self, *arguments: str, timeout: float = 120) -> str:
        done = self.inside("podman", *arguments, timeout=timeout)
        assert done.returncode == 0, f"podman {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def asked_outside(self) -> set[str]:
        """Addresses, protocols and ports outside that machines tried to reach since this was asked last."""
        kept = json.loads(self.inside("nft", "--json", "list", "set", "inet", "outside", "asked").stdout)
        assert self.inside("nft", "flush", "set", "inet", "outside", "asked").returncode == 0
        found = next(each["set"] for each in kept["nftables"] if "set" in each)
        return {" . ".join(map(str, one["concat"])) for one in found.get("elem", [])}

    def machine(self, name: str, last: int) -> None:
        """Start a machine. What k3s keeps lies in a folder: layers cannot lie in a container's own layers.

        What Debian itself asks of the outside (the time, updates) is off: whoever asks then is k3s.
        """
        state = self.folder / name
        state.mkdir()
        self.addresses[name] = f"{SUBNET}.{last}"
        options = ("--systemd=always", "--privileged", "--cgroupns=private", "--network=lab", "--hostname", name)
        self.podman_run(
            *("run", "--detach", "--name", name, *options, "--ip", self.addresses[name]),
            *("--volume", f"{state}:/var/lib/rancher", "--volume", f"{self.helpers}:/opt/k3s-helpers:ro", self.image),
        )
        public = self.key.with_suffix(".pub").read_text()
        prepare = (
            "install -d -m 700 /root/.ssh && cat >/root/.ssh/authorized_keys && ssh-keygen -A && "
            "until systemctl is-system-running 2>/dev/null | grep -Eq 'running|degraded'; do sleep 0.2; done && "
            # Without its keys it failed at the start, perhaps often enough to be given up.
            "until systemctl restart ssh; do sleep 1; systemctl reset-failed ssh; done && "
            "systemctl --quiet disable --now chrony apt-daily.timer apt-daily-upgrade.timer unattended-upgrades"
        )
        done = subprocess.run(
            (*self._inside, "podman", "exec", "--interactive", name, "sh", "-c", prepare),
            env={**os.environ, **self.podman.settings()},
            input=public,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert done.returncode == 0, done.stderr

    def on(self, name: str, *command: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a program on a machine."""
        kubeconfig = "KUBECONFIG=/etc/rancher/k3s/k3s.yaml"
        return self.inside(
            "podman", "exec", "--env", kubeconfig, "--env", f"PATH={PATH}", name, *command, timeout=timeout
        )

    def kubectl(self, *arguments: str, on: str = "n1", timeout: float = 120) -> str:
        """Run kubectl. A server that is starved of processors gives up and starts again: it is waited for."""
        end = time.monotonic() + timeout
        while (done := self.on(on, "kubectl", *arguments, timeout=timeout)).returncode:
            starting = any(word in done.stderr for word in ("was refused", "leader changed", "timed out"))
            if not starting or time.monotonic() > end:
                raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr}")
            time.sleep(1)
        return done.stdout

    def apply(self, text: str) -> None:
        done = subprocess.run(
            (*self._inside, "podman", "exec", "--interactive", "--env", "KUBECONFIG=/etc/rancher/k3s/k3s.yaml", "n1",
             "kubectl", "apply", "--filename", "-"),
            env={**os.environ, **self.podman.settings()}, input=text, capture_output=True, text=True, check=False,
            timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def inventory(self, servers: Sequence[str], agents: Sequence[str], variables: Mapping[str, Any]) -> Path:
        """Write an inventory. A name may be listed that is no machine of the lab."""
        hosts = {name: {"ansible_host": self.addresses.get(name, f"{SUBNET}.250")} for name in (*servers, *agents)}
        reach = {
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(self.key),
            "ansible_ssh_common_args": f"-o StrictHostKeyChecking=no -o UserKnownHostsFile={self.folder}/known_hosts",
        }
        groups = {"k3s_servers": servers, "k3s_agents": agents}
        children = {group: {"hosts": {name: hosts[name] for name in names}} for group, names in groups.items()}
        path = self.folder / "inventory.yaml"
        with path.open("w", encoding="utf-8") as stream:
            YAML(typ="safe").dump({"all": {"vars": {**reach, **variables}, "children": children}}, stream)
        return path

    def command(self, playbook: str, inventory: Path, *options: str) -> tuple[str, ...]:
        """The command line of a playbook, in the lab's namespaces."""
        return (
            *self._inside, str(self._programs / "ansible-playbook"), "--inventory", str(inventory), *options,
            str(ANSIBLE / "playbooks" / f"{playbook}.yml"),
        )  # fmt: skip

    def settings(self) -> dict[str, str]:
        return {
            **os.environ,
            "PATH": f"{self._programs}:{os.environ['PATH']}",
            "ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.folder / "ansible"),
            "NO_COLOR": "1",
        }

    def play(self, playbook: str, inventory: Path, *options: str, timeout: float = 900) -> Played:
        """Run a playbook to its end."""
        done = subprocess.run(
            self.command(playbook, inventory, *options),
            env=self.settings(),
            cwd=ANSIBLE,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        return Played(done.returncode, done.stdout + done.stderr)


@dataclass(frozen=True)
class Played:
    """How a playbook ended."""

    code: int
    text: str

    def changed(self) -> int:
        """The tasks that changed something, on all machines."""
        recap = self.text.rpartition("PLAY RECAP")[2]
        return sum(int(word.removeprefix("changed=")) for word in recap.split() if word.startswith("changed="))

    def succeeded(self) -> Played:
        assert self.code == 0, self.text[-6000:]
        return self


def groups() -> set[Path]:
    """All control groups of this machine."""
    return {Path(folder) for folder, _, _ in os.walk("/sys/fs/cgroup")}


def until(what: str, condition: Callable[[], Any], seconds: float = 120) -> Any:
    """Wait until a condition holds; returns what it gave."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"after {seconds:.0f} s not: {what}"
        time.sleep(0.5)
    return found


def nodes(lab: Lab, on: str = "n1") -> dict[str, tuple[bool, str]]:
    """Name of each node -> whether it is ready, its release. Nothing while the API does not answer."""
    done = lab.on(on, "kubectl", "get", "nodes", "--output=json", timeout=30)
    if done.returncode:
        return {}
    return {
        node["metadata"]["name"]: (
            any(one["type"] == "Ready" and one["status"] == "True" for one in node["status"]["conditions"]),
            node["status"]["nodeInfo"]["kubeletVersion"],
        )
        for node in json.loads(done.stdout)["items"]
    }
