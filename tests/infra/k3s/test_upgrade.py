"""One release after the other: a cluster of one test artefact becomes one of the next, and what it holds is kept.

Each test goes on from where the last one left it. Builds two test artefacts where they are not cached.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess

import pytest

from tests.infra.k3s.artefact import build
from tests.infra.k3s.cluster import ALL, pods, ready, start_pods, write, written
from tests.infra.k3s.conftest import AGENTS, NEW, OLD, SERVERS, Variables
from tests.infra.k3s.lab import ANSIBLE, Lab, nodes, until
from tests.infra.steps import step

pytestmark = pytest.mark.timeout(1200)


def test_a_cluster_of_the_older_release(lab: Lab, variables: Variables) -> None:
    inventory = lab.inventory(SERVERS, AGENTS, variables[OLD])
    with step("converge: three servers and one agent"):
        lab.play("k3s", inventory).succeeded()
    start_pods(lab)
    write(lab, "before", "kept")


def test_a_skipped_minor_is_refused(lab: Lab, variables: Variables) -> None:
    release = {**variables[NEW]["k3s_artefacts_release"], "version": "v1.27.0+k3s1"}
    inventory = lab.inventory(SERVERS, AGENTS, {**variables[NEW], "k3s_artefacts_release": release})
    played = lab.play("upgrade", inventory)
    assert played.code
    assert "skips a minor. Upgrade to the last v1.26 first" in played.text
    assert ready(lab, OLD)


def test_an_upgrade_that_was_cut_off_is_run_again_and_keeps_the_data(lab: Lab, variables: Variables) -> None:
    inventory = lab.inventory(SERVERS, AGENTS, variables[NEW])
    with step("upgrade, cut off when the second server is closed"):
        cut = subprocess.Popen(
            lab.command("upgrade", inventory), env=lab.settings(), cwd=ANSIBLE, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            until(
                "the second server is closed",
                lambda: lab.on("n3", "kubectl", "get", "node/n2", "--output=jsonpath={.spec.unschedulable}").stdout,
                seconds=400,
            )
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(cut.pid, signal.SIGKILL)
            cut.wait()
    assert nodes(lab)["n1"] == (True, build.release(NEW))
    with step("upgrade, run again"):
        lab.play("upgrade", inventory).succeeded()
    assert ready(lab, NEW)
    closed = lab.kubectl("get", "nodes", "--output=jsonpath={.items[*].spec.unschedulable}")
    assert closed == ""
    assert written(lab, "before") == "kept"
    assert "before-upgrade-" in lab.on("n1", "ls", "/var/lib/rancher/k3s/server/db/snapshots").stdout
    with step("upgrade of what is upgraded"):
        assert lab.play("upgrade", inventory).succeeded().changed() == 0
    until("pods run on every node", lambda: pods(lab, "web").keys() == ALL)


def test_after_the_upgrade_nothing_is_left_to_do(lab: Lab, variables: Variables) -> None:
    with step("converge with the new release"):
        assert lab.play("k3s", lab.inventory(SERVERS, AGENTS, variables[NEW])).succeeded().changed() == 0


def test_the_machines_are_given_back(lab: Lab, variables: Variables) -> None:
    with step("reset"):
        lab.play("k3s_reset", lab.inventory(SERVERS, AGENTS, variables[NEW])).succeeded()
