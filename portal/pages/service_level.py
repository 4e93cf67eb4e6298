"""Is the promise kept, for whom, when, and what is slow."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

import charts
import frame
import roles
from nereus.insight import service_level
from nereus.insight.asking import Answer
from nereus.insight.language import Language
from nereus.insight.service_level import WINDOWS, Group
from state import Deployment, answers_of_service, counter, titles

#: What answers are grouped by -> the question of the audit log.
_TABS = {"dashboard": "dashboards", "person": "people", "user": "users", "workload_group": "groups"}
_HOURS = (("average_ms", "service_level.average"), ("p95_ms", "service_level.p95"))
_PRECISE, _PART = ".3f", ".1%"


def show(found: Deployment, t: Language) -> None:
    label = t("service_level.window")
    names = list(WINDOWS)
    window = st.segmented_control(label, names, default=names[0], key="window", bind="query-params", format_func=t.said)
    window = window or names[0]
    answer = answers_of_service(found, WINDOWS[window])
    if not frame.state_of(t, answer):
        return
    promise = found.platform.promise.dashboard_average_s
    _promise(answer, promise, t.said(window), t)
    _hours(answer, promise, t)
    named = titles(found) if answer["dashboards"] else {}
    # Who opened what, and the text of statements, is for administrators.
    admin = roles.is_admin()
    tabs = {key: name for key, name in _TABS.items() if admin or key != "person"}
    for tab, (key, name) in zip(st.tabs([t(f"service_level.by_{key}") for key in tabs]), tabs.items(), strict=True):
        with tab:
            _groups(t, key, service_level.groups(answer[name]), named if key == "dashboard" else {})
    st.header(t("service_level.waiting"), anchor="queue", divider="gray")
    frame.table(
        t,
        "queue",
        [
            {
                "workload_group": row["name"],
                "statements": row["statements"],
                "waited": row["waited"],
                "average_wait_ms": _rounded(row["average_ms"]),
                "p95_wait_ms": _rounded(row["p95_ms"]),
                "longest_wait_ms": row["longest_ms"],
            }
            for row in answer["queues"]
        ],
    )
    st.header(t("service_level.slowest"), anchor="slowest", divider="gray")
    frame.table(
        t,
        "slowest",
        [
            {
                "time_utc": frame.moment(row["at"]),
                "user": row["who"],
                "workload_group": row["workload_group"],
                "dashboard": _titled(row["dashboard"], named, t) if row["dashboard"] else None,
                "answer_ms": row["time_ms"],
                "queued_ms": row["queued_ms"],
                "rows_read": row["scan_rows"],
                "rows_given": row["return_rows"],
                "state": t("state.failed") if row["state"] == "ERR" else t("state.answered"),
                **({"statement": row["statement"]} if admin else {}),
            }
            for row in answer["slowest"]
        ],
    )
    frame.source(t, answer, t("service_level.source", window=t.said(window)))
    st.caption(t("service_level.counted", count=counter().statements))


def _promise(answer: Answer, promise_s: float, window: str, t: Language) -> None:
    dashboards, everything = (service_level.first(answer, name) for name in ("promise", "everything"))
    budget = service_level.budget(dashboards, service_level.groups(answer["hours"]), promise_s)
    if dashboards is None or budget is None:
        st.info(t("service_level.untested", window=window, promise=promise_s))
    else:
        seconds = t("service_level.seconds")
        figures = st.columns(4)
        figures[0].metric(
            t("service_level.average_of", promise=promise_s),
            f"{t.number((dashboards.average_ms or 0) / 1000, _PRECISE)} {seconds}",
            border=True,
        )
        figures[1].metric(
            t("service_level.p95"), f"{t.number((dashboards.p95_ms or 0) / 1000, _PRECISE)} {seconds}", border=True
        )
        figures[2].metric(
            t("service_level.under_1s"),
            t.number(dashboards.under_1s or 0, _PART),
            border=True,
            help=t("service_level.of", count=dashboards.answered),
        )
        figures[3].metric(
            t("service_level.budget"), t.number(budget.left, ".0%"), border=True, help=t("service_level.about_budget")
        )
        kept = budget.left >= 0
        (st.success if kept else st.error)(
            t(
                f"service_level.{'kept' if kept else 'broken'}",
                promise=promise_s,
                kept_hours=budget.kept_hours,
                hours=budget.hours,
            )
        )
    if everything is not None:
        st.markdown(
            t(
                "service_level.everything",
                statements=everything.statements,
                failed=everything.failed,
                average=(everything.average_ms or 0) / 1000,
                p95=(everything.p95_ms or 0) / 1000,
                under_1s=everything.under_1s or 0,
            )
        )


def _hours(answer: Answer, promise_s: float, t: Language) -> None:
    series = {"dashboards": "hours", "all": "all_hours"}
    shown = {name: groups for name, key in series.items() if (groups := service_level.groups(answer[key]))}
    if not shown:
        return
    frame.chart(
        t,
        charts.by_hour,
        {
            f"{t(f'service_level.of_{name}')}, {t(title)}": [
                (at, getattr(hour, field) / 1000)
                for hour in groups
                if getattr(hour, field) is not None and (at := frame.moment(hour.name))
            ]
            for name, groups in shown.items()
            for field, title in _HOURS
        },
        t("service_level.seconds"),
        {t("service_level.limit", promise=promise_s): promise_s},
        t("service_level.hour"),
    )
    frame.keep("hours", [row for name, groups in shown.items() for row in _rows(f"hour_utc_{name}", groups, {}, t)])


def _groups(t: Language, key: str, groups: list[Group], named: Mapping[str, str]) -> None:
    if not groups:
        st.caption(t("service_level.nothing"))
        return
    frame.table(t, f"by {key}", _rows(key, groups, named, t))


def _rows(key: str, groups: list[Group], named: Mapping[str, str], t: Language) -> list[dict[str, object]]:
    return [
        {
            key: _titled(group.name, named, t) if key == "dashboard" else group.name,
            "statements": group.statements,
            "failed": group.failed,
            "average_ms": _rounded(group.average_ms),
            "p95_ms": _rounded(group.p95_ms),
            "longest_ms": group.longest_ms,
            "under_1s_percent": None if group.under_1s is None else round(100 * group.under_1s, 1),
        }
        for group in groups
    ]


def _titled(number: str, named: Mapping[str, str], t: Language) -> str:
    """The dashboard's title; its number where Superset was never there to say it."""
    return named.get(number) or t("service_level.dashboard", number=number)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


frame.page("service_level", show)
