"""How disks fill, year by year, and when limits are reached."""

from __future__ import annotations

import streamlit as st

import charts
import frame
from nereus.cases import Case
from nereus.sizing import Plan
from state import Deployment

_SERIES = {"NVMe needed": "nvme_tb", "cold disk needed": "cold_disk_tb", "file cache": "file_cache_tb"}


def show(found: Deployment) -> None:
    plan = found.plan
    years = list(range(plan.requirements.horizon_years + 1))
    series = {
        title: {case.value: [getattr(year, name).value for year in plan.years[case]] for case in Case}
        for title, name in _SERIES.items()
    }
    st.plotly_chart(charts.band(years, series, "TB over all machines", {}), width="stretch")
    st.caption(
        f"Band: low to high compression; line: typical. {plan.nodes.value:g} machines planned: {plan.nodes.reason}. "
        f"Source: {plan.nodes.source}."
    )
    left, right = st.columns(2)
    with left:
        st.markdown("**When limits are reached** (typical, low, high; years from now)")
        frame.table("limits", _limits(plan))
    with right:
        st.markdown(f"**What year {plan.requirements.horizon_years} needs** (typical)")
        frame.table("needs", _needs(plan))
    for warning in plan.warnings:
        st.warning(warning)


def _limits(plan: Plan) -> list[dict[str, str]]:
    by_case = {case: {limit.name: limit.first_year for limit in plan.limits[case]} for case in Case}
    return [
        {
            "limit": limit.name,
            **{case.value: _year(by_case[case].get(limit.name)) for case in (Case.TYPICAL, Case.LOW, Case.HIGH)},
            "why": limit.reason,
            "source": limit.source,
        }
        for limit in plan.limits[Case.TYPICAL]
    ]


def _year(year: int | None) -> str:
    return "not in 30 years" if year is None else "now" if year == 0 else f"year {year}"


def _needs(plan: Plan) -> list[dict[str, str]]:
    return [
        {
            "figure": name.replace("_", " "),
            "value": f"{figure.value:,.3g} {figure.unit}",
            "why": figure.reason,
            "source": figure.source,
        }
        for name, figure in plan.last.figures().items()
    ]


frame.page("Capacity", show)
