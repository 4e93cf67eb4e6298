"""A bundle is filled from folders and publishers, said to be whole only when it is, and mended by another run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from nereus.bundle.check import Problem, check
from nereus.bundle.gather import Gathered, make
from nereus.bundle.image import pull
from nereus.bundle.items import declared
from nereus.errors import BadInput
from tests.unit.bundle.conftest import digest
from tests.unit.bundle.registry import Publisher

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
        "chart web 1.0 has no SHA-256 in versions.yaml: it is refused"
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


def test_an_own_image_that_was_built_again_under_its_name_is_taken_anew(bundle: Bundle, tmp_path: Path) -> None:
    saved = tmp_path / "images"
    saved.mkdir()
    archive, sums, there = saved / "portal.tar", saved / "SHA256SUMS", bundle.folder / "images/portal.tar"

    def build(content: bytes) -> None:
        archive.write_bytes(content)
        sums.write_text(f"{hashlib.sha256(content).hexdigest()}  portal.tar\n")

    build(b"layers")
    assert bundle.make(saved, parts=("images",)).came == ["images/portal.tar"]
    assert bundle.make(saved, parts=("images",)).came == []
    build(b"other layers")
    assert bundle.make(saved, parts=("images",)).came == ["images/portal.tar"]
    assert there.read_bytes() == b"other layers"
    assert bundle.check(("images",)) == []
    # One that is being written has no checksum yet; without the folder the archive that is there stays, too.
    archive.write_bytes(b"half of")
    for sources in ([saved], []):
        assert (bundle.make(*sources, parts=("images",)).came, there.read_bytes()) == ([], b"other layers")


def test_an_image_of_a_publisher_comes_once_and_is_looked_into(bundle: Bundle, publisher: Publisher) -> None:
    bundle.versions["images"] = {"thing": publisher.reference(publisher.index)}
    [problem] = bundle.make(parts=("images",)).problems
    assert problem.what == f"image 127.0.0.1:{publisher.port}/some/thing:1.0 is missing: images/thing.tar"
    assert problem.fix == f"Let this machine reach 127.0.0.1:{publisher.port}; then run: make bundle"
    assert bundle.make(parts=("images",), fetch=True).came == ["images/thing.tar"]
    asked = len(publisher.asked)
    again = bundle.make(parts=("images",), fetch=True)
    assert (again.came, again.problems, len(publisher.asked)) == ([], [], asked)
    assert bundle.check(("images",)) == []
    # Archive and manifest agree, but the digest that versions.yaml names is in neither.
    (bundle.folder / "images/thing.tar").write_bytes(b"something else")
    entries = json.loads((bundle.folder / "manifest.json").read_text())
    entries["files"][0]["sha256"] = hashlib.sha256(b"something else").hexdigest()
    (bundle.folder / "manifest.json").write_text(json.dumps(entries))
    [problem] = bundle.check(("images",))
    assert problem.what == f"images/thing.tar does not hold {bundle.versions['images']['thing']}"


def test_an_image_may_come_from_another_bundle_whatever_its_archive_claims(
    bundle: Bundle, publisher: Publisher, tmp_path: Path
) -> None:
    bundle.versions["images"] = {"thing": publisher.reference(publisher.index)}
    other = tmp_path / "other"
    other.mkdir()
    (other / "thing.tar").write_bytes(b"no image")
    assert len(bundle.make(other, parts=("images",)).problems) == 1
    pull(bundle.versions["images"]["thing"], other / "thing.tar")
    asked = len(publisher.asked)
    assert bundle.make(other, parts=("images",)).came == ["images/thing.tar"]
    assert bundle.check(("images",)) == []
    assert len(publisher.asked) == asked


def test_a_registry_that_fails_leaves_nothing_behind(bundle: Bundle, publisher: Publisher) -> None:
    bundle.versions["images"] = {"thing": publisher.reference(publisher.index)}
    publisher.served[publisher.layer] = b"short"
    [problem] = bundle.make(parts=("images",), fetch=True).problems
    assert "did not come" in problem.what
    assert "with --from a folder with thing.tar" in problem.fix
    assert list((bundle.folder / "images").iterdir()) == []


def test_an_image_without_a_digest_is_refused(bundle: Bundle) -> None:
    bundle.versions["images"] = {"redis": "registry.invalid/redis:1"}
    [problem] = bundle.make(parts=("images",), fetch=True).problems
    assert problem.what == "image registry.invalid/redis:1 has no digest in versions.yaml: it is refused"
    assert "compare its digest" in problem.fix


def test_a_damaged_manifest_is_one_message(bundle: Bundle, source: Path) -> None:
    bundle.make(source)
    (bundle.folder / "manifest.json").write_text(json.dumps({"files": [{"path": 1}]}))
    with pytest.raises(BadInput, match=r"manifest\.json is damaged"):
        bundle.check()


def test_no_bundle_is_one_message(bundle: Bundle) -> None:
    with pytest.raises(BadInput, match="there is no bundle at"):
        bundle.check()
