"""What is wrong with a bundle, an inventory, a node or a wanted release, each with its fix. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

#: A release as k3s prints it: v1.2.3+k3s1. What follows the plus is the packaging, compared as text.
RELEASE = re.compile(r"^v(\d+)\.(\d+)\.(\d+)(?:-[0-9a-z.]+)?\+(k3s[0-9a-z-]*)$")
SHORTEST_TOKEN = 16
#: The note on a node that an upgrade has closed.
UPGRADING = "nereus.dev/upgrading"


def bundle_problems(seen: Sequence[Mapping[str, Any]]) -> list[str]:
    """What of the bundle is missing, wrong or without a known checksum.

    Args:
        seen: results of ansible.builtin.stat with SHA-256, looped over files of a release: {item, stat}.
    """
    found = []
    for one in seen:
        wanted, stat = one["item"], one["stat"]
        name, expected = wanted["file"], wanted.get("sha256")
        get = f"Get it with `make bundle`{', or from ' + wanted['url'] if wanted.get('url') else ''}"
        if not expected:
            found.append(
                f"{name} has no checksum in versions.yaml: it is refused. {get}; compare its SHA-256 with the one "
                "that its publisher lists and write that one into versions.yaml."
            )
        elif not stat.get("exists"):
            found.append(f"{name} is missing; expected SHA-256 {expected}. {get}.")
        elif stat.get("checksum") != expected:
            found.append(
                f"{name} has SHA-256 {stat.get('checksum', 'none: it is not a file')}; expected {expected}. "
                f"Delete it. {get}."
            )
    return found


def release_problem(version: object) -> str | None:
    """Whether a release's name is one, as k3s writes it."""
    if RELEASE.match(str(version)):
        return None
    return f"the release {version!r} is no name of a k3s release; expected one like v1.2.3+k3s1."


def cluster_problems(cluster: Mapping[str, Any]) -> list[str]:
    """What of the inventory cannot become a cluster.

    Args:
        cluster: {servers: [name], agents: [name], addresses: {name: address}, tokens: {server, agent}}.
    """
    servers, agents = cluster["servers"], cluster["agents"]
    found = []
    if not servers:
        found.append("the group k3s_servers has no machine; expected 1 or 3. Put machines into it.")
    elif len(servers) not in (1, 3):
        found.append(
            f"the group k3s_servers has {len(servers)} machines; expected 1 or 3, since the servers vote and an even "
            f"number survives no more losses. "
            f"Move {len(servers) - (3 if len(servers) > 3 else 1)} to k3s_agents, or add servers."
        )
    found += [
        f"{name} is in k3s_servers and in k3s_agents; a server works as well. Remove it from k3s_agents."
        for name in servers
        if name in agents
    ]
    owners: dict[str, str] = {}
    for name, address in cluster["addresses"].items():
        if not address:
            found.append(
                f"{name} has no address in the cluster. Give it ansible_host, k3s_server_node_ip or k3s_agent_node_ip."
            )
        elif address in owners:
            found.append(f"{name} and {owners[address]} have one address, {address}. Each node needs its own.")
        else:
            owners[address] = name
    return found + _token_problems(cluster["tokens"])


def _token_problems(tokens: Mapping[str, Any]) -> list[str]:
    found = []
    for kind, token in tokens.items():
        name = f"k3s_{kind}_token"
        if not token:
            found.append(f"{name} is not set; expected a secret. Set it, sealed, or let `make provision` generate it.")
        elif not re.fullmatch(r"[A-Za-z0-9_-]+", str(token)):
            found.append(f"{name} has characters other than letters, digits, hyphens and underscores. Take another.")
        elif len(str(token)) < SHORTEST_TOKEN:
            found.append(
                f"{name} has {len(str(token))} characters; expected {SHORTEST_TOKEN} or more. Take a longer one."
            )
    given = [token for token in tokens.values() if token]
    if len(given) > len(set(given)):
        found.append(
            "k3s_server_token and k3s_agent_token are one; whoever holds an agent could then add servers. Take two."
        )
    return found


def node_problems(node: Mapping[str, Any]) -> list[str]:
    """Why the role must not touch what is on a node.

    Args:
        node: {name, server: bool, architecture, installed: release or None, wanted: release,
            units: [names of k3s' units], state: bool, whether a member's data is there}.
    """
    found = []
    name = node["name"]
    wrong, right = ("k3s-agent.service", "k3s.service") if node["server"] else ("k3s.service", "k3s-agent.service")
    kind = "a server" if node["server"] else "an agent"
    reset = f"If nothing on it is needed: ansible-playbook playbooks/reset.yml --limit {name}"
    if node["architecture"] != "x86_64":
        found.append(f"{name} is {node['architecture']}; the pinned files are for x86_64. Use another machine.")
    if wrong in node["units"]:
        found.append(f"{name} is to be {kind} and runs {wrong}: its part cannot be changed in place. {reset}")
    elif node["state"] and right not in node["units"]:
        found.append(
            f"{name} holds a cluster's state in /var/lib/rancher/k3s and has no {right}: "
            f"an installation was half removed. {reset}"
        )
    if node["installed"] and node["units"] and node["installed"] != node["wanted"]:
        found.append(
            f"{name} has k3s {node['installed']}; {node['wanted']} is wanted. An installation never upgrades: "
            "ansible-playbook playbooks/upgrade.yml"
        )
    return found


