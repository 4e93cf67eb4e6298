"""Errors of Terraform as a person reads them, and what the pinned provider is."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from ruamel.yaml import YAML

from nereus.errors import BadInput
from nereus.machines import binary, mirror
from nereus.machines.places import TERRAFORM
from nereus.machines.terraform import MINUTES, Terraform, TooLong, summary
from nereus.paths import PROJECT
from nereus.processes import still_running

BOXED = """\
╷
│ Error: Invalid value for variable
│
│   on variables.tf line 34:
│   34: variable "nodes" {
│     ├────────────────
│     │ var.nodes is map of object with 2 elements
│
│ Two of the nodes have one address; expected an address of its own for each.
│
│ This was checked by the validation rule at variables.tf:50,3-13.
╵
"""


def test_an_error_loses_its_frame_and_keeps_its_words() -> None:
    told = summary(BOXED)
    assert told.startswith("  Invalid value for variable\n")
    assert "Two of the nodes have one address" in told
    assert "│" not in told
    assert 'variable "nodes" {' not in told


def test_words_without_an_error_are_kept() -> None:
    assert summary("something\nelse\n") == "  something\n  else"


def test_the_providers_version_has_one_home() -> None:
    pinned = YAML(typ="safe").load(PROJECT / "versions.yaml")["terraform-providers"]["dmacvicar/libvirt"]
    assert mirror.version() == pinned
    for root in ("foundations", "platform"):
        found = re.search(r'^ +version += "([^"]+)"', (TERRAFORM / root / "versions.tf").read_text("utf-8"), re.M)
        assert found is not None
        assert found[1] == pinned


def test_every_variable_is_described_and_checked() -> None:
    without = []
    for path in TERRAFORM.glob("**/variables.tf"):
        for block in re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', path.read_text("utf-8"), re.M | re.S):
            if "description" not in block[1]:
                without.append(f"{path.parent.name}.{block[0]}")
    assert without == []


def test_without_terraform_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: None)
    with pytest.raises(BadInput, match=r"Install Terraform 1\.9 or newer"):
        binary.find()


@pytest.mark.parametrize(
    ("said", "message"),
    [('{"terraform_version": "1.5.7"}', r"is Terraform 1\.5\.7; expected 1\.9"), ("hello", "does not say its version")],
)
def test_another_terraform_is_refused(said: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "terraform"
    program.write_text(f"#!/bin/sh\necho '{said}'\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(BadInput, match=message):
        binary.find()


def test_without_go_the_mirror_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda program: None)
    with pytest.raises(BadInput, match="no `go` on the PATH"):
        mirror.ensure(lambda text: None)
    assert mirror.present() is None


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terraform:
    """A shell under Terraform's name: it runs the file of its first word, so each command is a script in the folder."""
    program, folder = tmp_path / "terraform", tmp_path / "root"
    shutil.copyfile("/bin/bash", program)
    program.chmod(0o755)
    monkeypatch.setattr("nereus.machines.binary.find", lambda: str(program))
    folder.mkdir()
    (folder / "show").write_text("echo '{}'\n", "utf-8")
    return Terraform(folder, tmp_path / "log", None)


def test_a_plan_that_hangs_is_ended_and_made_again_one_by_one(
    scripted: Terraform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nereus.machines.terraform.FIRST_PLAN_MINUTES", 0.03)
    hangs = '[[ " $* " == *" -parallelism=1 "* ]] && exit 2\nsleep 600 &\necho $! >hung\ntrap "" INT\nwait\n'
    (scripted.folder / "plan").write_text(hangs, "utf-8")
    assert scripted.plan() == {}
    with suppress(psutil.NoSuchProcess):
        hung = psutil.Process(int((scripted.folder / "hung").read_text("utf-8")))
        assert still_running([hung], 10) == []
    said = scripted.log.read_text("utf-8")
    assert "interrupted after 0.03 minutes" in said
    assert said.index("exit code -1") < said.index("exit code 2")


def test_a_plan_that_hangs_again_says_so(scripted: Terraform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nereus.machines.terraform.FIRST_PLAN_MINUTES", 0.01)
    monkeypatch.setitem(MINUTES, "plan", 0.02)
    (scripted.folder / "plan").write_text("sleep 600\n", "utf-8")
    with pytest.raises(TooLong, match=r"terraform plan took longer than 0\.02 minutes"):
        scripted.plan()
