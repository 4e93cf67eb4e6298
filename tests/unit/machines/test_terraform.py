"""Errors of Terraform as a person reads them, and what the pinned provider is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from nereus.errors import BadInput
from nereus.machines import binary, mirror
from nereus.machines.places import TERRAFORM
from nereus.machines.terraform import summary
from nereus.paths import PROJECT

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