def upgrade_problems(node: Mapping[str, Any], wanted: str) -> list[str]:
    """Why a node, as Kubernetes describes it, cannot be brought to the wanted release."""
    if not node:
        return ["it is no node of the cluster. Install it first: playbooks/site.yml"]
    found = release_problems(node["status"]["nodeInfo"]["kubeletVersion"], wanted)
    ready = [one["status"] for one in node["status"]["conditions"] if one["type"] == "Ready"]
    # A node that an upgrade had closed when it was cut off may just be starting.
    if ready != ["True"] and UPGRADING not in node["metadata"].get("annotations", {}):
        found.append("it is not ready. Mend it first: kubectl describe node, journalctl --unit k3s --unit k3s-agent")
    return found


def release_problems(installed: str, wanted: str) -> list[str]:
    """Why a node cannot go from one release to another: never backwards, never over a minor."""
    old, new = RELEASE.match(installed), RELEASE.match(wanted)
    if not new:
        return [release_problem(wanted) or ""]
    if not old:
        return [f"k3s {installed!r} is installed, which is no release that this playbook knows. Upgrade it by hand."]
    before, after = (tuple(map(int, match.groups()[:3])) for match in (old, new))
    if after < before:
        return [
            f"{wanted} is older than {installed}, which is installed. Restore a snapshot instead: playbooks/restore.yml"
        ]
    if after[0] != before[0] or after[1] > before[1] + 1:
        return [
            f"from {installed} to {wanted} skips a minor. Upgrade to the last v{before[0]}.{before[1] + 1} first: "
            "write its version and checksums into versions.yaml, run `make bundle` and this playbook, then come back."
        ]
    return []


def registry_problems(mirrors: Mapping[str, Any], configs: Mapping[str, Any]) -> list[str]:
    """What of the declared registries containerd would not understand."""
    found = []
    for name, mirror in mirrors.items():
        endpoints = (mirror or {}).get("endpoint", [])
        if not isinstance(endpoints, list):
            found.append(f"registries_mirrors[{name}].endpoint is {endpoints!r}; expected a list of addresses.")
            continue
        for endpoint in endpoints:
            parts = urlsplit(str(endpoint))
            if parts.scheme not in ("http", "https") or not parts.netloc:
                found.append(
                    f"registries_mirrors[{name}].endpoint has {endpoint!r}; expected an address like https://registry.example:5000"
                )
    found += [
        f"registries_configs[{name}] has a scheme; expected the host alone, like registry.example:5000"
        for name in configs
        if "://" in name
    ]
    return found


def backup_problems(backup: Mapping[str, Any]) -> list[str]:
    """What of the declared backup k3s would refuse, or would keep without being of use."""
    found = []
    if len(str(backup["schedule"]).split()) != 5:
        found.append(
            f"k3s_backup_schedule is {backup['schedule']!r}; expected five fields of cron, like '0 */6 * * *'."
        )
    if int(backup["kept"]) < 1:
        found.append(f"k3s_backup_kept is {backup['kept']}; expected 1 or more.")
    store = backup["s3"] or {}
    missing = [key for key in ("endpoint", "bucket", "access_key", "secret_key") if store and not store.get(key)]
    if missing:
        found.append(
            f"k3s_backup_s3 lacks {', '.join(missing)}. Give them, the keys sealed, or leave k3s_backup_s3 empty."
        )
    if "://" in str(store.get("endpoint", "")):
        found.append(
            f"k3s_backup_s3.endpoint is {store['endpoint']!r}; expected host:port; `insecure: true` means http."
        )
    return found


def restore_problems(restore: Mapping[str, Any]) -> list[str]:
    """Why a snapshot cannot be brought back: {path, stat: of the file, consent, first: the first server's name}."""
    path, stat = restore["path"], restore["stat"]
    found = []
    if not path:
        found.append("k3s_restore_snapshot is not set; expected a snapshot. Take one with playbooks/backup.yml.")
    elif not stat.get("exists") or stat.get("isdir"):
        found.append(
            f"k3s_restore_snapshot is {path}, which is no file here. List the folder that playbooks/backup.yml wrote."
        )
    elif not stat.get("size"):
        found.append(f"{path} is empty. Take another snapshot.")
    if restore["consent"] != restore["first"]:
        found.append(
            f"k3s_restore_consent is {restore['consent']!r}; expected {restore['first']!r}, the first server. What was "
            "declared after the snapshot will be lost: say so with that value."
        )
    return found


def s3_options(store: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of k3s' config.yaml that send snapshots to an object store; none for an empty declaration."""
    if not store:
        return {}
    names = {
        "endpoint": "etcd-s3-endpoint",
        "bucket": "etcd-s3-bucket",
        "access_key": "etcd-s3-access-key",
        "secret_key": "etcd-s3-secret-key",
        "folder": "etcd-s3-folder",
        "region": "etcd-s3-region",
        "insecure": "etcd-s3-insecure",
        "ca_file": "etcd-s3-endpoint-ca",
    }
    return {"etcd-s3": True} | {names[key]: value for key, value in store.items() if value not in ("", None)}


class FilterModule:
    """What Ansible asks a filter plugin for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by the names that roles use."""
        return {
            "k3s_bundle_problems": bundle_problems,
            "k3s_cluster_problems": cluster_problems,
            "k3s_node_problems": node_problems,
            "k3s_upgrade_problems": upgrade_problems,
            "k3s_registry_problems": registry_problems,
            "k3s_backup_problems": backup_problems,
            "k3s_restore_problems": restore_problems,
            "k3s_s3_options": s3_options,
        }
