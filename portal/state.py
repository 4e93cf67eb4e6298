"""What every section reads: the declared platform, its plan and comparison, cached until platform.yaml changes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import streamlit as st

from nereus import sizing
from nereus.cases import Case
from nereus.config import Platform, load
from nereus.costs.compare import Comparison, compare
from nereus.home import Home


@dataclass(frozen=True)
class Deployment:
    """`today` is the date every age on the page is counted from (UTC)."""

    config: Path
    home: Home
    platform: Platform
    plan: sizing.Plan
    comparisons: Mapping[Case, Comparison]
    today: date


def deployment() -> Deployment:
    """The deployment this portal belongs to. Raises BadInput when its platform.yaml cannot be used."""
    config = Path(os.environ.get("NEREUS_CONFIG", "platform.yaml"))
    platform, plan, comparisons = _declared(config, config.stat().st_mtime_ns if config.exists() else 0)
    return Deployment(config, Home.beside(config), platform, plan, comparisons, datetime.now(UTC).date())


@st.cache_resource(max_entries=1, show_spinner=False)
def _declared(config: Path, changed: int) -> tuple[Platform, sizing.Plan, Mapping[Case, Comparison]]:
    platform = load(config)
    plan = sizing.plan(sizing.Requirements.of(platform))
    return platform, plan, compare(platform, plan)
