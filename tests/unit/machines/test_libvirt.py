"""What is read out of libvirt's own words, and addresses of hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from nereus.errors import BadInput
from nereus.home import Home
from nereus.machines import host
from nereus.machines.lab import Lab
from nereus.machines.libvirt import hardware_virtualisation
from nereus.machines.places import Places

GOOD = """\
  QEMU: Checking for hardware virtualization                                 : PASS
  QEMU: Checking if device /dev/kvm exists                                   : PASS
  QEMU: Checking if device /dev/kvm is accessible                            : PASS
  QEMU: Checking if device /dev/vhost-net exists                             : WARN (Load the 'vhost_net' module)
"""


def test_all_three_checks_make_kvm() -> None:
    assert hardware_virtualisation(GOOD)


@pytest.mark.parametrize("line", range(3))
def test_one_failed_check_is_emulation(line: int) -> None:
    lines = GOOD.splitlines()
    lines[line] = lines[line].replace("PASS", "FAIL (HW virtualization CPU features not found)")
    assert not hardware_virtualisation("\n".join(lines))


@pytest.mark.parametrize("line", range(3))
def test_a_check_it_did_not_come_to_is_emulation(line: int) -> None:
    assert not hardware_virtualisation("\n".join(each for at, each in enumerate(GOOD.splitlines()) if at != line))


def test_the_lab_is_a_host_of_its_own(tmp_path: Path) -> None:
    places = Places(Home(tmp_path))
    found = host.of("lab", "nereus", places)
    assert found.libvirt.uri == f"qemu:///system?socket={tmp_path}/run/lab/run/libvirt-sock"
    assert found.proxy_command is not None
    assert found.proxy_command.endswith(f"-m nereus.machines.lab_proxy {tmp_path}/run/lab %h %p")
    assert not found.up


def test_machines_of_another_host_are_reached_through_it(tmp_path: Path) -> None:
    found = host.of("qemu+ssh://root@big:2222/system", "nereus", Places(Home(tmp_path)))
    assert found.proxy_command == "ssh -p 2222 -W %h:%p root@big"


@pytest.mark.parametrize("uri", ["qemu+tls://big/system", "qemu+ssh://-oProxyCommand=x/system"])
def test_a_host_without_a_way_to_its_machines_is_refused(uri: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"vms\.uri"):
        host.of(uri, "nereus", Places(Home(tmp_path)))


def test_a_lab_that_never_was_is_down(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "lab")
    assert lab.process() is None
    assert lab.down() is False


def test_a_path_too_long_for_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: f"/usr/bin/{program}")
    lab = Lab(tmp_path / ("x" * 100))
    with pytest.raises(BadInput, match="Set NEREUS_HOME to a shorter path"):
        lab.up()
    assert not lab.folder.exists()


def test_a_lab_without_its_programs_names_the_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: None)
    with pytest.raises(BadInput, match="qemu-system-x86"):
        Lab(tmp_path / "lab").up()
