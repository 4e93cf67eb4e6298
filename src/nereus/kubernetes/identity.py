"""Who signs in: one OpenID Connect client of platform.yaml -> the settings of Superset, JupyterHub and the portal.

The provider's address and the client's id stand in platform.yaml (kubernetes.identity), the client's secret in
.nereus/secrets/oidc-client; nothing else is declared. Without a provider people sign in with generated passwords.

The provider registers three addresses for the client:
    https://superset.<domain>/oauth-authorized/oidc
    https://jupyter.<domain>/hub/oauth_callback
    https://portal.<domain>/oauth2callback
and puts people into the groups of `GROUPS`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from nereus.config import Platform
from nereus.errors import BadInput
from nereus.home import Home
from nereus.provision import jupyterhub

CLIENT = "oidc-client"
#: Group at the provider -> who that is.
GROUPS: Mapping[str, str] = {
    "nereus-admins": "administer Superset and the Hub",
    "nereus-analysts": "dashboards and SQL Lab",
    "nereus-scientists": "notebooks",
    "nereus-managers": "the portal",
}
#: Superset's roles by group.
_ROLES = {"nereus-admins": ["Admin"], "nereus-analysts": ["Analyst"]}

#: Names of their own: the local target's files mean something else where they are empty.
SUPERSET, HUB, PORTAL = "cluster-superset.json", "cluster-hub.json", "cluster-portal.json"


def ensure(platform: Platform, home: Home) -> None:
    """Write the files that secrets.yaml names; empty ones where there is no provider. Again: changes nothing.

    Raises BadInput where a provider is declared and the client's secret is missing.
    """
    jupyterhub.ensure_accounts(home)
    for name, text in settings(platform, home).items():
        _write(home.secrets / name, text)


def settings(platform: Platform, home: Home) -> dict[str, str]:
    """The content of each application's file by its name."""
    provider = platform.kubernetes.identity
    if provider is None:
        return {SUPERSET: "", HUB: "", PORTAL: ""}
    client = {"client_id": provider.client_id, "client_secret": client_secret(home)}
    domain, metadata = platform.kubernetes.domain, f"{provider.issuer}/.well-known/openid-configuration"
    hub = {
        **client,
        "metadata_url": metadata,
        "oauth_callback_url": f"https://jupyter.{domain}/hub/oauth_callback",
        "allowed_groups": ["nereus-scientists"],
        "admin_groups": ["nereus-admins"],
    }
    portal = {
        "redirect_uri": f"https://portal.{domain}/oauth2callback",
        **client,
        "server_metadata_url": metadata,
        "viewer_groups": ["nereus-managers"],
        "admin_groups": ["nereus-admins"],
    }
    return {
        SUPERSET: json.dumps({**client, "metadata_url": metadata, "roles_by_group": _ROLES}),
        HUB: json.dumps(hub),
        PORTAL: json.dumps(portal),
    }


def client_secret(home: Home) -> str:
    """What the provider gave for the client. Raises BadInput."""
    file = home.secrets / CLIENT
    try:
        found = file.read_text("utf-8").strip()
    except FileNotFoundError:
        found = ""
    if not found:
        raise BadInput(
            f"platform.yaml: kubernetes.identity is declared and the client's secret is missing from {file}",
            fix=f"Write what the provider gave into that file, for its owner alone: install -m 600 /dev/stdin {file}",
        )
    return found


def _write(path: Path, text: str) -> None:
    if path.exists() and path.read_text("utf-8") == text:
        return
    draft = path.with_suffix(f".{os.getpid()}.draft")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.rename(path)
