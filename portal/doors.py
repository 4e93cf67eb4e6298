"""What is up, measured when a page is opened and every half minute after, and the doors to what people work in."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

import frame
from nereus.insight.services import gather, seen_from
from nereus.provision.services import local_services
from nereus.provision.status import ServiceStatus
from state import Deployment

#: service -> what is behind the door.
_DOORS = {"superset": "Superset: dashboards", "jupyterhub": "JupyterHub: notebooks"}


@st.cache_data(ttl=15, max_entries=4, show_spinner="Looking at the services")
def _measured(root: str, _found: Deployment) -> tuple[list[ServiceStatus], datetime]:
    listed = local_services(_found.config, _found.platform, _found.home)
    return gather(listed, _found.home), datetime.now(UTC)


def measured(found: Deployment) -> tuple[list[ServiceStatus], datetime]:
    """Every service, and when it was looked at (UTC)."""
    return _measured(str(found.home.root), found)


@st.fragment(run_every=30)
def doors(found: Deployment) -> None:
    """One door per application, with its live state."""
    rows, at = measured(found)
    shown = [(row, title) for row in rows if (title := _DOORS.get(row.name))]
    for column, (row, title) in zip(st.columns(max(1, len(shown))), shown, strict=False):
        with column.container(border=True, height="stretch"):
            st.markdown(f"{':green[● up]' if row.up else ':red[● down]'} **{title}**")
            st.link_button("Open", seen_from(row.url, st.context.url), disabled=not row.up)
            st.caption(
                f"Answered in {row.probe_ms:.0f} ms, {at:%H:%M:%S} UTC."
                if row.probe_ms is not None
                else f"{row.error}, {at:%H:%M:%S} UTC."
            )


@st.fragment(run_every=30)
def services_table(found: Deployment) -> None:
    rows, at = measured(found)
    frame.table(
        "services",
        [
            {
                "service": row.name,
                "state": "up" if row.up else f"down: {row.error}",
                "since (UTC)": row.since,
                "memory (MB)": row.rss_mb,
                "probe (ms)": row.probe_ms,
                "address": seen_from(row.url, st.context.url),
            }
            for row in rows
        ],
    )
    st.caption(f"Each row is a real query or page request, made {at:%Y-%m-%d %H:%M:%S} UTC.")
