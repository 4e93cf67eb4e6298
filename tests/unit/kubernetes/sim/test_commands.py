"""The commands of the simulated and of a real cluster, where there is none."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nereus import cli
from nereus.errors import BadInput

DATA = "data: {raw_tb: 1.0}\n"


@pytest.fixture(scope="module")
def run() -> CliRunner:
    if not any(group.name == "cluster-sim" for group in cli.app.registered_groups):
        cli._mount()
    return CliRunner()


def declared(folder: Path, target: str) -> str:
    path = folder / "platform.yaml"
    path.write_text(f"platform: {{target: {target}}}\nhosts: {{inventory: none.yaml}}\n{DATA}", "utf-8")
    return str(path)


def test_down_without_a_cluster_says_so(run: CliRunner, tmp_path: Path) -> None:
    said = run.invoke(cli.app, ["cluster-sim", "down", "--config", declared(tmp_path, "hosts")])
    assert (said.exit_code, said.output.strip()) == (0, "Nothing was running.")


def test_status_without_a_cluster_is_a_failure(run: CliRunner, tmp_path: Path) -> None:
    said = run.invoke(cli.app, ["cluster-sim", "status", "--config", declared(tmp_path, "hosts")])
    assert said.exit_code == 1
    assert "nereus cluster-sim up" in said.output


def test_a_cluster_cannot_be_verified_for_the_local_target(run: CliRunner, tmp_path: Path) -> None:
    said = run.invoke(cli.app, ["verify-cluster", "--config", declared(tmp_path, "local")])
    assert isinstance(said.exception, BadInput)


def test_without_a_cluster_verifying_is_not_run_and_not_passed(
    run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    program = tmp_path / "kubectl"
    program.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    flags = ["--config", declared(tmp_path, "hosts"), "--kubectl", str(program), "--helm", str(program)]
    said = run.invoke(cli.app, ["verify-cluster", *flags])
    assert said.exit_code == 3
    assert "NOT RUN there is no kubeconfig" in said.output.replace("\n", " ")


def test_without_helm_verifying_is_not_run(run: CliRunner, tmp_path: Path) -> None:
    said = run.invoke(cli.app, ["verify-cluster", "--config", declared(tmp_path, "hosts"), "--helm", "no-helm-here"])
    assert said.exit_code == 3
    assert "no-helm-here" in said.output
