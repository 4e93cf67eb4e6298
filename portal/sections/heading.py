"""The title, and one verdict per question management asks."""

from __future__ import annotations

import streamlit as st

from nereus import verdicts
from nereus.bench import results
from nereus.cases import Case
from nereus.paths import BENCHMARKS
from state import Deployment

_MARKS = {True: ":green[:material/check_circle:]", False: ":red[:material/error:]", None: ":gray[:material/help:]"}


def show(found: Deployment) -> None:
    data = found.platform.data
    st.title("Nereus")
    st.caption(
        f"Platform “{found.platform.platform.name}”, target {found.platform.platform.target}. Declared: "
        f"{data.raw_tb:g} TB raw, growing {data.growth_per_year:.0%} a year (source: platform.yaml). "
        f"{found.today:%Y-%m-%d} UTC."
    )
    shown = (
        verdicts.on_cost(found.comparisons[Case.TYPICAL], found.today),
        verdicts.on_filling(found.plan),
        verdicts.on_speed(results.read_all(BENCHMARKS / "results"), found.platform.promise.dashboard_average_s),
    )
    for column, verdict in zip(st.columns(len(shown)), shown, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"{_MARKS[verdict.good]} {verdict.question}")
            st.subheader(verdict.value, anchor=False)
            st.caption(verdict.explanation)
