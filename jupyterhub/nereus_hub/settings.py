"""What the deployment decides about the Hub: one JSON file, named by NEREUS_HUB_SETTINGS, that provisioning writes."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """
    Attributes:
        bind, port: where people's browsers connect; the two ports behind it are the Hub's own, on loopback.
        data: folder of the Hub's database, cookie secret and proxy files.
        homes: folder of the scientists' homes.
        runtime: short folder for kernels' sockets: their paths may have 107 characters.
        users: JSON file with accounts, mode 0600.
        notebooks: environment of JupyterLab.
        helper: folder with the package nereus_notebook.
        starters: folders of starter notebooks, by the name of their use case.
        warehouse: host and ports by which notebooks reach the warehouse.
        memory_gb: limit of one scientist's server, each of its processes.
        servers: how many servers may run at a time.
        idle_minutes: a server without activity ends after so long.
        isolated: every scientist has a user id of their own; needs root.
        proxy_secret: with it the Hub tells its proxy where servers are.
        probe_token: with it the platform's state is looked at.
        oidc: GenericOAuthenticator's settings, or None for the users file.
    """

    bind: str
    port: int
    data: Path
    homes: Path
    runtime: Path
    users: Path
    notebooks: Path
    helper: Path
    starters: dict[str, str]
    warehouse: dict[str, str]
    memory_gb: float
    servers: int
    idle_minutes: float
    isolated: bool
    proxy_secret: str
    probe_token: str
    oidc: dict[str, object] | None = None


def load() -> Settings:
    """Raises KeyError, OSError or TypeError where provisioning did not write what the Hub needs."""
    found = json.loads(Path(os.environ["NEREUS_HUB_SETTINGS"]).read_text("utf-8"))
    folders = ("data", "homes", "runtime", "users", "notebooks", "helper")
    return Settings(**{**found, **{name: Path(found[name]) for name in folders}})
