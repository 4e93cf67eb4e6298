"""Where the project's own files are: it runs from its checkout, where use cases and the portal are reviewed."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
USECASES = PROJECT / "usecases"
PORTAL = PROJECT / "portal"
BENCHMARKS = PROJECT / "benchmarks"
