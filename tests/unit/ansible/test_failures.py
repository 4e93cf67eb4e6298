"""What Ansible, ssh and sudo say becomes one block with the way out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from nereus.ansible import playbook
from nereus.ansible.playbook import Failed, Outcome
from nereus.errors import BadInput, Failure, NereusError

SSH = "Failed to connect to the host via ssh: "


def said(*failures: Failed, rest: str = "") -> NereusError:
    error = playbook._error("site", Outcome(Path("/logs/site.log"), 2, rest, {}, list(failures)))
    assert isinstance(error, NereusError)
    assert "/logs/site.log" in str(error)
    return error


#: name -> (what ssh said, the fix)
UNREACHABLE: Mapping[str, tuple[str, str]] = {
    "key_not_let_in": ("ops@192.0.2.1: Permission denied (publickey).", "authorized_keys"),
    "unknown_host_key": ("Host key verification failed.", "ssh-keyscan"),
    "changed_host_key": ("WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!", "ssh-keygen -R"),
    "nobody_listens": ("connect to host 192.0.2.1 port 22: Connection refused", "ansible_port"),
    "no_route": ("connect to host 192.0.2.1 port 22: No route to host", "Correct ansible_host"),
    "no_answer": ("connect to host 192.0.2.1 port 22: Connection timed out", "firewall"),
    "unknown_name": ("Could not resolve hostname nodeone: Name or service not known", "IP address"),
    "no_python": ("/bin/sh: 1: /usr/bin/python3: not found", "apt install python3"),
    "never_seen": ("something that nobody has seen", "ssh -v"),
}


@pytest.mark.parametrize("name", UNREACHABLE)
def test_an_unreachable_machine(name: str) -> None:
    words, fix = UNREACHABLE[name]
    error = said(Failed("node-1", "Look at the machine", SSH + words, unreachable=True))
    assert isinstance(error, BadInput)
    assert f"node-1 cannot be reached: {SSH}{words}" in error.message
    assert fix in str(error)


#: name -> (what sudo said, the fix)
NOT_ROOT: Mapping[str, tuple[str, str]] = {
    "no_sudo_password": ("Missing sudo password", "nereus hosts seal ansible_become_password"),
    "wrong_sudo_password": ("Incorrect sudo password", "Seal the right one"),
    "no_sudoer": ("ops is not in the sudoers file.", "usermod -aG sudo"),
}


@pytest.mark.parametrize("name", NOT_ROOT)
def test_who_may_not_become_root(name: str) -> None:
    words, fix = NOT_ROOT[name]
    assert fix in str(said(Failed("node-1", "Look at the machine", words)))


def test_a_refusal_before_any_change_is_bad_input_and_said_once() -> None:
    words = "Nothing was changed on any machine. The inventory cannot become a cluster:\n  no servers"
    error = said(Failed("node-1", "Refuse", words), Failed("node-2", "Refuse", words))
    assert isinstance(error, BadInput)
    assert error.message == words


def test_work_that_failed_names_the_machine_and_the_task() -> None:
    error = said(Failed("node-1", "data_disks : Mount them", "mount: wrong fs type"))
    assert isinstance(error, Failure)
    assert "node-1: data_disks : Mount them: mount: wrong fs type" in error.message


def test_a_playbook_that_did_not_begin() -> None:
    error = said(rest="[WARNING]: old\n[ERROR]: the role 'nope' was not found\n")
    assert error.message == "the playbook site did not run: the role 'nope' was not found"


def test_of_a_loop_the_failed_items_are_told() -> None:
    result = {"results": [{"msg": "fine"}, {"failed": True, "msg": "no", "stderr": "because"}], "msg": "one failed"}
    assert playbook._said(result) == "no\nbecause"
