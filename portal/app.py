"""The management portal: what it costs, when it fills, whether it keeps its promise, what is up."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

# The pages are run as scripts and import their neighbours by name.
sys.path.insert(0, str(Path(__file__).parent))

import frame
import roles
from pages import ADDRESSES

# An icon of its own: Streamlit's named ones, those of the menu included, would be fetched from the internet.
st.set_page_config(page_title="Nereus", page_icon=str(Path(__file__).parent / "icon.png"), layout="wide")

chosen = frame.choose_language()
roles.ask_for_login(chosen)
opened = st.navigation(
    [
        st.Page(
            f"pages/{name}.py",
            title=chosen(f"pages.{name}"),
            icon=f":material/{icon}:",
            url_path=name.replace("_", "-"),
            default=name == "overview",
        )
        for name, icon in ADDRESSES.items()
    ],
    position="top",
)
frame.opening(chosen)
opened.run()
