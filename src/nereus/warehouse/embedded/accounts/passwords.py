"""MySQL's native password hash: SHA1(SHA1(password)). The password itself is never kept."""

from __future__ import annotations

import hashlib
import hmac
import re

from nereus.warehouse.embedded.errors import DorisError

_HASH = re.compile(r"\*[0-9A-Fa-f]{40}")
_SHORTEST_STRONG = 8
_SPECIAL = frozenset("~!@#$%^&*()_+|<>,.?/:;'[]{}")


def native_hash(password: str) -> bytes:
    """SHA1(SHA1(password)), 20 bytes: what mysql_native_password keeps and compares."""
    once = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    return hashlib.sha1(once, usedforsecurity=False).digest()


def from_text(text: str) -> bytes:
    """The hash that ``*`` and 40 hexadecimal digits stand for. Raises DorisError for another form."""
    if not _HASH.fullmatch(text):
        raise DorisError("Password hash should be a 41-digit hexadecimal number")
    return bytes.fromhex(text[1:])


def matches(stored: bytes, password: str) -> bool:
    """Whether `password` has the hash `stored`; takes the same time either way."""
    return hmac.compare_digest(stored, native_hash(password))


def check_strength(password: str, policy: str) -> None:
    """Refuse a weak password where the variable validate_password_policy is STRONG (or 2)."""
    if policy.upper() not in ("STRONG", "2"):
        return
    violation = "Violate password validation policy: STRONG. The password must"
    if len(password) < _SHORTEST_STRONG:
        raise DorisError(f"{violation} be at least 8 characters")
    kinds = (str.isdigit, str.islower, str.isupper, _SPECIAL.__contains__)
    if sum(any(map(kind, password)) for kind in kinds) < 3:
        raise DorisError(
            f"{violation} contain at least 3 types of "
            "numbers, uppercase letters, lowercase letters and special characters."
        )
