"""Who may log in: mysql_native_password against the warehouse's accounts.

An unknown user, a wrong password and a user without a password who sends one look the same from outside: the same
packets after the same work.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Protocol

from mysql_mimic.auth import IdentityProvider, NativePasswordAuthPlugin, User
from mysql_mimic.utils import nonce, xor

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.wire.packets import AUTH_PLUGIN

_NONCE_BYTES = 20
#: Hashes of users who do not exist come from this, so that nobody can know them.
_SECRET = secrets.token_bytes(32)


class Accounts(Protocol):
    def native_hash(self, user: str, host: str) -> bytes | None:
        """SHA1(SHA1(password)), b"" for an account without a password, None for nobody. Must not block."""


class AccountIdentities(IdentityProvider):  # type: ignore[misc] # mysql-mimic has no types
    """Looks users up for one client host; gives an identity for every name, known or not."""

    def __init__(self, accounts: Accounts, host: str) -> None:
        self._accounts = accounts
        self._host = host

    async def get_user(self, username: str) -> User:
        decoy = hmac.digest(_SECRET, username.encode(errors="surrogatepass"), "sha1")
        stored = self._accounts.native_hash(username, self._host)
        return User(name=username, auth_string=(decoy if stored is None else stored).hex(), auth_plugin=AUTH_PLUGIN)


class NativePassword(NativePasswordAuthPlugin):  # type: ignore[misc] # mysql-mimic has no types
    """mysql_native_password that compares in constant time."""

    def password_matches(self, user: User, scramble: bytes, nonce: bytes) -> bool:
        stored = bytes.fromhex(user.auth_string or "")
        if not scramble:
            return not stored
        mask = _sha1(nonce + stored)
        once = xor(scramble.ljust(len(mask), b"\0")[: len(mask)], mask)
        fits = hmac.compare_digest(_sha1(once), stored.ljust(len(mask), b"\0"))
        return fits and bool(stored) and len(scramble) == len(mask)


def new_nonce() -> bytes:
    """20 random bytes that every client can read as ASCII."""
    made: bytes = nonce(_NONCE_BYTES)
    return made


def denied(user: str, host: str, scramble: bytes) -> DorisError:
    used = "YES" if scramble else "NO"
    return DorisError(f"Access denied for user '{user}@{host}' (using password: {used})", 1045, "28000", plain=True)


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()
