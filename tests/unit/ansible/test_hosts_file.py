"""An inventory of one's own: what is right is read, each fault is named with its fix before a machine is asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from nereus.ansible import hosts_file
from nereus.ansible.inventory import AGENTS, SERVERS, Sealed
from nereus.ansible.variables import known
from nereus.errors import BadInput
from nereus.paths import PROJECT

RIGHT = """\
all:
  vars:
    ansible_user: ops
    ansible_ssh_private_key_file: KEY
    ansible_become_password: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      6162
    host_baseline_admin_networks: [192.0.2.0/24]
  children:
    k3s_servers:
      vars: {preflight_cores: 4}
      hosts:
        node-1:
          ansible_host: 192.0.2.11
          data_disks_disks: [{serial: A1, tier: hot, gib: 100}]
    k3s_agents:
      hosts:
        node-2:
          ansible_host: 192.0.2.12
          preflight_cores: 8
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    key = tmp_path / "key"
    key.write_text("private")
    key.chmod(0o600)

    def writing(text: str) -> Path:
        path = tmp_path / "mine.yaml"
        path.write_text(text.replace("KEY", str(key)))
        return path

    return writing


def test_a_right_one_is_read(write: Callable[[str], Path]) -> None:
    inventory = hosts_file.read(write(RIGHT))
    first, second = inventory.hosts
    assert (first.name, first.group, first.address) == ("node-1", SERVERS, "192.0.2.11")
    assert (second.name, second.group, second.address) == ("node-2", AGENTS, "192.0.2.12")
    assert inventory.value(first, "preflight_cores") == 4
    assert inventory.value(second, "preflight_cores") == 8
    assert inventory.value(second, "ansible_user") == "ops"
    assert isinstance(inventory.value(first, "ansible_become_password"), Sealed)


def test_the_example_is_right_but_for_its_key(write: Callable[[str], Path]) -> None:
    text = (PROJECT / "infra/ansible/inventories/example/hosts.yaml").read_text("utf-8")
    text = re.sub(r"(ansible_ssh_private_key_file:) \S+", r"\1 KEY", text)
    assert len(hosts_file.read(write(text)).hosts) == 3


def test_every_variable_belongs_to_the_role_it_is_named_after() -> None:
    """A prefix says whose a variable is; k3s' roles share what servers and agents both are told."""
    strangers = {
        each.name: each.role
        for each in known().values()
        if each.role and not each.name.startswith((f"{each.role}_", "k3s_", "registries_"))
    }
    assert strangers == {}


