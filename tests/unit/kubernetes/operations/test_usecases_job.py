"""The job that loads the use cases of a cluster: all are tried, the gravest error decides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nereus import usecases
from nereus.config import load
from nereus.errors import BadInput, Failure
from nereus.home import Home
from nereus.kubernetes.operations import usecases as job

DECLARED = "platform: {target: hosts}\nhosts: {inventory: x}\ndata: {raw_tb: 1}\nusecases: [retail, flights]\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "platform.yaml"
    path.write_text(DECLARED, "utf-8")
    return path


@pytest.mark.parametrize(
    ("errors", "code"),
    [({}, 0), ({"retail": Failure("a check failed")}, 1), ({"retail": Failure("x"), "flights": BadInput("y")}, 2)],
)
def test_every_use_case_is_tried(
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    errors: dict[str, Exception],
    code: int,
) -> None:
    tried = []

    def deploy(name: str, *_: Any) -> Iterator[str]:
        tried.append(name)
        if name in errors:
            raise errors[name]
        yield f"use case {name}: table lineorder: 6 rows loaded"

    monkeypatch.setattr(usecases, "deploy", deploy)
    assert job.run(load(config), Home.beside(config)) == code
    assert tried == ["retail", "flights"]
    told = capsys.readouterr()
    assert all(f"{name}: {error}" in told.err for name, error in errors.items())
    assert told.out.count("rows loaded") == 2 - len(errors)


def test_a_second_run_says_that_nothing_changed(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(usecases, "deploy", lambda *_: iter(()))
    assert job.run(load(config), Home.beside(config)) == 0
    assert capsys.readouterr().out.splitlines() == ["retail: nothing changed", "flights: nothing changed"]


def test_a_platform_that_cannot_be_read_ends_it_with_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["usecases", "--config", str(tmp_path / "none.yaml")])
    assert job.main() == 2
    assert "none.yaml" in capsys.readouterr().err
