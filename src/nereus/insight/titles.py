"""The dashboards' titles by the numbers that Superset gave them: the audit log knows only the numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from nereus.config import Platform
from nereus.errors import NereusError
from nereus.home import Home
from nereus.paths import USECASES
from nereus.provision import superset
from nereus.superset import assets


def declared(platform: Platform, folder: Path = USECASES) -> Mapping[str, str]:
    """Slug -> title of the dashboards that the platform's use cases bring."""
    bundle = assets.read(platform.usecases, folder)
    return {str(one.content["slug"]): str(one.content["dashboard_title"]) for one in bundle.of("dashboards")}


def by_number(platform: Platform, home: Home, folder: Path = USECASES) -> Mapping[str, str]:
    """Number -> title, as Superset tells them now; what was told last where it does not answer."""
    kept = home.cache / "portal" / "dashboards.json"
    if not (home.secrets / "superset-analyst").exists():
        return {}
    try:
        titles = declared(platform, folder)
        found = superset.login(home, platform, "analyst").dashboards()
    except NereusError:
        return _last(kept)
    numbers = {str(number): titles.get(slug, slug) for slug, number in found.items()}
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept.write_text(json.dumps(numbers), "utf-8")
    return numbers


def _last(kept: Path) -> Mapping[str, str]:
    try:
        found: dict[str, str] = json.loads(kept.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found
