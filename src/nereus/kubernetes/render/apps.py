"""What the applications' manifests ask for beside the sizes of their pods."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nereus import images
from nereus.config import Platform
from nereus.kubernetes.render.demand import Sized
from nereus.paths import PROJECT

#: What an application shows or does follows from these: another content, another job and other pods.
_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "superset-init": ("superset", "src/nereus/superset", "usecases"),
    "portal": ("portal", "src/nereus/insight"),
    "usecases": ("usecases", "src/nereus/usecases"),
    "jupyterhub": ("jupyterhub",),
}
_MARK_LENGTH = 10


def app_values(platform: Platform, sized: Sized) -> dict[str, Any]:
    """Sections `configmaps`, `marks`, `jupyterhub`, `promise`, `signin`."""
    declared = {"platform.yaml": text(platform)}
    notebook = sized.demands["jupyterhub-notebook"]
    return {
        "configmaps": {"platform": declared},
        "marks": {name: _mark(name, declared["platform.yaml"]) for name in _FOLDERS},
        "jupyterhub": {
            "servers": max(1, notebook.replicas),
            "cpu_guarantee": notebook.cpu_request / 1000,
            "cpu_limit": notebook.cpu_limit / 1000,
            "memory_guarantee_bytes": notebook.memory_request,
            "memory_limit_bytes": notebook.memory_limit,
            "usecases": ",".join(platform.usecases),
        },
        "promise": {"dashboard_average_s": platform.promise.dashboard_average_s},
        "signin": {"superset_file": "/etc/nereus/secrets/oidc.json" if platform.kubernetes.identity else ""},
    }


def text(platform: Platform) -> str:
    """The declared platform as a file that reads back as the same: what was left out stays out."""
    return json.dumps(platform.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True), indent=1)


def _mark(name: str, declared: str) -> str:
    """A short hash of everything that an application's job or pods are made of."""
    known = "\0".join((declared, *(images.reference(image) for image in images.IMAGES)))
    total = hashlib.sha256(known.encode())
    for folder in _FOLDERS[name]:
        for path in _files(PROJECT / folder):
            total.update(str(path.relative_to(PROJECT)).encode() + b"\0" + path.read_bytes())
    # A letter first: digits around an e would be read as a number.
    return "m" + total.hexdigest()[:_MARK_LENGTH]


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(each for each in folder.rglob("*") if each.is_file() and each.suffix != ".pyc")
