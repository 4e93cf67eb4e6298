"""What the bootstrap is to bring about: one JSON file that provisioning writes.

{"assets": {"metadata.yaml": "...", ...},          path inside the import -> YAML text
 "warehouse_password": "...",
 "admin_password": "...",
 "users": [{"name": "analyst", "roles": ["Analyst"], "password": "..."}],
 "row_rules": [{"name": "...", "clause": "...", "group_key": "...", "datasets": ["..."], "roles": ["..."]}],
 "roles": [{"name": "Analyst", "datasets": ["..."], "schemas": ["..."], "sql_lab": true}],
 "embedded": ["sales-overview"], "portal_origin": "http://..."}
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Plan:
    """The content of the file, whole."""

    assets: dict[str, str]
    warehouse_password: str
    admin_password: str
    users: list[dict[str, Any]]
    roles: list[dict[str, Any]]
    row_rules: list[dict[str, Any]]
    embedded: list[str]
    portal_origin: str


def load() -> Plan:
    """Raises KeyError or OSError where provisioning did not write it."""
    return Plan(**json.loads(Path(os.environ["NEREUS_SUPERSET_PLAN"]).read_text("utf-8")))
