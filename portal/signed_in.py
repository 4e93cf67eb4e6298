"""The portal for people who have signed in: what a cluster runs in the place of app.py.

With an identity provider (`[auth]` in Streamlit's secrets) people sign in there, and the group nereus-managers or
nereus-admins lets them in; without one they give the portal's password (NEREUS_HOME/secrets/portal-admin).
"""

from __future__ import annotations

import hmac
import os
import runpy
import time
from pathlib import Path

import streamlit as st

PAGES = Path(__file__).with_name("app.py")
GROUPS = {"nereus-managers", "nereus-admins"}
#: A wrong password costs its sender so many seconds.
_WRONG_S = 2.0


def provided() -> bool:
    """Whether an identity provider is configured."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def by_provider() -> None:
    """Stop the page for whoever has not signed in at the provider or is in none of the groups."""
    if not st.user.is_logged_in:
        st.title("Nereus", anchor=False)
        st.button("Sign in", on_click=st.login, type="primary")
        st.stop()
    if not GROUPS & set(st.user.get("groups") or ()):
        st.error(f"You are signed in, and in none of the groups {', '.join(sorted(GROUPS))}. Ask the platform's team.")
        st.button("Sign out", on_click=st.logout)
        st.stop()


def by_password() -> None:
    """Stop the page for whoever has not given the portal's password."""
    if st.session_state.get("signed_in"):
        return
    st.title("Nereus", anchor=False)
    with st.form("sign in"):
        given = st.text_input("Password", type="password")
        sent = st.form_submit_button("Sign in", type="primary")
    if sent:
        wanted = Path(os.environ["NEREUS_HOME"], "secrets", "portal-admin").read_text("ascii").strip()
        if hmac.compare_digest(given.encode(), wanted.encode()):
            st.session_state["signed_in"] = True
            st.rerun()
        time.sleep(_WRONG_S)
        st.error("That is not the portal's password.")
    st.stop()


(by_provider if provided() else by_password)()
runpy.run_path(str(PAGES), run_name="__main__")
