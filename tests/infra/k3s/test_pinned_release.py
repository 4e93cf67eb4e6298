"""What the test artefacts cannot prove: the release that users get. It is checked where its files are, else NOT RUN."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import pytest

from nereus.bundle import check, items
from nereus.paths import PROJECT
from tests.conftest import not_run
from tests.infra.k3s.conftest import AGENTS, SERVERS
from tests.infra.k3s.lab import Lab, nodes
from tests.infra.steps import step


@pytest.fixture(scope="module")
def bundle(pinned: dict[str, Any]) -> Path:
    """The user's own bundle."""
    folder = Path(os.environ.get("NEREUS_BUNDLE") or PROJECT / "bundle")
    wanted = items.declared({"k3s": pinned}, PROJECT / "locks", ["k3s"])
    lacking = check.check(wanted, folder) if folder.is_dir() else []
    missing = "; ".join(problem.what for problem in lacking) or f"no bundle at {folder}"
    if lacking or not folder.is_dir():
        not_run(f"k3s {pinned['version']}, the release that users get: {missing}", "make bundle", elsewhere=True)
    return folder


@pytest.mark.timeout(1200)
def test_the_pinned_release_becomes_a_cluster(
    request: pytest.FixtureRequest, bundle: Path, pinned: dict[str, Any]
) -> None:
    # Machines are started only where there is something to install.
    lab: Lab = request.getfixturevalue("lab")
    tokens = {f"k3s_{kind}_token": secrets.token_hex(16) for kind in ("server", "agent")}
    variables = {**tokens, "k3s_artefacts_folder": str(bundle)}
    inventory = lab.inventory(SERVERS, AGENTS, variables)
    with step(f"converge with k3s {pinned['version']}"):
        lab.play("k3s", inventory).succeeded()
    assert nodes(lab) == dict.fromkeys((*SERVERS, *AGENTS), (True, pinned["version"]))
    assert lab.play("k3s", inventory).succeeded().changed() == 0
    lab.play("k3s_reset", inventory).succeeded()
    assert lab.play("k3s_reset", inventory).succeeded().changed() == 0


def test_the_pinned_release_on_virtual_machines() -> None:
    not_run(
        "k3s on virtual machines: a kernel's modules, a restart of the machine, cgroups of version 2",
        "make bundle, then make provision TARGET=vms",
        elsewhere=True,
    )
