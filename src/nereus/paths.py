"""Where the project's own files are: it runs from its checkout, where use cases and the portal are reviewed."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
USECASES = PROJECT / "usecases"
PORTAL = PROJECT / "portal"
BENCHMARKS = PROJECT / "benchmarks"


def user_cache() -> Path:
    """Where this user keeps what is slow to make, for all checkouts; deleting it costs time only."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nereus"
