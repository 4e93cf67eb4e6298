"""Who may see the portal, and as what: a generated password for each role, or an OpenID Connect provider's groups.

A login by password becomes a signed cookie that names the role and when it ends; nothing is kept on the server.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from nereus import secrets
from nereus.errors import BadInput
from nereus.home import Home

#: A login lasts a working day.
LASTS_S = 12 * 3600
#: So many wrong passwords within a minute close the door to everybody without a cookie until the minute is over.
MOST_WRONG = 10
WRONG_WINDOW_S = 60.0
PROVIDER_FILE = "portal-oidc.json"
_KEYS = ("client_id", "client_secret", "server_metadata_url", "redirect_uri", "viewer_groups", "admin_groups")
_OPTIONAL = ("groups_claim", "client_kwargs")


class Role(StrEnum):
    """A viewer sees figures; an administrator also sees who asked what, and what services say of themselves."""

    VIEWER = "viewer"
    ADMIN = "admin"


#: The stronger role comes first: a password that opens both is the administrator's.
_SECRETS = {Role.ADMIN: "portal-admin", Role.VIEWER: "portal-viewer"}


@dataclass
class Gate:
    """Checks passwords and cookies of one deployment. `now` tells the time in seconds since 1970."""

    home: Home
    now: Callable[[], float] = time.time
    _wrong: list[float] = field(default_factory=list)

    def login(self, password: str) -> Role | None:
        """The role that the password opens; None for a wrong one, or where too many were tried."""
        if self.is_closed:
            return None
        given = password.strip().encode()
        # Every password is compared, so that the time taken tells nothing.
        opened = [
            role
            for role, name in _SECRETS.items()
            if hmac.compare_digest(given, secrets.ensure(self.home, name).encode())
        ]
        if not opened:
            self._wrong.append(self.now())
        return opened[0] if opened else None

    @property
    def is_closed(self) -> bool:
        """Whether too many wrong passwords were tried in the last minute."""
        self._wrong = [at for at in self._wrong if at > self.now() - WRONG_WINDOW_S]
        return len(self._wrong) >= MOST_WRONG

    def cookie(self, role: Role) -> str:
        """What a browser shows from now on: role, end, signature."""
        text = f"{role.value}.{int(self.now()) + LASTS_S}"
        return f"{text}.{self._sign(text)}"

    def role_of(self, cookie: str | None) -> Role | None:
        """The role that a cookie proves; None for one that is forged, over or missing."""
        text, _, signature = (cookie or "").rpartition(".")
        if not text or not hmac.compare_digest(signature.encode(), self._sign(text).encode()):
            return None
        role, _, end = text.partition(".")
        return Role(role) if int(end) > self.now() else None

    def _sign(self, text: str) -> str:
        # A changed password ends what was opened with it.
        role = text.partition(".")[0]
        password = secrets.ensure(self.home, f"portal-{role}") if role in list(Role) else ""
        key = f"{secrets.ensure(self.home, 'portal-key')}.{password}".encode()
        return base64.urlsafe_b64encode(hmac.digest(key, text.encode(), hashlib.sha256)).decode().rstrip("=")


@dataclass(frozen=True)
class Provider:
    """An OpenID Connect provider and the groups that it lets in."""

    settings: dict[str, Any]
    viewer_groups: tuple[str, ...]
    admin_groups: tuple[str, ...]
    groups_claim: str = "groups"

    def role_of(self, groups: object) -> Role | None:
        """The role of somebody with these groups; None for somebody with none that counts."""
        held = {str(each) for each in groups} if isinstance(groups, Iterable) and not isinstance(groups, str) else set()
        if held & set(self.admin_groups):
            return Role.ADMIN
        return Role.VIEWER if held & set(self.viewer_groups) else None


def provider(home: Home) -> Provider | None:
    """The provider that secrets/portal-oidc.json names, or None where people log in with passwords.

    Raises BadInput that names what the file lacks.
    """
    file = home.secrets / PROVIDER_FILE
    fix = "docs/portal.md shows one."
    # A cluster mounts an empty file where no provider is declared.
    if not file.exists() or not file.stat().st_size:
        return None
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise BadInput(f"{file} is not JSON: {error}", fix=fix) from error
    if not isinstance(found, dict):
        raise BadInput(f"{file} holds no JSON object", fix=fix)
    if lacking := [name for name in _KEYS if name not in found]:
        raise BadInput(f"{file} lacks {', '.join(lacking)}", fix=fix)
    if unknown := [name for name in found if name not in (*_KEYS, *_OPTIONAL)]:
        raise BadInput(f"{file} has {', '.join(unknown)}, which nothing reads", fix=fix)
    if not str(found["redirect_uri"]).endswith("/oauth2callback"):
        raise BadInput(
            f"{file}: redirect_uri is {found['redirect_uri']}; expected the portal's address with /oauth2callback",
            fix=fix,
        )
    settings = {name: found[name] for name in ("redirect_uri", "client_id", "client_secret", "server_metadata_url")}
    settings["cookie_secret"] = secrets.ensure(home, "portal-key")
    if "client_kwargs" in found:
        settings["client_kwargs"] = found["client_kwargs"]
    return Provider(
        settings,
        tuple(found["viewer_groups"]),
        tuple(found["admin_groups"]),
        str(found.get("groups_claim", "groups")),
    )
