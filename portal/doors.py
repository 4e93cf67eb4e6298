"""What is up, measured when a page is opened and every half minute after, and the doors to what people work in."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import streamlit as st

import frame
import roles
from nereus.insight import inside
from nereus.insight.language import Language
from nereus.insight.services import gather, reached, seen_from
from nereus.provision import superset
from nereus.provision.services import local_services
from nereus.provision.status import ServiceStatus
from state import Deployment

#: Services that people work in.
_DOORS = ("superset", "jupyterhub")


@st.cache_data(ttl=15, max_entries=4, show_spinner=False)
def _measured(root: str, _found: Deployment) -> tuple[list[ServiceStatus], datetime]:
    if inside.is_inside(os.environ):
        return reached(inside.services(os.environ, _found.platform, _found.home)), datetime.now(UTC)
    listed = local_services(_found.config, _found.platform, _found.home)
    return gather(listed, _found.home), datetime.now(UTC)


def embedded(found: Deployment) -> dict[str, str]:
    """The id by which each dashboard is shown in a frame, by the dashboard's slug."""
    return inside.embedded(found.platform) if inside.is_inside(os.environ) else superset.embedded(found.home)


def measured(found: Deployment) -> tuple[list[ServiceStatus], datetime]:
    """Every service, and when it was looked at (UTC)."""
    return _measured(str(found.home.root), found)


@st.fragment(run_every=30)
def doors(found: Deployment, t: Language) -> None:
    """One door per application, with its live state."""
    rows, at = measured(found)
    shown = [row for row in rows if row.name in _DOORS]
    admin = roles.is_admin()
    for column, row in zip(st.columns(max(1, len(shown))), shown, strict=False):
        with column.container(border=True, height="stretch"):
            mark = f":green[● {t('state.up')}]" if row.up else f":red[● {t('state.down')}]"
            st.markdown(f"{mark} **{t(f'doors.{row.name}')}**")
            st.link_button(t("doors.open"), seen_from(row.url, st.context.url), disabled=not row.up)
            st.caption(
                t("doors.answered", probe_ms=row.probe_ms, at=at)
                if row.probe_ms is not None
                # Why, in a program's words, is for administrators.
                else t("doors.silent", reason=t.said(row.error or "") if admin else t("state.down"), at=at)
            )


@st.fragment(run_every=30)
def services_table(found: Deployment, t: Language) -> None:
    rows, at = measured(found)
    admin = roles.is_admin()
    # What a service says when it fails, and where it is, is for administrators.
    frame.table(
        t,
        "services",
        [
            {
                "service": row.name,
                "state": _state(row, t, admin=admin),
                "since_utc": frame.moment(row.since),
                "probe_ms": row.probe_ms,
                **({"memory_mb": row.rss_mb, "address": seen_from(row.url, st.context.url)} if admin else {}),
            }
            for row in rows
        ],
    )
    st.caption(t("doors.measured", at=at))


def _state(row: ServiceStatus, t: Language, *, admin: bool) -> str:
    if row.up:
        return t("state.up")
    return t("state.down_because", reason=t.said(row.error or "")) if admin else t("state.down")
