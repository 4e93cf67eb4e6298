"""The simulated cluster of these tests: built once for the machine, started once for each module that wants one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from nereus.kubernetes.sim import binaries, cluster
from nereus.kubernetes.sim.cluster import Simulated
from tests.conftest import not_run
from tests.infra.cluster.objects import say
from tests.infra.steps import step

HERE = Path(__file__).parent
#: The first test may have to build Kubernetes: minutes on two cores, once for the machine.
BUILD_LIMIT_S, TEST_LIMIT_S = binaries.BUILD_LIMIT_S + 300, 420


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    own = [item for item in items if HERE in item.path.parents]
    for item in own:
        first = item is own[0]
        item.add_marker(pytest.mark.timeout(BUILD_LIMIT_S if first else TEST_LIMIT_S))


@pytest.fixture(scope="session", autouse=True)
def nothing_in_the_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """kubectl keeps what every server told it; these servers are gone a minute later."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECACHEDIR", str(tmp_path_factory.mktemp("kubectl")))
        yield


@pytest.fixture(scope="session")
def programs() -> binaries.Programs:
    if shutil.which("go") is None:
        not_run("the simulated cluster", "install Go, in the version that k8s/sim/go.mod names, or newer")
    with step("cluster: build Kubernetes, or find it built"):
        return binaries.ensure(say)


@pytest.fixture(scope="module")
def simulated(programs: binaries.Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    """A cluster without nodes."""
    folder = tmp_path_factory.mktemp("cluster") / "state"
    with step("cluster: start"):
        started = cluster.up(folder, tied=True, tell=say)
    try:
        yield started
    finally:
        memory = started.memory_mb()
        say(f"memory {sum(memory.values()):.0f} MB: {', '.join(f'{name} {mb:.0f}' for name, mb in memory.items())}")
        cluster.down(folder)
