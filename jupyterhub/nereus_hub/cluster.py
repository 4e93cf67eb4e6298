"""The Hub on Kubernetes: what zero-to-jupyterhub's own configuration leaves to us.

The chart makes the pods, volumes and limits; here stand who logs in and which warehouse user a server gets. The same
accounts as on a laptop, in a Secret that is mounted whole and read again at every login and every start.
"""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path
from typing import Any

from nereus_hub import accounts

#: The mounted Secret: accounts.json with who may log in and their warehouse users, oidc.json where there is a provider.
FOLDER = Path("/etc/nereus/accounts")


def configure(c: Any) -> None:  # noqa: ANN401 - JupyterHub's configuration object
    """Set what this platform decides; runs after the chart's own configuration."""
    from tornado.httpclient import AsyncHTTPClient

    # The chart's choice is pycurl, whose wheel finds no root certificates; Python's own client trusts SSL_CERT_FILE.
    AsyncHTTPClient.configure("tornado.simple_httpclient.SimpleAsyncHTTPClient")
    provider = FOLDER / "oidc.json"
    if provider.exists() and (text := provider.read_text("utf-8").strip()):
        from_provider(c, json.loads(text))
    else:
        c.JupyterHub.authenticator_class = accounts.FileAuthenticator
        c.FileAuthenticator.users_file = str(FOLDER / "accounts.json")
        # The file is the list of who may.
        c.Authenticator.allow_all = True
    c.Authenticator.manage_groups = True
    c.Authenticator.username_pattern = r"[a-z0-9][a-z0-9._@+-]{0,62}"
    token = FOLDER / "metrics-token"
    if token.exists():
        # The portal's probe and Prometheus ask with it.
        c.JupyterHub.services = [
            *c.JupyterHub.services,
            {"name": "probe", "api_token": token.read_text("ascii").strip()},
        ]
        scopes = ["list:users", "read:servers", "read:hub", "read:metrics"]
        role = {"name": "probe", "scopes": scopes, "services": ["probe"]}
        c.JupyterHub.load_roles = [*c.JupyterHub.load_roles, role]
    c.KubeSpawner.pre_spawn_hook = give_credentials
    # What the level `restricted` of Pod Security wants of every pod, and a file system that nobody changes.
    unprivileged = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    c.KubeSpawner.pod_security_context = {**unprivileged, "fsGroup": 100, "fsGroupChangePolicy": "OnRootMismatch"}
    c.KubeSpawner.container_security_context = {
        **{"runAsUser": 1000, "runAsGroup": 100, "allowPrivilegeEscalation": False},
        **{"readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
    }


def from_provider(c: Any, provider: dict[str, Any]) -> None:  # noqa: ANN401
    """Log in with an OpenID Connect provider, which says itself where its pages are."""
    c.JupyterHub.authenticator_class = "generic-oauth"
    c.GenericOAuthenticator.scope = ["openid", "profile", "email", "groups"]
    c.GenericOAuthenticator.username_claim = "preferred_username"
    c.GenericOAuthenticator.auth_state_groups_key = "oauth_user.groups"
    with urllib.request.urlopen(provider["metadata_url"], timeout=30) as answer:  # noqa: S310 - https, by platform.yaml
        told = json.load(answer)
    c.GenericOAuthenticator.authorize_url = told["authorization_endpoint"]
    c.GenericOAuthenticator.token_url = told["token_endpoint"]
    c.GenericOAuthenticator.userdata_url = told["userinfo_endpoint"]
    for name in ("client_id", "client_secret", "oauth_callback_url", "allowed_groups", "admin_groups"):
        setattr(c.GenericOAuthenticator, name, provider[name])


def give_credentials(spawner: Any) -> None:  # noqa: ANN401 - KubeSpawner
    """Put the scientist's own warehouse user into the environment of the server that is about to start."""
    known = accounts.read(FOLDER / "accounts.json").get(spawner.user.name, {}).get("warehouse", {})
    spawner.environment = {
        **spawner.environment,
        "WAREHOUSE_HOST": os.environ["WAREHOUSE_HOST"],
        "WAREHOUSE_PORT": os.environ.get("WAREHOUSE_PORT", "9030"),
        "WAREHOUSE_FLIGHT_PORT": os.environ.get("WAREHOUSE_FLIGHT_PORT", "8070"),
        "WAREHOUSE_USER": known.get("user", ""),
        "WAREHOUSE_PASSWORD": known.get("password", ""),
    }
