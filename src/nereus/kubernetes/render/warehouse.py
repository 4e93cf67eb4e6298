"""k8s/warehouse/*.sql -> the ConfigMap that the setup job runs."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nereus.kubernetes.render.fill import fill

#: A password in a statement: the setup job puts the file of that name from its Secret there.
_PASSWORD = re.compile(r"@([a-z_]+)@")
_GROUP = re.compile(r"CREATE WORKLOAD GROUP IF NOT EXISTS (\w+) (PROPERTIES \([^)]*\));")


def setup_files(folder: Path, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One ConfigMap with every file, in the order of their names."""
    yield {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "warehouse-setup", "namespace": "nereus-warehouse"},
        "data": {path.name: sql(path, values) for path in sorted(folder.glob("*.sql"))},
    }


def setup_digest(folder: Path, values: Mapping[str, Any], secrets: Iterable[Mapping[str, Any]]) -> str:
    """Eight digits that change when a statement or a password does: the job of that name then runs anew."""
    digest = hashlib.sha256()
    for each in setup_files(folder, values):
        digest.update(json.dumps(each).encode())
    for secret in secrets:
        if secret["metadata"]["name"] == "warehouse-setup":
            digest.update(json.dumps(secret).encode())
    return digest.hexdigest()[:8]


def sql(path: Path, values: Mapping[str, Any]) -> str:
    """One file with its values filled in; workload groups that exist are brought back to what it says."""
    text = fill(path.read_text("utf-8"), values, f"k8s/warehouse/{path.name}")
    return _GROUP.sub(lambda match: f"{match[0]}\nALTER WORKLOAD GROUP {match[1]} {match[2]};", text)


def statements(text: str) -> list[str]:
    """The statements of a file, without comments."""
    bare = re.sub(r"--.*$", "", text, flags=re.MULTILINE)
    return [each.strip() for each in re.split(r";\s*(?:\n|$)", bare) if each.strip()]


def with_passwords(statement: str, passwords: Mapping[str, str]) -> str:
    """A statement as the setup job runs it. Raises KeyError for a name that its Secret does not have."""
    return _PASSWORD.sub(lambda match: passwords[match[1]], statement)