#: name -> (what is replaced, by what, what the message says, what its fix says)
BROKEN = {
    "unknown_variable": (
        "preflight_cores: 8",
        "preflight_core: 8",
        "preflight_core is a variable that no role reads",
        "Did you mean preflight_cores?",
    ),
    "variable_of_nobody": (
        "preflight_cores: 8",
        "colour: blue",
        "colour is a variable that no role reads",
        "defaults/main.yml",
    ),
    "two_nodes_one_address": (
        "192.0.2.12",
        "192.0.2.11",
        "node-2 and node-1 both have the address 192.0.2.11",
        "Correct ansible_host",
    ),
    "no_address": ("192.0.2.12", "192.0.2.300", "192.0.2.300, which is no IP address", "for example 192.0.2.11"),
    "port_in_address": ("192.0.2.12", '"192.0.2.12:22"', "192.0.2.12:22, which is no IP address", "ansible_port"),
    "loopback_address": ("192.0.2.12", "127.0.0.1", "which other machines cannot reach", "address in your network"),
    "address_with_a_space": ("192.0.2.12", '"node 2"', "neither an address nor a name", "192.0.2.11"),
    "wrong_group": ("k3s_agents", "k3s_agent", "all.children.k3s_agent is no group", "Did you mean k3s_agents?"),
    "foreign_group": ("k3s_agents", "databases", "all.children.databases is no group", "Sort its machines"),
    "no_servers": (
        "k3s_servers:\n      vars: {preflight_cores: 4}\n",
        "k3s_agents:\n      vars: {preflight_cores: 4}\n",
        "k3s_agents a second time",
        "Remove one of the two",
    ),
    "two_servers": (
        "    k3s_agents:\n      hosts:\n",
        "",
        "k3s_servers has 2 machines; expected an odd number",
        "Move one machine to k3s_agents",
    ),
    "machine_in_two_groups": (
        "        node-2:",
        "        node-1:",
        "node-1 stands in k3s_servers and in k3s_agents",
        "Keep it in one",
    ),
    "name_with_capitals": ("        node-2:", "        Node_2:", "cannot be the name of a node", "for example node-2"),
    "hosts_as_a_list": (
        "      hosts:\n        node-2:\n          ansible_host: 192.0.2.12\n          preflight_cores: 8",
        "      hosts: [node-2]",
        "k3s_agents.hosts is not a section",
        "with a colon",
    ),
    "group_as_text": (
        "k3s_agents:\n      hosts:\n        node-2:\n          ansible_host: 192.0.2.12\n          preflight_cores: 8",
        "k3s_agents: node-2",
        "k3s_agents is not a section",
        "hosts:",
    ),
    "host_as_text": (
        "node-2:\n          ansible_host: 192.0.2.12\n          preflight_cores: 8",
        "node-2: 192.0.2.12",
        "hosts.node-2 is not a section",
        "{name: value}",
    ),
    "misspelt_vars": ("all:\n  vars:", "all:\n  var:", "all.var is unknown", "Did you mean vars?"),
    "vars_as_a_list": ("vars: {preflight_cores: 4}", "vars: [preflight_cores]", "vars is not a section", "name: value"),
    "group_at_the_top": (
        "all:\n",
        "k3s_servers: {}\nall:\n",
        "k3s_servers stands at the top",
        "all.children.k3s_servers",
    ),
    "number_in_quotes": (
        "preflight_cores: 8",
        'preflight_cores: "8"',
        "is '8'; expected a number",
        "without quotes: 8",
    ),
    "text_for_a_list": ("[192.0.2.0/24]", "192.0.2.0/24", "expected a list", "in brackets"),
    "number_for_a_text": ("ansible_user: ops", "ansible_user: 1000", "is 1000; expected a text", 'in quotes: "1000"'),
    "yes_for_a_number": (
        "preflight_cores: 8",
        "preflight_cores: true",
        "is True; expected a number",
        "defaults/main.yml",
    ),
    "unknown_tier": ("tier: hot", "tier: hott", "is 'hott'; expected one of hot, cold, cache", "Did you mean hot?"),
    "disk_without_serial": ("serial: A1, ", "", "data_disks_disks[0] has no serial", "Add serial"),
    "misspelt_key_of_a_disk": ("gib: 100", "gb: 100", "data_disks_disks[0].gb is unknown", "Did you mean gib?"),
    "disk_by_its_letter": ("serial: A1", "serial: /dev/sdb", "'/dev/sdb' is no serial number", "lsblk"),
    "disk_twice": (
        "[{serial: A1, tier: hot, gib: 100}]",
        "[{serial: A1, tier: hot, gib: 1}, {serial: A1, tier: hot, gib: 1}]",
        "node-1 lists the disk A1 twice",
        "Remove one",
    ),
    "disk_without_size": ("gib: 100", "gib: 0", "disk A1 has gib 0", "in GiB"),
    "password_in_plain_text": (
        "!vault |\n      $ANSIBLE_VAULT;1.1;AES256\n      6162",
        "hunter2",
        "ansible_become_password is plain text",
        "nereus hosts seal ansible_become_password",
    ),
    "key_file_missing": ("KEY", "/nonexistent/key", "there is no key file /nonexistent/key", "ssh-keygen"),
    "not_yaml": ("  vars:", "  vars: {", "is not YAML", "example/hosts.yaml"),
    "variable_twice": (
        "ansible_user: ops",
        "ansible_user: ops\n    ansible_user: root",
        "ansible_user a second time",
        "Remove one",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_fault_is_named_with_its_fix(name: str, write: Callable[[str], Path]) -> None:
    old, new, says, fix = BROKEN[name]
    assert old in RIGHT
    with pytest.raises(BadInput) as caught:
        hosts_file.read(write(RIGHT.replace(old, new, 1)))
    assert says in str(caught.value)
    assert fix in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "says", "fix"),
    [
        ("", "holds no groups", "The smallest inventory is"),
        ("- node-1\n", "holds no groups", "k3s_servers"),
        ("[k3s_servers]\nnode-1\n", "is not YAML", "INI form"),
        ("all: node-1\n", "there is no section `all`", "The smallest"),
        ("all: {children: {k3s_agents: {hosts: {a: {}}}}}\n", "there is no group k3s_servers", "1 or 3 machines"),
        ("all: {children: {k3s_servers: {hosts: {}}}}\n", "k3s_servers has 0 machines", "List 1 machine"),
    ],
)
def test_what_is_no_inventory_is_refused(text: str, says: str, fix: str, write: Callable[[str], Path]) -> None:
    with pytest.raises(BadInput) as caught:
        hosts_file.read(write(text))
    assert says in str(caught.value)
    assert fix in str(caught.value)


def test_a_missing_file_names_the_example(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no inventory") as caught:
        hosts_file.read(tmp_path / "none.yaml")
    assert "inventories/example/hosts.yaml" in str(caught.value)


def test_a_key_that_others_may_read_is_refused(write: Callable[[str], Path], tmp_path: Path) -> None:
    path = write(RIGHT)
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(BadInput, match="others may read the key file") as caught:
        hosts_file.read(path)
    assert "chmod 600" in str(caught.value)


def test_every_fault_is_named_at_once(write: Callable[[str], Path]) -> None:
    text = RIGHT.replace("192.0.2.12", "192.0.2.11").replace("preflight_cores: 8", "preflight_core: 8")
    with pytest.raises(BadInput) as caught:
        hosts_file.read(write(text))
    assert "both have the address" in str(caught.value)
    assert "preflight_core is a variable" in str(caught.value)
