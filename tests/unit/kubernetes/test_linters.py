"""Dockerfiles, scripts and YAML as their own linters want them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from nereus.errors import Failure
from nereus.kubernetes.render.fill import marks
from nereus.paths import PROJECT
from nereus.provision import environments
from tests.conftest import not_run
from tests.unit.kubernetes.apps.test_alerts import filled

#: Ansible's files have linters of their own, in tests/infra/roles.
_ELSEWHERE = ("infra/ansible/", "tests/")


@pytest.fixture(scope="module")
def programs() -> Path:
    """The folder with the linters."""
    try:
        environments.ensure("manifest-checks")
    except Failure as error:
        not_run("linters", error.message.splitlines()[0])
    return environments.folder("manifest-checks") / "bin"


def files() -> list[str]:
    """Every file of the project."""
    listed = subprocess.run(
        ("git", "ls-files"),  # noqa: S607
        **{"cwd": PROJECT, "capture_output": True, "text": True, "check": True},
    )
    return [name for name in listed.stdout.splitlines() if (PROJECT / name).is_file()]


def run(program: Path, *arguments: str, given: str | None = None) -> str:
    """What a linter found; empty where all is well."""
    done = subprocess.run(
        (str(program), *arguments), input=given, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=300
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("name", [name for name in files() if name.endswith("ockerfile")])
def test_dockerfiles(programs: Path, name: str) -> None:
    assert run(programs / "hadolint", name) == ""


def scripts() -> Iterator[tuple[str, str]]:
    """Name and text of every shell script, those in manifests included."""
    for name in files():
        path = PROJECT / name
        with path.open("rb") as file:
            first = file.readline(80)
        if name.endswith(".sh") or re.match(rb"#!.*\b(ba|da)?sh\b", first):
            yield name, path.read_text("utf-8")
        elif name.startswith("k8s/") and name.endswith(".yaml"):
            for document in YAML(typ="safe").load_all(filled(path.read_text("utf-8"))):
                yield from ((f"{name}: {where}", text) for where, text in inside(document))


def inside(found: object, where: str = "") -> Iterator[tuple[str, str]]:
    """Texts of a manifest that a shell runs: files called *.sh, and what follows `sh -c`."""
    if isinstance(found, dict):
        for key, value in found.items():
            if str(key).endswith(".sh") and isinstance(value, str):
                yield f"{where}.{key}".lstrip("."), value
            else:
                yield from inside(value, f"{where}.{key}")
    elif isinstance(found, list):
        words = [str(each) for each in found if not isinstance(each, dict | list)]
        for shell, flag, text in zip(words, words[1:], words[2:], strict=False):
            if re.fullmatch(r"(/bin/)?(ba)?sh", shell) and re.fullmatch(r"-[a-z]*c", flag):
                yield where.lstrip("."), f"#!/bin/{shell.rpartition('/')[2]}\n{text}"
        for each in found:
            yield from inside(each, where)


@pytest.mark.parametrize(("name", "text"), [pytest.param(*each, id=each[0]) for each in scripts()])
def test_scripts(programs: Path, name: str, text: str) -> None:
    # A script that is run as `sh FILE` says no shell itself.
    shell = () if text.startswith("#!") else ("--shell=sh",)
    assert run(programs / "shellcheck", *shell, "-", given=text) == ""


def test_scripts_of_manifests_are_found() -> None:
    assert "k8s/infrastructure/warehouse/base/setup-job.yaml: data.setup.sh" in dict(scripts())


def test_yaml(programs: Path, tmp_path: Path) -> None:
    """All files at once, as render leaves them: marks are filled in."""
    names = [name for name in files() if name.endswith((".yaml", ".yml")) and not name.startswith(_ELSEWHERE)]
    for name in names:
        text, copy = (PROJECT / name).read_text("utf-8"), tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(filled(text) if marks(text) else text, "utf-8")
    assert len(names) > 50
    assert run(programs / "yamllint", "--strict", f"--config-file={PROJECT / 'k8s/.yamllint'}", str(tmp_path)) == ""
