"""Who may log in: accounts in one JSON file, passwords as scrypt hashes, read again at every login.

{"ada": {"password": "scrypt$SALT$HASH", "admin": false, "groups": ["scientists"],
         "warehouse": {"user": "ada", "password": "..."}}}
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

from jupyterhub.auth import Authenticator
from tornado import web
from traitlets import Unicode

#: 16 MB and some 50 ms for each guess.
_COST = {"n": 2**14, "r": 8, "p": 1}
#: Compared with when nobody has that name, so that the time does not tell.
_NOBODY = "scrypt$AAAAAAAAAAAAAAAAAAAAAA==$" + base64.b64encode(bytes(64)).decode()
#: So many wrong passwords for one name within `_WINDOW_S` close it for the rest of that time.
_TRIES = 10
_WINDOW_S = 60.0


def read(users: Path) -> dict[str, dict[str, Any]]:
    """Every account by its name; none where the file is not there yet."""
    try:
        found: dict[str, dict[str, Any]] = json.loads(users.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return found


def is_right(password: str, stored: str) -> bool:
    """Whether a password belongs to a stored hash. Takes the same time either way."""
    _, salt, wanted = stored.split("$")
    given = hashlib.scrypt(password.encode(), salt=base64.b64decode(salt), **_COST)
    return hmac.compare_digest(given, base64.b64decode(wanted))


class FileAuthenticator(Authenticator):
    """Logs in who stands in the file; wrong name and wrong password look the same."""

    users_file = Unicode(config=True, help="JSON file with the accounts.")

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        #: name -> when a wrong password was given for it.
        self._wrong: dict[str, list[float]] = {}

    async def authenticate(self, _handler: web.RequestHandler, data: dict[str, str]) -> dict[str, Any] | None:
        name, password = data["username"], data["password"]
        now = time.monotonic()
        self._forget(now - _WINDOW_S)
        if len(self._wrong.get(name, ())) >= _TRIES:
            raise web.HTTPError(429, "Too many wrong passwords for this name. Try again in a minute.")
        account = read(Path(self.users_file)).get(name)
        stored = _NOBODY if account is None else account["password"]
        right = await asyncio.to_thread(is_right, password, stored)
        if account is None or not right:
            self._wrong.setdefault(name, []).append(now)
            return None
        self._wrong.pop(name, None)
        return {"name": name, "admin": bool(account.get("admin")), "groups": list(account.get("groups", []))}

    def _forget(self, before: float) -> None:
        """Drop what is too old to count, with the names that somebody made up."""
        recent = {name: [moment for moment in moments if moment > before] for name, moments in self._wrong.items()}
        self._wrong = {name: moments for name, moments in recent.items() if moments}
