"""What is up, measured when the page is opened and every half minute after."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from nereus.provision.services import local_services
from nereus.provision.status import gather
from state import Deployment


def show(found: Deployment) -> None:
    st.header("Services", anchor="services", divider="gray")
    _live(found)


@st.fragment(run_every=30)
def _live(found: Deployment) -> None:
    rows = gather(local_services(found.config, found.platform, found.home), found.home)
    st.dataframe(
        [
            {
                "service": row.name,
                "state": "up" if row.up else f"down: {row.error}",
                "since (UTC)": row.since,
                "memory (MB)": row.rss_mb,
                "probe (ms)": row.probe_ms,
                "address": row.url,
            }
            for row in rows
        ],
        hide_index=True,
        width="stretch",
    )
    st.caption(f"Each row is a real query or page request, made {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC.")
