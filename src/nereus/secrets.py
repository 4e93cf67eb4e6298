"""Generated passwords: one file each, mode 0600, never printed unless asked for by name."""

from __future__ import annotations

import os
import secrets as _random
from collections.abc import Mapping
from pathlib import Path

from nereus.errors import BadInput
from nereus.home import Home

#: Every secret of the platform and what it opens.
NAMES: Mapping[str, str] = {
    "warehouse-root": "the warehouse's root user (all rights)",
    "warehouse-admin": "the warehouse's admin user, which Doris makes by itself (on Kubernetes)",
    "warehouse-portal": "the portal's read-only warehouse user",
    "warehouse-loader": "the warehouse user that loads use cases and records checks",
    "warehouse-bench": "the warehouse user that benchmarks run as",
    "warehouse-analyst": "the warehouse user Superset connects as",
    "warehouse-scientist": "the warehouse user of the first data scientist",
    "portal-admin": "the portal's administrator",
    "portal-viewer": "the portal's viewers",
    "portal-key": "what the portal signs its visitors' logins with",
    "superset-admin": "Superset's administrator",
    "superset-analyst": "the first business analyst in Superset",
    "superset-key": "what Superset seals sessions and stored passwords with",
    "superset-guest": "what the portal signs its guests' tokens for Superset with",
    "jupyterhub-admin": "JupyterHub's administrator",
    "jupyterhub-scientist": "the first data scientist in JupyterHub",
    "jupyterhub-proxy": "what JupyterHub tells its proxy with",
    "jupyterhub-probe": "the token with which the platform's state is looked at in JupyterHub",
    "object-store-cold": "the object store's key for cooled partitions",
    "object-store-landing": "the object store's key for files that wait to be loaded",
    "object-store-backup": "the object store's key for backups",
    "object-store-notebooks": "the object store's key for notebooks",
    "object-store-internal": "what the object store's parts sign their own requests with",
    "superset-database": "Superset's user in PostgreSQL (on Kubernetes)",
    "superset-cache": "Superset's user in Valkey (on Kubernetes)",
    "identity-client": "what the identity provider knows the platform by (yours to write; on Kubernetes)",
    "grafana-admin": "Grafana's administrator (on Kubernetes)",
}

#: What the file of a rotated secret's old value is called after its name.
_PREVIOUS = ".previous"


def ensure(home: Home, name: str) -> str:
    """The secret called `name`, made on first use. Raises BadInput for a name nobody declared."""
    if name not in NAMES:
        raise BadInput(f"there is no secret called {name!r}", fix=f"Choose one of: {', '.join(NAMES)}.")
    path = home.secrets / name
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        pass
    home.create()
    # Written beside and linked into place, so that a crash leaves no empty secret and two starters agree on one.
    draft = _draft(home, name, _random.token_urlsafe(24))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text("ascii").strip()


def rotate(home: Home, name: str) -> None:
    """Make a new value for `name`; the old one stays beside it until the next time, for what still opens with it."""
    old = ensure(home, name)
    os.replace(_draft(home, f"{name}{_PREVIOUS}", old), home.secrets / f"{name}{_PREVIOUS}")
    os.replace(_draft(home, name, _random.token_urlsafe(24)), home.secrets / name)


def previous(home: Home, name: str) -> str:
    """What `name` was before it was rotated; what it is when it never was."""
    try:
        return (home.secrets / f"{name}{_PREVIOUS}").read_text("ascii").strip()
    except FileNotFoundError:
        return ensure(home, name)


def _draft(home: Home, name: str, value: str) -> Path:
    draft = home.secrets / f".{name}.{os.getpid()}"
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(value + "\n")
        file.flush()
        os.fsync(file.fileno())
    return draft
