"""A publisher's image as one OCI archive, byte for byte as its digest says, and whether an archive is that.

podman and docker write the layers anew when they save an image, which gives it another digest: a pod that names the
image by digest would not find it on its machine. Of an archive as it is written here k3s imports `name:tag` and, from
the digest of what that points to, `name@digest` (k3s' pkg/agent/containerd, retagImages).
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from nereus.errors import Failure

#: What the cluster's machines run; the release of k3s is for them, too.
_OS, _ARCHITECTURE = "linux", "amd64"
_INDEX, _MANIFEST = (f"application/vnd.oci.image.{kind}.v1+json" for kind in ("index", "manifest"))
_MANIFESTS = (
    *(_INDEX, "application/vnd.docker.distribution.manifest.list.v2+json"),
    *(_MANIFEST, "application/vnd.docker.distribution.manifest.v2+json"),
)
_CONNECT_S, _READ_S = 10, 60
_BLOCK = 1 << 20
_BLOBS = "blobs/sha256/"

Read = Callable[[str], bytes]


def pull(reference: str, target: Path) -> None:
    """Write an image into `target`: what its digest names and, below that, what is for this platform.

    Args:
        reference: registry/name:tag@sha256:... A registry of this machine is asked without TLS.

    Raises requests.RequestException, OSError or Failure; `target` is then no archive.
    """
    tagged, _, digest = reference.partition("@sha256:")
    name, _, tag = tagged.rpartition(":")
    registry, _, repository = name.partition("/")
    with _Registry(registry, repository) as source, tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as archive:
        image = _below(digest, source.manifest, reference)
        top = image.manifests[digest]
        kind = json.loads(top).get("mediaType") or (_INDEX if len(image.manifests) > 1 else _MANIFEST)
        described = {
            "mediaType": kind,
            "digest": f"sha256:{digest}",
            "size": len(top),
            "annotations": {"io.containerd.image.name": tagged, "org.opencontainers.image.ref.name": tag},
        }
        index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [described]}
        _add(archive, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        _add(archive, "index.json", json.dumps(index).encode())
        for known, content in image.manifests.items():
            _add(archive, _BLOBS + known, content)
        for known, size in image.blobs.items():
            source.stream(archive, known, size)


def holds(path: Path, digest: str) -> bool:
    """Whether a file is a whole archive of the image with this digest: every part is there and is what it says."""
    contents: dict[str, bytes] = {}
    sizes: dict[str, int] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                stream = archive.extractfile(member)
                if stream is None or not member.name.startswith(_BLOBS):
                    continue
                name, seen = member.name.removeprefix(_BLOBS), hashlib.sha256()
                while block := stream.read(_BLOCK):
                    seen.update(block)
                    if member.size <= _BLOCK:
                        contents[name] = block
                if seen.hexdigest() != name:
                    return False
                sizes[name] = member.size
        image = _below(digest, contents.__getitem__, path.name)
    except (OSError, tarfile.TarError, KeyError, Failure):
        return False
    return all(sizes.get(known) == size for known, size in image.blobs.items())


@dataclass(frozen=True)
class _Image:
    """What one image is made of: its manifests by digest, the outermost first, and the sizes of its other parts."""

    manifests: Mapping[str, bytes]
    blobs: Mapping[str, int]


def _below(digest: str, read: Read, name: str) -> _Image:
    """What belongs to an image, from its manifests as `read` gives them. Raises Failure for what is no image."""
    found = {digest: read(digest)}
    try:
        said = json.loads(found[digest])
        if "manifests" in said:
            offered = [(each.get("platform", {}), each["digest"]) for each in said["manifests"]]
            fitting = [
                known
                for platform, known in offered
                if platform.get("os") == _OS and platform.get("architecture") == _ARCHITECTURE
            ]
            if not fitting:
                raise Failure(f"{name} has nothing for {_OS}/{_ARCHITECTURE}")
            inner = _hex(fitting[0])
            found[inner] = read(inner)
            said = json.loads(found[inner])
        return _Image(found, {_hex(each["digest"]): int(each["size"]) for each in (said["config"], *said["layers"])})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure(f"{name}: sha256:{digest} leads to no image: {error!r}") from error


def _hex(digest: str) -> str:
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise ValueError(f"the digest {digest[:80]!r}")
    return digest.removeprefix("sha256:")


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, BytesIO(content))


class _Registry:
    """One repository of a registry, read as anybody may read it."""

    def __init__(self, registry: str, repository: str) -> None:
        host = {"docker.io": "registry-1.docker.io"}.get(registry, registry)
        scheme = "http" if host.partition(":")[0] in ("127.0.0.1", "localhost") else "https"
        self._address = f"{scheme}://{host}/v2/{repository}"
        self._session = requests.Session()
        # A part is compared with its digest, and that is of the bytes as they are kept.
        self._session.headers["Accept-Encoding"] = "identity"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._session.close()

    def manifest(self, digest: str) -> bytes:
        """A manifest by its digest."""
        with self._ask("manifests", digest) as answer:
            content = answer.content
        if (seen := hashlib.sha256(content).hexdigest()) != digest:
            raise Failure(f"{answer.url} gave SHA-256 {seen}")
        return content

    def stream(self, archive: tarfile.TarFile, digest: str, size: int) -> None:
        """Write one part into an archive."""
        member = tarfile.TarInfo(_BLOBS + digest)
        member.size = size
        with self._ask("blobs", digest) as answer:
            part = _Part(answer.iter_content(_BLOCK))
            archive.addfile(member, part)
            if part.read(1) or part.seen.hexdigest() != digest:
                raise Failure(f"{answer.url} gave another content than its digest says")

    def _ask(self, kind: str, digest: str) -> requests.Response:
        address = f"{self._address}/{kind}/sha256:{digest}"
        answer = self._get(address)
        if answer.status_code == requests.codes.unauthorized and "Authorization" not in self._session.headers:
            answer.close()
            self._session.headers["Authorization"] = f"Bearer {self._token(answer.headers.get('WWW-Authenticate', ''))}"
            answer = self._get(address)
        answer.raise_for_status()
        return answer

    def _get(self, address: str) -> requests.Response:
        return self._session.get(
            address, headers={"Accept": ", ".join(_MANIFESTS)}, stream=True, timeout=(_CONNECT_S, _READ_S)
        )

    def _token(self, challenge: str) -> str:
        """What lets anybody read, as the registry says where it is had (Docker Registry token authentication)."""
        asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        realm = asked.pop("realm", None)
        if not challenge.startswith("Bearer ") or realm is None:
            raise Failure(f"{self._address} lets nobody read without a name")
        with self._session.get(realm, params=asked, timeout=(_CONNECT_S, _READ_S)) as answer:
            answer.raise_for_status()
            said = answer.json()
        token = said.get("token") or said.get("access_token")
        if not token:
            raise Failure(f"{realm} gave no token")
        return str(token)


class _Part:
    """A stream that counts what was read of it into a digest."""

    def __init__(self, blocks: Iterator[Any]) -> None:
        self._blocks, self._rest, self.seen = blocks, b"", hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._rest) < size:
            block = next(self._blocks, b"")
            if not block:
                break
            self._rest += block
        given, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        self.seen.update(given)
        return given
