"""Charts of these tests are stand-ins, which no published checksum can fit; hosts have stand-ins for programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from nereus.kubernetes import catalogue
from nereus.provision import cargo
from tests.unit.provision.around import Around, publisher


@pytest.fixture(scope="module", autouse=True)
def charts_without_checksums() -> Iterator[None]:
    """versions.yaml as it is but for its charts' checksums; what those are good for, tests of their own say."""
    read = catalogue.load_yaml

    def without(path: Path) -> Any:
        found = read(path)
        if path.name == "versions.yaml":
            for chart in found["charts"].values():
                chart.pop("sha256", None)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "load_yaml", without)
        yield


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Around:
    made = Around(tmp_path)
    monkeypatch.setenv("PATH", str(made.bin))
    for name in ("KUBECONFIG", "NEREUS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cargo, "BUNDLE", made.bundle)
    monkeypatch.setattr(requests, "get", publisher(404))
    return made
