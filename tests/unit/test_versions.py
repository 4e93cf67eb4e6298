"""versions.yaml is the one home of versions: the lock agrees with it and no other file repeats one."""

from __future__ import annotations

import re
import subprocess
import tomllib

import pytest
from ruamel.yaml import YAML

from nereus.paths import PROJECT
from tools.lock import LOCKS

VERSIONS = YAML(typ="safe").load(PROJECT / "versions.yaml")
PINNED_SECTIONS = [(lock, VERSIONS[section]) for lock, sections in LOCKS.items() for section in sections]
PINNED = [(name, str(version)) for _, section in PINNED_SECTIONS for name, version in section.items()]


def locked(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", (PROJECT / "locks" / lock).read_text("utf-8"), re.M))


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_holds_the_declared_versions(lock: str) -> None:
    found = locked(lock)
    declared = {
        name: str(version) for at, section in PINNED_SECTIONS if at == lock for name, version in section.items()
    }
    assert {name: found.get(name.replace(".", "-"), found.get(name)) for name in declared} == declared


def test_every_imported_package_is_declared() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    named = {*project["dependencies"], *project["optional-dependencies"]["dev"]}
    assert named == {*VERSIONS["python"], *VERSIONS["development"]}


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_names_no_package_index(lock: str) -> None:
    assert "://" not in (PROJECT / "locks" / lock).read_text("utf-8")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_is_hashed(lock: str) -> None:
    text = (PROJECT / "locks" / lock).read_text("utf-8")
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=[a-z0-9])", text.strip()))


def test_no_other_file_repeats_a_version() -> None:
    listed = subprocess.run(
        ["git", "ls-files"],  # noqa: S607
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    # A pin is a package's name beside its version; results of benchmarks record what they were measured with.
    pins = re.compile(
        "|".join(rf"\b{re.escape(name)}\W{{1,4}}{re.escape(version)}\b" for name, version in PINNED), re.I
    )
    offending = [
        name
        for name in listed.stdout.splitlines()
        if name != "versions.yaml"
        and not name.startswith(("locks/", "benchmarks/results/"))
        and (PROJECT / name).is_file()
        and pins.search((PROJECT / name).read_text("utf-8", errors="ignore"))
    ]
    assert offending == []
