"""infra/terraform on the real provider's schema: form, validity, and the modules' own tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from nereus.machines import mirror as mirrors
from nereus.machines.mirror import Mirror
from nereus.machines.places import TERRAFORM
from tests.conftest import not_run
from tests.infra.steps import step

MODULES = ("foundations", "modules/node", "platform")
SECONDS = 120


def terraform(folder: Path, mirror: Mirror, *arguments: str) -> str:
    done = subprocess.run(
        ["terraform", f"-chdir={folder}", *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env={**os.environ, "TF_CLI_CONFIG_FILE": str(mirror.config), "CHECKPOINT_DISABLE": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory, mirror: Mirror) -> Path:
    """A copy, so that nothing is left in the checkout."""
    copy = tmp_path_factory.mktemp("terraform") / "terraform"
    shutil.copytree(TERRAFORM, copy, ignore=shutil.ignore_patterns(".terraform*", "provider-mirror"))
    return copy


def test_the_form_is_terraforms_own(mirror: Mirror) -> None:
    terraform(TERRAFORM, mirror, "fmt", "-check", "-recursive", "-diff")


@pytest.mark.parametrize("module", MODULES)
def test_it_is_valid_and_passes_its_tests(module: str, modules: Path, mirror: Mirror) -> None:
    with step(f"terraform init, validate, test: {module}"):
        terraform(modules / module, mirror, "init", "-no-color", "-input=false")
        terraform(modules / module, mirror, "validate", "-no-color")
        said = terraform(modules / module, mirror, "test", "-no-color")
    assert " passed, 0 failed" in said


def test_the_mirror_holds_the_pinned_release(mirror: Mirror) -> None:
    if shutil.which("go") is None:
        not_run("the provider's own version", "install Go")
    binary = next(mirror.root.rglob("terraform-provider-libvirt_v*"))
    command = ["go", "version", "-m", str(binary)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert f"mod\t{mirrors.MODULE}\tv{mirrors.version()}\th1:" in said


def test_building_again_changes_nothing(mirror: Mirror) -> None:
    assert mirrors.ensure(lambda text: None) == (mirror, False)
