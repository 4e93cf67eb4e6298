"""How disks fill, month by month, when limits are crossed, and the plan beside what the warehouse reports."""

from __future__ import annotations

import streamlit as st

import charts
import frame
from nereus.cases import Case
from nereus.insight import filling, holdings
from nereus.insight.filling import Crossing
from nereus.insight.language import Language
from nereus.sizing import Plan
from state import Deployment, answers_of_data, crossings

_SERIES = ("nvme_tb", "cold_disk_tb", "file_cache_tb")
_SHARE = ".0%"


def show(found: Deployment, t: Language) -> None:
    plan = found.plan
    _filling(found, t)
    _reported(found, t)
    st.header(t("capacity.needs"), anchor="needs", divider="gray")
    years = list(range(plan.requirements.horizon_years + 1))
    series = {
        t(f"columns.{name}"): {case.value: [getattr(year, name).value for year in plan.years[case]] for case in Case}
        for name in _SERIES
    }
    frame.chart(t, charts.band, years, series, t("capacity.unit"), {}, t("capacity.years"))
    st.caption(
        t("capacity.about_needs", nodes=plan.nodes.value, reason=t.said(plan.nodes.reason), source=plan.nodes.source)
    )
    frame.table(t, "years", _years(plan))
    st.markdown(t("capacity.limits"))
    frame.table(t, "limits", _limits(plan, t))
    st.markdown(t("capacity.last_year", year=plan.requirements.horizon_years))
    frame.table(t, "needs", _needs(plan, t))
    for warning in plan.warnings:
        st.warning(t.said(warning))


def _filling(found: Deployment, t: Language) -> None:
    plan, need = found.plan, found.plan.requirements
    st.header(t("capacity.filling"), anchor="filling", divider="gray")
    listed = crossings(found)
    years = list(range(need.horizon_years + 1))
    for column, disk in zip(st.columns(2), ("NVMe", "HDD"), strict=True):
        limits = {
            f"{t.number(each.share, _SHARE)} {t.said(each.name)}": each.limit_tb
            for each in listed
            if each.disk == disk and each.case is Case.TYPICAL
        }
        if not limits:
            continue
        with column:
            series = {
                t("capacity.used", disk=disk): {case.value: filling.used(plan, case, disk) for case in Case},
            }
            frame.chart(t, charts.band, years, series, t("capacity.unit"), limits, t("capacity.years"))
    frame.table(t, "months", _months(listed, found, t))
    st.caption(
        t(
            "capacity.about_filling",
            nodes=plan.nodes.value,
            growth=need.growth_per_year,
            hot_months=need.hot_months,
            replicas=need.replicas,
            sources="; ".join(dict.fromkeys(each.source for each in listed)),
            today=found.today,
        )
    )


def _months(listed: list[Crossing], found: Deployment, t: Language) -> list[dict[str, object]]:
    rows: dict[tuple[str, str], dict[str, object]] = {}
    # The typical case first: it fills in what is known of today.
    for each in sorted(listed, key=lambda one: one.case is not Case.TYPICAL):
        limit = f"{each.disk} {t.said(each.name)}, {t.number(each.share, _SHARE)}"
        row = rows.setdefault((each.disk, each.name), {"limit": limit, "limit_tb": round(each.limit_tb, 2)})
        if each.case is Case.TYPICAL:
            row["used_today_tb"] = round(each.used_tb, 2)
            row["used_percent"] = round(100 * each.used_tb / each.limit_tb, 1) if each.limit_tb else None
        row[f"crossed_{each.case.value}"] = t.said(each.month(found.today))
    return list(rows.values())


def _reported(found: Deployment, t: Language) -> None:
    st.header(t("capacity.reported"), anchor="reported", divider="gray")
    answer = answers_of_data(found)
    known = frame.state_of(t, answer)
    measured = filling.growth(answer["days"])
    rows = filling.beside(found.plan, holdings.tables(answer) if known else None, measured)
    frame.table(
        t,
        "plan and warehouse",
        [
            {
                "figure": t.said(row.name),
                "planned": t.number(row.planned, "size"),
                "reported": None if row.reported is None else t.number(row.reported, "size"),
                "of_plan_percent": None if row.share is None else round(100 * row.share, 4),
                "why": t.said(row.reason),
            }
            for row in rows
        ],
    )
    frame.source(t, answer, t("capacity.source_reported"))
    if not known:
        return
    again = filling.refitted(found.plan, measured)
    declared = found.plan.requirements.growth_per_year
    if again is None:
        st.info(t("capacity.too_short", days=measured.days, least=filling.LEAST_DAYS, growth=declared))
        return
    st.markdown(t("capacity.measured", measured=measured.per_year, days=measured.days, growth=declared))
    frame.table(t, "months at measured growth", _months(filling.crossings(again), found, t))


def _years(plan: Plan) -> list[dict[str, object]]:
    def span(number: int, name: str) -> dict[str, object]:
        values = [getattr(plan.years[case][number], name).value for case in (Case.TYPICAL, Case.LOW, Case.HIGH)]
        return dict(zip((name, f"{name}_low", f"{name}_high"), (round(value, 2) for value in values), strict=True))

    return [
        {"year": number, **{key: value for name in _SERIES for key, value in span(number, name).items()}}
        for number in range(plan.requirements.horizon_years + 1)
    ]


def _limits(plan: Plan, t: Language) -> list[dict[str, object]]:
    by_case = {case: {limit.name: limit.first_year for limit in plan.limits[case]} for case in Case}
    return [
        {
            "limit": t.said(limit.name),
            **{
                f"reached_{case.value}": _year(by_case[case].get(limit.name), t)
                for case in (Case.TYPICAL, Case.LOW, Case.HIGH)
            },
            "why": t.said(limit.reason),
            "source": limit.source,
        }
        for limit in plan.limits[Case.TYPICAL]
    ]


def _year(year: int | None, t: Language) -> str:
    return t("capacity.never") if year is None else t("capacity.now") if year == 0 else t("capacity.year", year=year)


def _needs(plan: Plan, t: Language) -> list[dict[str, object]]:
    return [
        {
            "figure": t(f"columns.{name}"),
            "value": float(f"{figure.value:.3g}") if figure.value < 100 else round(figure.value),
            "unit": t.unit(figure.unit),
            "why": t.said(figure.reason),
            "source": figure.source,
        }
        for name, figure in plan.last.figures().items()
    ]


frame.page("capacity", show)
