"""Playbooks run for real against machines that are not fit or not there: nothing is changed, and what is said helps."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from nereus.ansible import vault
from nereus.ansible.playbook import Playbooks
from nereus.errors import BadInput, Failure
from nereus.home import Home
from tests.infra.roles.conftest import ENVIRONMENT_S
from tests.infra.steps import step

pytestmark = [pytest.mark.timeout(ENVIRONMENT_S + 300), pytest.mark.usefixtures("programs")]

#: This host as a machine: looked at only, and never as root.
HERE = {"ansible_connection": "local", "ansible_become": False, "ansible_host": "192.0.2.1"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / ".nereus").create()


def write(home: Home, text: str) -> Path:
    path = home.run / "inventory.yaml"
    path.write_text(text)
    return path


def inventory(home: Home, **hosts: object) -> Path:
    return write(home, json.dumps({"all": {"children": {"k3s_servers": {"hosts": hosts}, "k3s_agents": {}}}}))


def test_an_unfit_machine_is_refused_with_every_reason(home: Home) -> None:
    told: list[str] = []
    wants = {"preflight_cores": 4096, "preflight_debian": ["99"], "data_disks_disks": [
        {"serial": "none-such", "tier": "hot", "gib": 1}]}  # fmt: skip
    with step("preflight of this host"), pytest.raises(BadInput) as caught:
        Playbooks(home, inventory(home, here={**HERE, **wants})).run("preflight", told.append)
    said = str(caught.value)
    assert "Nothing was changed on any machine. here is not fit:" in said
    for reason in ("cores; expected 4096", "expected Debian 99", "there is no disk with the serial number none-such"):
        assert reason in said
    assert any("Look at the machine" in each for each in told), "progress names the task"
    log = home.logs / "ansible-preflight.log"
    assert str(log) in said
    assert "expected 4096" in log.read_text()


def test_a_machine_that_does_not_answer_is_named_with_the_way_in(home: Home) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        books = Playbooks(home, inventory(home, gone={"ansible_host": "127.0.0.1", "ansible_port": port}))
        with step("a machine that does not answer"), pytest.raises(BadInput) as caught:
            books.run("preflight", lambda _: None)
    assert "gone cannot be reached: " in str(caught.value)
    assert "Connection refused" in str(caught.value)
    assert "correct ansible_host or ansible_port" in str(caught.value)


def test_a_variable_of_the_wrong_type_stops_at_the_role(home: Home) -> None:
    with step("a wrong type"), pytest.raises(Failure, match="preflight_cores"):
        Playbooks(home, inventory(home, here={**HERE, "preflight_cores": "many"})).run("preflight", lambda _: None)


def test_an_inventory_that_is_none_is_no_traceback(home: Home) -> None:
    with step("no inventory"), pytest.raises(Failure, match="the playbook preflight did not run"):
        Playbooks(home, write(home, "all: [\n")).run("preflight", lambda _: None)


def test_secrets_are_sealed_and_their_files_closed(home: Home) -> None:
    with step("sealed secrets"):
        sealed = vault.sealed_file(home)
        plain = vault.opened(home)
    assert set(plain) == set(vault.GENERATED)
    assert sealed.read_text().startswith("$ANSIBLE_VAULT;")
    assert not any(value in sealed.read_text() for value in plain.values())
    assert [path.stat().st_mode & 0o777 for path in (sealed, vault.password_file(home))] == [0o600, 0o600]
    assert vault.opened(home) == plain, "made once"


def test_another_password_opens_nothing(home: Home) -> None:
    vault.sealed_file(home)
    vault.password_file(home).write_text("another\n")
    with pytest.raises(Failure, match="cannot decrypt") as caught:
        vault.opened(home)
    assert "Was " in str(caught.value)


def test_a_password_file_that_others_read_is_refused(home: Home) -> None:
    vault.password_file(home).chmod(0o644)
    with pytest.raises(BadInput, match="others may read") as caught:
        vault.password_file(home)
    assert "chmod 600" in str(caught.value)


def test_what_is_sealed_is_what_an_inventory_reads(home: Home) -> None:
    with step("a sealed value in an inventory"):
        text = vault.seal(home, "ansible_become_password", "hunter2")
    assert text.startswith("ansible_become_password: !vault |")
    assert "hunter2" not in text
