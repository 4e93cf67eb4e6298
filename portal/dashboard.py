"""One of Superset's dashboards within the portal, or why there is none."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

import doors
from nereus import secrets
from nereus.errors import NereusError
from nereus.insight import embedding, titles
from nereus.insight.language import Language
from nereus.insight.services import seen_from
from nereus.provision import superset
from state import Deployment

_HEIGHT = 760


def show(found: Deployment, t: Language) -> None:
    """A dashboard that the visitor chooses; nothing but a sentence where Superset is down or has none."""
    st.header(t("dashboard.title"), anchor="dashboard", divider="gray")
    rows, _ = doors.measured(found)
    (service,) = [row for row in rows if row.name == superset.SERVICE]
    if not service.up:
        st.info(t("dashboard.down"))
        return
    embedded = doors.embedded(found)
    if not embedded:
        st.info(t("dashboard.none"))
        return
    named = _titles(found)
    slugs = sorted(embedded, key=lambda slug: named.get(slug, slug))
    chosen = st.selectbox(
        t("columns.dashboard"),
        slugs,
        format_func=lambda slug: named.get(slug, slug),
        key="dashboard",
        bind="query-params",
        label_visibility="collapsed",
    )
    token = _token(str(found.home.root), embedded[chosen], found)
    address = seen_from(service.url, st.context.url)
    st.iframe(embedding.frame(address, embedded[chosen], token, named.get(chosen, chosen)), height=_HEIGHT)
    st.caption(t("dashboard.source"))


# Kept for a while: another token would load the frame anew each time something on the page moves.
@st.cache_data(ttl=1800, max_entries=32, show_spinner=False)
def _token(root: str, dashboard: str, _found: Deployment) -> str:
    return embedding.guest_token(secrets.ensure(_found.home, "superset-guest"), dashboard, datetime.now(UTC))


def _titles(found: Deployment) -> dict[str, str]:
    try:
        return dict(titles.declared(found.platform))
    except NereusError:
        return {}
