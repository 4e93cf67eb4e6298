"""An image comes from its registry as its digest says or not at all, and an archive of it is told from another."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from nereus.bundle.image import holds, pull
from nereus.errors import Failure
from tests.unit.bundle.registry import INDEX, Publisher, digest


def names(path: Path) -> list[str]:
    with tarfile.open(path) as archive:
        return archive.getnames()


def test_of_an_index_comes_what_this_platform_needs_under_the_index_s_own_digest(
    publisher: Publisher, tmp_path: Path
) -> None:
    target = tmp_path / "thing.tar"
    pull(publisher.reference(publisher.index), target)
    with tarfile.open(target) as archive:
        listed = archive.extractfile("index.json")
        assert listed
        (only,) = json.load(listed)["manifests"]
        kept = archive.extractfile(f"blobs/sha256/{publisher.index}")
        assert kept
        assert kept.read() == publisher.served[publisher.index]
    assert only["digest"] == f"sha256:{publisher.index}"
    assert only["mediaType"] == INDEX
    # k3s gives the image this name, and `name@digest` beside it.
    assert only["annotations"]["io.containerd.image.name"] == f"127.0.0.1:{publisher.port}/some/thing:1.0"
    assert f"blobs/sha256/{publisher.layer}" in names(target)
    assert len(names(target)) == 2 + 2 + 2
    assert holds(target, publisher.index)
    assert sum(path.startswith("/token?") for path in publisher.asked) == 1


def test_the_same_image_makes_the_same_archive(publisher: Publisher, tmp_path: Path) -> None:
    for name in ("one.tar", "two.tar"):
        pull(publisher.reference(publisher.index), tmp_path / name)
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_an_image_of_one_platform_comes_by_its_own_digest(publisher: Publisher, tmp_path: Path) -> None:
    pull(publisher.reference(publisher.amd64), tmp_path / "thing.tar")
    assert holds(tmp_path / "thing.tar", publisher.amd64)
    assert not holds(tmp_path / "thing.tar", publisher.index)


@pytest.mark.parametrize("what", ["index", "amd64", "layer"])
def test_another_content_than_the_digest_says_is_refused(publisher: Publisher, tmp_path: Path, what: str) -> None:
    known = getattr(publisher, what)
    publisher.served[known] = publisher.served[known].replace(b"a", b"b")
    with pytest.raises(Failure, match=r"gave SHA-256|another content than its digest says"):
        pull(publisher.reference(publisher.index), tmp_path / "thing.tar")


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: content + b"!"])
def test_a_part_of_another_size_is_refused(publisher: Publisher, tmp_path: Path, change: Any) -> None:
    publisher.served[publisher.layer] = change(publisher.served[publisher.layer])
    with pytest.raises((Failure, OSError)):
        pull(publisher.reference(publisher.index), tmp_path / "thing.tar")


def test_an_image_without_this_platform_is_said(publisher: Publisher, tmp_path: Path) -> None:
    said = json.loads(publisher.served[publisher.index])
    content = json.dumps({**said, "manifests": said["manifests"][:1]}).encode()
    publisher.served[digest(content)] = content
    with pytest.raises(Failure, match="has nothing for linux/amd64"):
        pull(publisher.reference(digest(content)), tmp_path / "thing.tar")


@pytest.mark.parametrize("content", [b"no json", b"[]", b"{}", b'{"manifests": [{"platform": 1}]}'])
def test_what_is_no_manifest_is_one_message(publisher: Publisher, tmp_path: Path, content: bytes) -> None:
    publisher.served[digest(content)] = content
    with pytest.raises(Failure, match="leads to no image"):
        pull(publisher.reference(digest(content)), tmp_path / "thing.tar")


def test_an_archive_that_lacks_a_part_or_has_another_one_is_not_whole(publisher: Publisher, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.tar", tmp_path / "cut.tar"
    pull(publisher.reference(publisher.index), whole)
    with tarfile.open(whole) as source, tarfile.open(cut, "w") as target:
        for member in source:
            if not member.name.endswith(publisher.layer):
                target.addfile(member, source.extractfile(member))
    assert not holds(cut, publisher.index)
    content = whole.read_bytes()
    (tmp_path / "other.tar").write_bytes(content.replace(b"layer of amd64", b"layer of AMD64", 1))
    assert not holds(tmp_path / "other.tar", publisher.index)
    (tmp_path / "text.tar").write_text("no archive")
    assert not holds(tmp_path / "text.tar", publisher.index)
    assert not holds(tmp_path / "absent.tar", publisher.index)
