"""A tiny OpenID Connect provider: whoever comes is `person`, without being asked.

It describes itself at the address that every provider does, and signs who somebody is.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


class Provider(ThreadingHTTPServer):
    """`person` is the user information that is given; `client` what a service must say about itself."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Pages)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.client = {"client_id": "platform", "client_secret": secrets.token_hex(8)}
        self.person: dict[str, Any] = {}
        self.code, self.token = secrets.token_hex(8), secrets.token_hex(8)
        self.nonce = ""
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

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

    def metadata(self) -> dict[str, object]:
        """What stands at /.well-known/openid-configuration."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }

    def keys(self) -> dict[str, object]:
        numbers = self._key.public_key().public_numbers()
        n, e = (_packed(number.to_bytes((number.bit_length() + 7) // 8, "big")) for number in (numbers.n, numbers.e))
        return {"keys": [{"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", "n": n, "e": e}]}

    def signed(self) -> str:
        """An id token: everything about `person`, for `client`."""
        now = int(time.time())
        told = {**self.person, "iss": self.url, "aud": self.client["client_id"], "iat": now}
        parts = ({"alg": "RS256", "kid": "1", "typ": "JWT"}, {**told, "exp": now + 300, "nonce": self.nonce})
        text = ".".join(_packed(json.dumps(part).encode()) for part in parts)
        return f"{text}.{_packed(self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class _Pages(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        if asked.path == "/authorize":
            given = parse_qs(asked.query)
            self.server.nonce = given.get("nonce", [""])[0]
            back = urlencode({"code": self.server.code, "state": given["state"][0]})
            self.send_response(302)
            self.send_header("Location", f"{given['redirect_uri'][0]}?{back}")
            self.end_headers()
        elif asked.path == "/.well-known/openid-configuration":
            self._answer(self.server.metadata())
        elif asked.path == "/keys":
            self._answer(self.server.keys())
        elif self.headers.get("Authorization") == f"Bearer {self.server.token}":
            self._answer(self.server.person)
        else:
            self.send_error(401)

    def do_POST(self) -> None:
        given = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        said = {name: given.get(name, [""])[0] for name in ("client_id", "client_secret", "code")}
        # Who the client is may stand in the form or in a header.
        kind, _, packed = self.headers.get("Authorization", "").partition(" ")
        if kind == "Basic":
            said["client_id"], _, said["client_secret"] = base64.b64decode(packed).decode().partition(":")
        if said == {**self.server.client, "code": self.server.code}:
            told = {"access_token": self.server.token, "token_type": "Bearer", "expires_in": 300}
            self._answer({**told, "id_token": self.server.signed()})
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
