"""Images of one static program each, as an archive in docker's form: no engine is needed to make them."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path


def write(archive: tarfile.TarFile, images: Mapping[str, Path]) -> None:
    """Write images, reference to program, into an open archive."""
    manifest = []
    for reference, program in images.items():
        layer = _layer(program)
        digest = hashlib.sha256(layer).hexdigest()
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {"Entrypoint": [f"/{program.name}"], "Env": ["PATH=/"]},
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
                "history": [{"created": "1970-01-01T00:00:00Z"}],
            }
        ).encode()
        name = f"{hashlib.sha256(config).hexdigest()}.json"
        _add(archive, name, config)
        _add(archive, f"{digest}/layer.tar", layer)
        manifest.append({"Config": name, "RepoTags": [reference], "Layers": [f"{digest}/layer.tar"]})
    _add(archive, "manifest.json", json.dumps(manifest).encode())


def _layer(program: Path) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as layer:
        _add(layer, program.name, program.read_bytes(), mode=0o755)
    return held.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))
