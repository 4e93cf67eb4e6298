"""A tiny OpenID Connect provider: whoever comes is `person`, without being asked."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit


class Provider(ThreadingHTTPServer):
    """`person` is the user information that is given; `client` what the Hub must say about itself."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Pages)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.client = {"client_id": "hub", "client_secret": secrets.token_hex(8)}
        self.person: dict[str, Any] = {}
        self.code, self.token = secrets.token_hex(8), secrets.token_hex(8)

    def described(self, hub: str, **more: object) -> dict[str, object]:
        """What an administrator writes down for the Hub."""
        return {
            **self.client,
            "authorize_url": f"{self.url}/authorize",
            "token_url": f"{self.url}/token",
            "userdata_url": f"{self.url}/userinfo",
            "oauth_callback_url": f"{hub}/hub/oauth_callback",
            **more,
        }


class _Pages(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        if asked.path == "/authorize":
            given = parse_qs(asked.query)
            back = urlencode({"code": self.server.code, "state": given["state"][0]})
            self.send_response(302)
            self.send_header("Location", f"{given['redirect_uri'][0]}?{back}")
            self.end_headers()
        elif self.headers.get("Authorization") == f"Bearer {self.server.token}":
            self._answer(self.server.person)
        else:
            self.send_error(401)

    def do_POST(self) -> None:
        given = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        said = {name: given.get(name, [""])[0] for name in ("client_id", "client_secret", "code")}
        if said == {**self.server.client, "code": self.server.code}:
            self._answer({"access_token": self.server.token, "token_type": "Bearer"})
        else:
            self.send_error(401)

    def _answer(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the test's output."""


@contextmanager
def provider() -> Iterator[Provider]:
    with Provider() as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            made.shutdown()
            thread.join()
