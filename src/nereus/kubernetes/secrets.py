"""secrets.yaml and the generated passwords -> Secrets for the cluster. Their values are never printed nor rendered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from nereus import secrets
from nereus.home import Home
from nereus.kubernetes.catalogue import Catalogue, SecretKey

_MARK = re.compile(r"\$\{([a-z0-9-]+)\}")


def manifests(catalogue: Catalogue, home: Home, there: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Every Secret that is needed beside what is there already. Passwords that are missing are made."""
    for name, declared in catalogue.secrets.items():
        if declared.unless in there:
            continue
        yield {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "namespace": declared.namespace,
                "labels": {"app.kubernetes.io/part-of": "nereus"},
            },
            "type": declared.type,
            "stringData": {key: _value(home, each) for key, each in declared.keys.items()},
        }


def used_by(catalogue: Catalogue, name: str) -> list[str]:
    """The Secrets that hold the generated password called `name`, as namespace/name."""
    return [
        f"{declared.namespace}/{secret}"
        for secret, declared in catalogue.secrets.items()
        if any(name == each.secret or name in _MARK.findall(each.text or "") for each in declared.keys.values())
    ]


def _value(home: Home, key: SecretKey) -> str:
    if key.secret:
        return secrets.previous(home, key.secret) if key.previous else secrets.ensure(home, key.secret)
    if key.file:
        return (home.secrets / key.file).read_text("utf-8")
    return _MARK.sub(lambda match: secrets.ensure(home, match[1]), key.text or "")
