"""Ansible's files as its own linters want them, and what is promised about them."""

from __future__ import annotations

import os
import subprocess

import pytest
from ruamel.yaml import YAML

from nereus.ansible.variables import FOLDER
from nereus.paths import PROJECT
from nereus.provision import environments
from tests.infra.steps import step


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environments.ensure("infrastructure")
    programs = environments.folder("infrastructure") / "bin"
    # They start Ansible's other programs by name.
    settings = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "NO_COLOR": "1"}
    command = (str(programs / program), *arguments)
    return subprocess.run(command, cwd=FOLDER, env=settings, capture_output=True, text=True, check=False, timeout=280)


def test_ansible_lint_in_production() -> None:
    with step("ansible-lint"):
        done = run("ansible-lint", "--nocolor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Profile 'production' was required, and it passed" in done.stdout + done.stderr


def test_yamllint() -> None:
    with step("yamllint"):
        done = run("yamllint", "--strict", ".")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("playbook", sorted(path.name for path in FOLDER.glob("playbooks/*.yml")))
def test_every_playbook_and_role_is_found(playbook: str) -> None:
    done = run("ansible-playbook", "--syntax-check", f"playbooks/{playbook}")
    assert done.returncode == 0, done.stderr


def test_the_collections_that_are_required_are_installed() -> None:
    wanted = {each["name"] for each in YAML(typ="safe").load(FOLDER / "requirements.yml")["collections"]}
    listed = run("ansible-galaxy", "collection", "list", "--format", "yaml").stdout
    assert {name for name in wanted if f"{name}:" in listed} == wanted


def test_every_waiver_says_what_proves_it_instead() -> None:
    for waiver in YAML(typ="safe").load(FOLDER / "waivers.yml"):
        assert set(waiver) == {"role", "what", "why", "set_by", "container_proves", "proved_by"}
        assert (FOLDER / "roles" / waiver["role"]).is_dir()
        assert (PROJECT / waiver["proved_by"]).exists(), waiver["proved_by"]
        scenario = FOLDER / "roles" / waiver["role"] / "molecule" / "default"
        texts = [path.name + path.read_text("utf-8") for path in scenario.iterdir()]
        assert any(waiver["set_by"] in text for text in texts), waiver["set_by"]
