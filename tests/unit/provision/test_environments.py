"""Environments of services: where they are, that they are whole, and what is said when they cannot be made."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from nereus.errors import Failure
from nereus.provision import environments

#: One small package without dependencies, as `uv pip compile` writes it.
_EMPTY = "# nothing\n"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(environments, "PROJECT", tmp_path)
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "tool.txt").write_text(_EMPTY)


def test_it_is_made_once() -> None:
    assert environments.ensure("tool") is True
    assert environments.ensure("tool") is False
    python = environments.folder("tool") / "bin" / "python"
    assert subprocess.run([python, "-c", "print(6 * 7)"], capture_output=True, text=True).stdout == "42\n"


def test_another_lock_is_another_environment(tmp_path: Path) -> None:
    before = environments.folder("tool")
    (tmp_path / "locks" / "tool.txt").write_text(_EMPTY * 2)
    assert environments.folder("tool") != before


def test_what_failed_half_way_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    real = subprocess.run

    def fails(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        if "install" in command:
            return subprocess.CompletedProcess(command, 1, "", "the index does not answer")
        return real(command, **options)

    monkeypatch.setattr(subprocess, "run", fails)
    with pytest.raises(Failure, match="the environment tool cannot be made: the index does not answer"):
        environments.ensure("tool")
    assert not environments.folder("tool").exists()
    monkeypatch.setattr(subprocess, "run", real)
    assert environments.ensure("tool") is True
