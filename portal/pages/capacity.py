"""How disks fill, month by month, when limits are crossed, and the plan beside what the warehouse reports."""

from __future__ import annotations

import streamlit as st

import charts
import frame
from nereus.cases import Case
from nereus.insight import filling, holdings
from nereus.insight.filling import Crossing
from nereus.insight.holdings import readable
from nereus.sizing import Plan
from state import Deployment, answers_of_data

_SERIES = {"NVMe needed": "nvme_tb", "cold disk needed": "cold_disk_tb", "file cache": "file_cache_tb"}


def show(found: Deployment) -> None:
    plan = found.plan
    _filling(found)
    _reported(found)
    st.header("What to provide", anchor="needs", divider="gray")
    years = list(range(plan.requirements.horizon_years + 1))
    series = {
        title: {case.value: [getattr(year, name).value for year in plan.years[case]] for case in Case}
        for title, name in _SERIES.items()
    }
    frame.chart(charts.band(years, series, "TB over all machines", {}))
    st.caption(
        f"Band: low to high compression; line: typical; headroom included. {plan.nodes.value:g} machines planned: "
        f"{plan.nodes.reason}. Source: {plan.nodes.source}."
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


def _filling(found: Deployment) -> None:
    plan, need = found.plan, found.plan.requirements
    st.header("When disks fill", anchor="filling", divider="gray")
    listed = filling.crossings(plan)
    years = list(range(need.horizon_years + 1))
    for column, disk in zip(st.columns(2), ("NVMe", "HDD"), strict=True):
        limits = {
            f"{each.share:.0%} {each.name}": each.limit_tb
            for each in listed
            if each.disk == disk and each.case is Case.TYPICAL
        }
        if not limits:
            continue
        with column:
            series = {f"{disk} used": {case.value: filling.used(plan, case, disk) for case in Case}}
            frame.chart(charts.band(years, series, "TB over all machines", limits))
    frame.table("months", _months(listed, found))
    st.caption(
        f"Used disk without headroom; {plan.nodes.value:g} machines, {need.growth_per_year:.0%} growth a year, "
        f"{need.hot_months} months hot, {need.replicas} replicas. Source: platform.yaml; limits: "
        f"{'; '.join(dict.fromkeys(each.source for each in listed))}. {found.today:%Y-%m-%d} UTC."
    )


def _months(listed: list[Crossing], found: Deployment) -> list[dict[str, object]]:
    rows: dict[tuple[str, str], dict[str, object]] = {}
    # The typical case first: it fills in what is known of today.
    for each in sorted(listed, key=lambda one: one.case is not Case.TYPICAL):
        row = rows.setdefault(
            (each.disk, each.name),
            {"limit": f"{each.disk} {each.name}, {each.share:.0%}", "limit (TB)": round(each.limit_tb, 2)},
        )
        if each.case is Case.TYPICAL:
            row["used today (TB)"] = round(each.used_tb, 2)
            row["used today (% of limit)"] = round(100 * each.used_tb / each.limit_tb, 1) if each.limit_tb else None
        row[f"crossed, {each.case.value}"] = each.month(found.today)
    return list(rows.values())


def _reported(found: Deployment) -> None:
    st.header("The plan beside the warehouse", anchor="reported", divider="gray")
    answer = answers_of_data(found)
    known = frame.state_of(answer)
    measured = filling.growth(answer["days"])
    rows = filling.beside(found.plan, holdings.tables(answer) if known else None, measured)
    frame.table(
        "plan and warehouse",
        [
            {
                "figure": row.name,
                "planned for today": readable(row.planned),
                "reported": None if row.reported is None else readable(row.reported),
                "of the plan (%)": None if row.share is None else round(100 * row.share, 4),
                "what": row.reason,
            }
            for row in rows
        ],
    )
    frame.source(answer, "platform.yaml and sizing; information_schema.partitions, nereus_ops.load_history")
    if not known:
        return
    again = filling.refitted(found.plan, measured)
    if again is None:
        st.info(
            f"Loads so far span {measured.days} days; growth by the year is told from {filling.LEAST_DAYS} days on. "
            f"Until then the declared {found.plan.requirements.growth_per_year:.0%} counts."
        )
        return
    st.markdown(
        f"Measured growth: **{measured.per_year:.0%} a year** over {measured.days} days of loads (declared "
        f"{found.plan.requirements.growth_per_year:.0%}). With it the limits are crossed in:"
    )
    frame.table("months at measured growth", _months(filling.crossings(again), found))


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
