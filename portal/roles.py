"""As what somebody sees the portal."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from doorkeeper import COOKIE
from nereus.home import Home
from nereus.insight import access
from nereus.insight.access import Gate, Role
from nereus.insight.language import Language


def _home() -> Home:
    return Home.beside(Path(os.environ.get("NEREUS_CONFIG", "platform.yaml")))


def role() -> Role:
    """The visitor's role; the weaker one where nothing proves another."""
    provider = access.provider(_home())
    if provider is not None:
        return provider.role_of(st.user.get(provider.groups_claim)) or Role.VIEWER
    return Gate(_home()).role_of(_cookie()) or Role.VIEWER


def _cookie() -> str | None:
    # A page that is run without a server has no request, and something else stands in its place.
    found = st.context.cookies.get(COOKIE)
    return found if isinstance(found, str) else None


def is_admin() -> bool:
    return role() is Role.ADMIN


def ask_for_login(t: Language) -> None:
    """With a provider: stop here until somebody with one of its groups has logged in."""
    provider = access.provider(_home())
    if provider is None:
        return
    if not st.user.is_logged_in:
        st.title(t("login.title"), anchor=False)
        st.button(t("login.with_provider"), on_click=st.login, type="primary")
        st.stop()
    if provider.role_of(st.user.get(provider.groups_claim)) is None:
        st.error(t("login.no_group", name=str(st.user.get("name") or st.user.get("email") or st.user.get("sub"))))
        st.button(t("login.log_out"), on_click=st.logout)
        st.stop()


def log_out(t: Language) -> None:
    """The way out, and as what one is here."""
    label = t("login.log_out")
    shown = t(f"login.as_{role().value}")
    if access.provider(_home()) is not None:
        st.button(label, on_click=st.logout, help=shown, type="tertiary")
    elif _cookie():
        st.html(f'<a class="quiet" href="logout" target="_self">{label} ({shown})</a>', width="content")
