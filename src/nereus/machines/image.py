"""The base image that machines are copies of: built here, downloaded by checksum, or a file that is there."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from nereus.errors import BadInput, Failure
from nereus.machines import image_build
from nereus.machines.places import user_cache

BUILD = "build"
_MAGIC = b"QFI\xfb"
_CHECKSUM = re.compile(r"(sha256|sha512):([0-9a-f]+)")
_LETTERS = {"sha256": 64, "sha512": 128}
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Image:
    """A qcow2 file and its SHA-256."""

    path: Path
    sha256: str

    @property
    def key(self) -> str:
        """What volumes' names hold of the hash."""
        return self.sha256[:12]


def obtain(source: str, checksum: str | None, log: Path, tell: Callable[[str], None]) -> Image:
    """The image that vms.image and vms.image_checksum name. Kept in the user's cache: the second call is quick.

    Raises BadInput when it cannot be had: no such file, no checksum, another checksum, not a qcow2 image.
    """
    wanted = _parsed(checksum) if checksum is not None else None
    if source == BUILD:
        path = user_cache() / "images" / f"debian-{image_build.recipe()}.qcow2"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            image_build.build(path, log, tell)
    elif re.match(r"https?://", source):
        if wanted is None:
            raise BadInput(
                "vms.image is an address and vms.image_checksum is missing; expected the image's published checksum",
                fix="Add for example `image_checksum: sha512:...` from the SHA512SUMS beside the image.",
            )
        path = _downloaded(source, *wanted, tell)
    else:
        path = Path(source).expanduser().absolute()
        if not path.is_file():
            raise BadInput(
                f"vms.image is {source}; there is no such file", fix="Write a path, an https address, or build."
            )
        if wanted is not None:
            _check(path, source, *wanted)
    with path.open("rb") as file:
        if file.read(4) != _MAGIC:
            raise BadInput(
                f"vms.image is {source}, which is no qcow2 image",
                fix=f"Convert it: qemu-img convert -O qcow2 {path.name} {path.stem}.qcow2",
            )
    return Image(path, _digest(path, "sha256"))


def cached(source: str) -> bool:
    """Whether obtaining it would neither build nor download."""
    if source == BUILD:
        return (user_cache() / "images" / f"debian-{image_build.recipe()}.qcow2").exists()
    return not re.match(r"https?://", source)


def _parsed(checksum: str) -> tuple[str, str]:
    found = _CHECKSUM.fullmatch(checksum)
    if found is None or len(found[2]) != _LETTERS[found[1]]:
        raise BadInput(
            f"vms.image_checksum is {checksum[:80]}; expected sha256: and 64 or sha512: and 128 hexadecimal letters",
            fix="Copy it from the SHA512SUMS beside the image: `sha512:` and the first column.",
        )
    return found[1], found[2]


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _check(path: Path, source: str, algorithm: str, wanted: str) -> None:
    if (found := _digest(path, algorithm)) != wanted:
        raise BadInput(
            f"vms.image_checksum is {algorithm}:{wanted[:16]}..., but {source} has {algorithm}:{found[:16]}...",
            fix="It is another image, or was damaged on its way: fetch it again, or correct the checksum.",
        )


def _downloaded(address: str, algorithm: str, wanted: str, tell: Callable[[str], None]) -> Path:
    path = user_cache() / "images" / f"{algorithm}-{wanted[:64]}.qcow2"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="download-", dir=path.parent) as folder:
        arriving = Path(folder) / "image.qcow2"
        try:
            with requests.get(address, stream=True, timeout=60) as answer, arriving.open("wb") as file:
                answer.raise_for_status()
                total, done = int(answer.headers.get("content-length", 0)), 0
                for chunk in answer.iter_content(_CHUNK):
                    file.write(chunk)
                    done += len(chunk)
                    if total and done // _CHUNK % 16 == 0:
                        tell(f"downloading the base image: {done / total:.0%} of {total / 1e6:.0f} MB")
        except requests.RequestException as error:
            raise Failure(
                f"the base image cannot be fetched from {address}: {error}",
                fix="Correct vms.image, or write vms.image: build.",
            ) from None
        _check(arriving, address, algorithm, wanted)
        arriving.replace(path)
    return path
