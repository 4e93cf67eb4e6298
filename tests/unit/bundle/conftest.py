"""A small catalogue, its files, and a publisher that serves them on loopback."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from nereus.bundle.items import LOCKS
from tests.unit.bundle.registry import Publisher, serving

CONTENT = {
    "k3s": b"a program",
    "install.sh": b"#!/bin/sh\n",
    "web-1.0.tgz": b"a chart",
    "one-1.0-py3-none-any.whl": b"one",
}


def digest(name: str) -> str:
    return hashlib.sha256(CONTENT[name]).hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder that holds every file of the catalogue."""
    folder = tmp_path / "source"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    index = "entries:\n  web:\n    - {version: '2.0', urls: [other.tgz]}\n    - {version: '1.0', urls: [web-1.0.tgz]}\n"
    (folder / "index.yaml").write_text(index)
    return folder


@pytest.fixture
def address(source: Path) -> Iterator[str]:
    """Where the folder is served."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(source)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def versions(address: str) -> dict[str, Any]:
    """The catalogue."""
    return {
        "k3s": {
            "version": "v1.2.3+k3s1",
            "binary": {"file": "k3s/k3s", "sha256": digest("k3s"), "url": f"{address}/k3s"},
            "installer": {"file": "k3s/install.sh", "sha256": digest("install.sh"), "url": f"{address}/install.sh"},
            "images": [],
        },
        "charts": {"web": {"version": "1.0", "repository": address, "sha256": digest("web-1.0.tgz")}},
        "images": {"portal": "registry.nereus.internal/nereus/portal:1"},
    }


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    folder = tmp_path / "locks"
    folder.mkdir()
    hashed = f"one==1.0 \\\n    --hash=sha256:{digest('one-1.0-py3-none-any.whl')} \\\n    --hash=sha256:{'0' * 64}\n"
    for lock in LOCKS:
        (folder / f"{lock}.txt").write_text(hashed if lock == "nereus" else "")
    return folder


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    """A registry with one image."""
    with serving() as made:
        yield made
