"""The management portal, first page: what is up, when it fills, what it costs, how fast it answers."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).parent))

from nereus.errors import NereusError
from sections import benchmark, capacity, cost, heading, services
from state import deployment

st.set_page_config(page_title="Nereus", page_icon=":material/database:", layout="wide")

try:
    found = deployment()
except NereusError as error:
    st.error(str(error))
    st.stop()

heading.show(found)
for section in (services, cost, capacity, benchmark):
    try:
        section.show(found)
    except NereusError as error:
        # One part that cannot be read must not take the rest of the page with it.
        st.error(str(error))
