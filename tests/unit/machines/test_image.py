"""The base image: had by path, address and checksum, or refused by name."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nereus.errors import BadInput, Failure
from nereus.machines import image, image_build

CONTENT = b"QFI\xfb" + bytes(range(256)) * 16
SHA512 = f"sha512:{hashlib.sha512(CONTENT).hexdigest()}"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of a web server that has /debian.qcow2."""
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "debian.qcow2").write_bytes(CONTENT)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def obtain(source: str, checksum: str | None, tmp_path: Path) -> image.Image:
    return image.obtain(source, checksum, tmp_path / "image.log", lambda text: None)


def kept(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "cache" / "nereus" / "machines" / "images"
    return list(folder.iterdir()) if folder.exists() else []


def test_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mine.qcow2"
    path.write_bytes(CONTENT)
    found = obtain(str(path), None, tmp_path)
    assert found == image.Image(path, hashlib.sha256(CONTENT).hexdigest())
    assert found.key == found.sha256[:12]


def test_an_address_is_fetched_once(served: str, tmp_path: Path) -> None:
    first = obtain(f"{served}/debian.qcow2", SHA512, tmp_path)
    (tmp_path / "web" / "debian.qcow2").unlink()
    assert obtain(f"{served}/debian.qcow2", SHA512, tmp_path) == first
    assert first.path.read_bytes() == CONTENT


def test_another_checksum_is_refused_and_nothing_kept(served: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"has sha256:[0-9a-f]{16}\.\.\.") as refused:
        obtain(f"{served}/debian.qcow2", f"sha256:{'0' * 64}", tmp_path)
    assert "fetch it again, or correct the checksum" in str(refused.value)
    assert kept(tmp_path) == []


def test_a_page_that_is_not_there_is_a_failure(served: str, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot be fetched"):
        obtain(f"{served}/none.qcow2", SHA512, tmp_path)
    assert kept(tmp_path) == []


REFUSED = {
    "an_address_without_a_checksum": ("https://127.0.0.1/debian.qcow2", None, "image_checksum is missing"),
    "a_checksum_of_another_kind": ("x.qcow2", "md5:0123", "expected sha256: and 64"),
    "a_checksum_cut_short": ("x.qcow2", "sha256:0123", "expected sha256: and 64"),
    "no_such_file": ("none.qcow2", None, "there is no such file"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_had_is_refused(name: str, tmp_path: Path) -> None:
    source, checksum, says = REFUSED[name]
    with pytest.raises(BadInput, match=says):
        obtain(source if "//" in source else str(tmp_path / source), checksum, tmp_path)


def test_a_file_that_is_no_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "disk.raw"
    path.write_bytes(b"\x00" * 512)
    with pytest.raises(BadInput, match="no qcow2 image") as refused:
        obtain(str(path), None, tmp_path)
    assert "qemu-img convert" in str(refused.value)


def test_building_without_root_says_what_else_there_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(BadInput, match="needs root"):
        obtain("build", None, tmp_path)
    assert kept(tmp_path) == []


def test_building_without_its_programs_names_the_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda program: None)
    with pytest.raises(BadInput, match=r"apt-get install .*mmdebstrap"):
        obtain("build", None, tmp_path)


def test_the_image_holds_what_the_baseline_installs() -> None:
    assert {"auditd", "nftables", "xfsprogs", "cloud-init"} <= set(image_build.packages())
