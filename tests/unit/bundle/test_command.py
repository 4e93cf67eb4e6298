"""`nereus bundle` takes what `make images` saved, and ends by naming what has no checksum."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from nereus import cli_bundle


def test_own_images_are_found_and_what_has_no_checksum_is_named_last(
    versions: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tmp_path / "home/cache/images"
    saved.mkdir(parents=True)
    monkeypatch.setenv("NEREUS_HOME", str(saved.parents[1]))
    (saved / "portal.tar").write_bytes(b"layers")
    (saved / "SHA256SUMS").write_text(f"{hashlib.sha256(b'layers').hexdigest()}  portal.tar\n")
    versions["images"]["cache"] = "registry.invalid/cache:1"
    catalogue = tmp_path / "versions.yaml"
    YAML(typ="safe").dump(versions, catalogue)
    words = ["make", "--only", "images", "--versions", str(catalogue), "--into", str(tmp_path / "bundle")]
    done = CliRunner().invoke(cli_bundle.app, words)
    assert done.exit_code == 1, done.output
    assert "+ images/portal.tar" in done.output
    *_, named, said = done.output.splitlines()
    assert named == "versions.yaml has no checksum of 1: image registry.invalid/cache:1."
    assert said.endswith("2 things belong into it; it lacks 1 of them.")
