"""What belongs into a bundle follows from versions.yaml and the locks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from nereus.bundle import items
from nereus.bundle.items import PARTS, declared
from nereus.errors import BadInput
from nereus.paths import PROJECT

LOCKS = PROJECT / "locks"
VERSIONS = YAML(typ="safe").load(PROJECT / "versions.yaml")


def test_the_project_s_own_catalogue_can_be_read() -> None:
    items = declared(VERSIONS, LOCKS)
    assert {item.part for item in items} == set(PARTS)
    paths = [item.path for item in items if item.path]
    assert len(paths) == len(set(paths))
    assert all(item.get for item in items)


def test_every_file_of_k3s_has_a_checksum_and_an_address() -> None:
    files = declared(VERSIONS, LOCKS, ["k3s"])
    assert [item.path for item in files] == ["k3s/k3s", "k3s/install.sh", "k3s/k3s-airgap-images-amd64.tar.zst"]
    assert all(len(item.sha256) == 1 and item.source.startswith("https://") for item in files)
    assert all(VERSIONS["k3s"]["version"].replace("+", "%2B") in item.source for item in files)


def test_no_test_artefact_belongs_into_it() -> None:
    text = " ".join(f"{item.name} {item.source}" for item in declared(VERSIONS, LOCKS))
    assert not [version for version in VERSIONS["test-artefacts"]["k3s"] if version in text]


def test_a_lock_s_packages_have_all_their_checksums() -> None:
    wheels = {item.name: item for item in declared(VERSIONS, LOCKS, ["wheels"])}
    ansible = next(item for name, item in wheels.items() if name.startswith("ansible-core=="))
    assert len(ansible.sha256) >= 2
    assert all(item.sha256 for item in wheels.values())


def test_a_malformed_checksum_is_refused() -> None:
    broken = {"charts": {"traefik": {"version": "1.0", "repository": "https://charts.invalid", "sha256": "abc"}}}
    with pytest.raises(BadInput, match=r"charts\.traefik has the checksum 'abc'; expected SHA-256"):
        declared(broken, LOCKS, ["charts"])


def test_an_unknown_part_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadInput, match=r"no part 'chart'.*\n.*Did you mean charts"):
        declared(VERSIONS, LOCKS, ["chart"])


def test_an_empty_catalogue_has_no_files(tmp_path: Path) -> None:
    for lock in items.LOCKS:
        (tmp_path / f"{lock}.txt").write_text("")
    assert declared({}, tmp_path) == []


def test_every_pinned_image_is_called_by_its_tag_and_kept_by_its_digest() -> None:
    found = {item.source: item for item in declared(VERSIONS, LOCKS, ["images"])}
    pinned = [item for item in found.values() if item.sha256]
    assert len(pinned) >= 17
    for item in pinned:
        assert item.source == f"{item.name.removeprefix('image ')}@sha256:{next(iter(item.sha256))}"
        assert re.search(r":[^/]*\d[^/]*$", item.name)


def test_no_image_is_carried_that_no_manifest_runs() -> None:
    text = "".join(path.read_text("utf-8") for path in (PROJECT / "k8s").rglob("*.yaml"))
    named = set(re.findall(r"\$\{images?\.([a-z0-9-]+)[.}]", text))
    assert set(VERSIONS["images"]) == named
