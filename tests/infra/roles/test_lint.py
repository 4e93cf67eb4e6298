"""Ansible's files as its own linters want them, and what is promised about them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from nereus.ansible.variables import FOLDER
from nereus.paths import PROJECT
from tests.infra.roles.conftest import ENVIRONMENT_S
from tests.infra.steps import step

#: It reads every playbook with all roles below it, one rule after the other: about two minutes of one core.
_LINT_S = 480
pytestmark = pytest.mark.timeout(ENVIRONMENT_S + _LINT_S)


def run(programs: Path, program: str, *arguments: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    # They start Ansible's other programs by name.
    settings = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "NO_COLOR": "1"}
    command = (str(programs / program), *arguments)
    return subprocess.run(
        command, cwd=FOLDER, env=settings, capture_output=True, text=True, check=False, timeout=seconds
    )


def test_ansible_lint_in_production(programs: Path) -> None:
    with step("ansible-lint"):
        done = run(programs, "ansible-lint", "--nocolor", seconds=_LINT_S)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Profile 'production' was required, and it passed" in done.stdout + done.stderr


def test_yamllint(programs: Path) -> None:
    with step("yamllint"):
        done = run(programs, "yamllint", "--strict", ".")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("playbook", sorted(path.name for path in FOLDER.glob("playbooks/*.yml")))
def test_every_playbook_and_role_is_found(playbook: str, programs: Path) -> None:
    done = run(programs, "ansible-playbook", "--syntax-check", f"playbooks/{playbook}")
    assert done.returncode == 0, done.stderr


def test_the_collections_that_are_required_are_installed(programs: Path) -> None:
    wanted = {each["name"] for each in YAML(typ="safe").load(FOLDER / "requirements.yml")["collections"]}
    listed = run(programs, "ansible-galaxy", "collection", "list", "--format", "yaml").stdout
    assert {name for name in wanted if f"{name}:" in listed} == wanted


def test_every_waiver_says_what_proves_it_instead() -> None:
    for waiver in YAML(typ="safe").load(FOLDER / "waivers.yml"):
        assert set(waiver) == {"role", "what", "why", "set_by", "container_proves", "proved_by"}
        assert (FOLDER / "roles" / waiver["role"]).is_dir()
        assert (PROJECT / waiver["proved_by"]).exists(), waiver["proved_by"]
        scenario = FOLDER / "roles" / waiver["role"] / "molecule" / "default"
        texts = [path.name + path.read_text("utf-8") for path in scenario.iterdir()]
        assert any(waiver["set_by"] in text for text in texts), waiver["set_by"]
