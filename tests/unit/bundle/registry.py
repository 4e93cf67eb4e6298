"""A registry on loopback, with one image."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest(content: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@dataclass
class Publisher:
    """A registry with one image of two platforms; it asks for a token, and keeps its layers elsewhere."""

    port: int = 0
    served: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    index: str = ""
    amd64: str = ""
    layer: str = ""

    def __post_init__(self) -> None:
        children = []
        for architecture in ("arm64", "amd64"):
            parts = [self._keep(f"{what} of {architecture}".encode() * 90_000) for what in ("config", "layer")]
            config, layer = ({"digest": f"sha256:{known}", "size": len(self.served[known])} for known in parts)
            self.amd64 = self._document(
                {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}
            )
            self.layer = parts[1]
            platform = {"os": "linux", "architecture": architecture}
            children.append({"mediaType": MANIFEST, "digest": f"sha256:{self.amd64}", "size": 1, "platform": platform})
        self.index = self._document({"schemaVersion": 2, "mediaType": INDEX, "manifests": children})

    def _document(self, content: dict[str, Any]) -> str:
        return self._keep(json.dumps(content).encode())

    def _keep(self, content: bytes) -> str:
        self.served[digest(content)] = content
        return digest(content)

    def reference(self, known: str) -> str:
        """How versions.yaml would name the image with this digest."""
        return f"127.0.0.1:{self.port}/some/thing:1.0@sha256:{known}"


@contextmanager
def serving() -> Iterator[Publisher]:
    """The registry, while it answers."""
    made = Publisher()

    class Registry(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            if self.path.startswith("/token?"):
                assert "scope=repository%3Asome%2Fthing%3Apull" in self.path
                self.say(200, b'{"token": "anybody"}')
            elif self.path.startswith("/elsewhere/"):
                self.say(200, made.served[self.path.rpartition(":")[2]])
            elif self.headers["Authorization"] != "Bearer anybody":
                realm = f"http://127.0.0.1:{made.port}/token"
                asks = f'Bearer realm="{realm}",service="here",scope="repository:some/thing:pull"'
                self.say(401, b"", ("WWW-Authenticate", asks))
            elif self.path.startswith("/v2/some/thing/blobs/"):
                self.say(307, b"", ("Location", f"/elsewhere/{self.path.rpartition('/')[2]}"))
            else:
                content = made.served.get(self.path.rpartition(":")[2])
                self.say(200 if content else 404, content or b"")

        def say(self, code: int, content: bytes, *headers: tuple[str, str]) -> None:
            self.send_response(code)
            for name, value in (*headers, ("Content-Length", str(len(content)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()
