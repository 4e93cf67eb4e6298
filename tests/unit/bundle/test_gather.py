"""A bundle is filled from folders and publishers, said to be whole only when it is, and mended by another run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from nereus.bundle.check import Problem, check
from nereus.bundle.gather import Gathered, make
from nereus.bundle.items import declared
from nereus.errors import BadInput
from tests.unit.bundle.conftest import digest

Catalogue = dict[str, Any]
FILES = ("k3s", "charts")


class Bundle:
    """One bundle with its catalogue."""

    def __init__(self, versions: Catalogue, locks: Path, folder: Path) -> None:
        self.versions, self.locks, self.folder = versions, locks, folder

    def make(self, *sources: Path, parts: tuple[str, ...] = FILES, fetch: bool = False) -> Gathered:
        items = declared(self.versions, self.locks, parts)
        return make(items, parts, self.folder, sources, self.locks, fetch=fetch, tell=lambda _: None)

    def check(self, parts: tuple[str, ...] = FILES) -> list[Problem]:
        return check(declared(self.versions, self.locks, parts), self.folder)


@pytest.fixture
def bundle(versions: Catalogue, locks: Path, tmp_path: Path) -> Bundle:
    return Bundle(versions, locks, tmp_path / "bundle")


def test_a_folder_fills_it_and_again_nothing_comes(bundle: Bundle, source: Path) -> None:
    done = bundle.make(source, parts=(*FILES, "wheels"))
    assert sorted(done.came) == ["charts/web-1.0.tgz", "k3s/install.sh", "k3s/k3s", "wheels/one-1.0-py3-none-any.whl"]
    assert done.problems == []
    assert bundle.check((*FILES, "wheels")) == []
    manifest = (bundle.folder / "manifest.json").read_bytes()
    again = bundle.make(parts=(*FILES, "wheels"))
    assert (again.came, again.present, again.problems) == ([], 4, [])
    assert (bundle.folder / "manifest.json").read_bytes() == manifest


def test_publishers_fill_it(bundle: Bundle) -> None:
    assert bundle.make(fetch=True).problems == []
    assert bundle.check() == []
    assert (bundle.folder / "charts/web-1.0.tgz").read_bytes() == b"a chart"


def test_what_is_missing_is_said_with_its_checksum_and_the_way_to_get_it(bundle: Bundle, source: Path) -> None:
    (source / "k3s").unlink()
    done = bundle.make(source)
    missing = f"k3s v1.2.3+k3s1 binary: k3s is missing: k3s/k3s; expected SHA-256 {digest('k3s')}"
    assert [problem.what for problem in done.problems] == [f"{missing}."]
    assert "Download http://127.0.0.1" in done.problems[0].fix
    assert bundle.check() == [Problem(missing, f"{done.problems[0].fix}; then run: make bundle")]


def test_a_publisher_s_wrong_file_never_gets_its_name(bundle: Bundle, source: Path) -> None:
    (source / "k3s").write_bytes(b"something else")
    done = bundle.make(fetch=True)
    assert "gave SHA-256" in done.problems[0].what
    assert not (bundle.folder / "k3s/k3s").exists()
    assert [path.name for path in (bundle.folder / "k3s").iterdir()] == ["install.sh"]


def test_a_publisher_that_is_gone_is_one_problem(bundle: Bundle, source: Path) -> None:
    (source / "index.yaml").unlink()
    assert ["chart web 1.0 did not come" in problem.what for problem in bundle.make(fetch=True).problems] == [True]


def test_a_damaged_file_is_found_and_mended(bundle: Bundle, source: Path) -> None:
    bundle.make(source)
    (bundle.folder / "k3s/k3s").write_bytes(b"half a prog")
    assert ["k3s/k3s has SHA-256" in problem.what for problem in bundle.check()] == [True]
    assert bundle.make(source).problems == []
    assert bundle.check() == []


def test_a_file_without_a_known_checksum_is_refused_though_it_is_there(bundle: Bundle, source: Path) -> None:
    del bundle.versions["charts"]["web"]["sha256"]
    done = bundle.make(source, fetch=True)
    assert [problem.what for problem in done.problems] == [
        "chart web 1.0 has no checksum in versions.yaml: it is refused"
    ]
    assert hashlib.sha256(b"a chart").hexdigest() in done.problems[0].fix
    assert not (bundle.folder / "charts").exists()


def test_a_stranger_s_file_is_named(bundle: Bundle, source: Path) -> None:
    bundle.make(source)
    (bundle.folder / "k3s/extra").write_text("?")
    assert [problem.what for problem in bundle.check()] == ["k3s/extra is not in the manifest"]


def test_what_nothing_wants_any_longer_goes(bundle: Bundle, source: Path) -> None:
    bundle.make(source)
    bundle.versions["charts"] = {}
    bundle.make(source)
    assert not (bundle.folder / "charts/web-1.0.tgz").exists()
    assert bundle.check() == []


def test_one_part_leaves_the_others(bundle: Bundle, source: Path) -> None:
    bundle.make(source)
    bundle.make(source, parts=("wheels",))
    assert bundle.check((*FILES, "wheels")) == []


def test_own_images_come_with_the_checksum_that_was_saved_beside_them(bundle: Bundle, tmp_path: Path) -> None:
    saved = tmp_path / "images"
    saved.mkdir()
    (saved / "portal.tar").write_bytes(b"layers")
    assert [
        "image registry.nereus.internal" in problem.what for problem in bundle.make(saved, parts=("images",)).problems
    ]
    (saved / "SHA256SUMS").write_text(f"{hashlib.sha256(b'layers').hexdigest()}  portal.tar\n")
    assert bundle.make(saved, parts=("images",)).problems == []
    assert bundle.check(("images",)) == []
    bundle.versions["images"]["portal"] = "registry.nereus.internal/nereus/portal:2"
    assert ["was made from" in problem.what for problem in bundle.check(("images",))] == [True]


def test_an_image_without_a_digest_is_refused(bundle: Bundle) -> None:
    bundle.versions["images"] = {"redis": "registry.invalid/redis:1"}
    [problem] = bundle.make(parts=("images",), fetch=True).problems
    assert problem.what == "image registry.invalid/redis:1 has no checksum in versions.yaml: it is refused"
    assert "compare its digest" in problem.fix


def test_a_damaged_manifest_is_one_message(bundle: Bundle, source: Path) -> None:
    bundle.make(source)
    (bundle.folder / "manifest.json").write_text(json.dumps({"files": [{"path": 1}]}))
    with pytest.raises(BadInput, match=r"manifest\.json is damaged"):
        bundle.check()


def test_no_bundle_is_one_message(bundle: Bundle) -> None:
    with pytest.raises(BadInput, match="there is no bundle at"):
        bundle.check()
