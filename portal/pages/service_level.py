"""Is the promise kept, for whom, when, and what is slow."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

import charts
import frame
from nereus.insight import service_level
from nereus.insight.asking import Answer
from nereus.insight.service_level import WINDOWS, Group
from state import Deployment, answers_of_service, counter

_TABS = {
    "By dashboard": "dashboards",
    "By person": "people",
    "By warehouse user": "users",
    "By workload group": "groups",
}


def show(found: Deployment) -> None:
    window = st.segmented_control("Window", list(WINDOWS), default="24 hours", key="window", bind="query-params")
    window = window or "24 hours"
    answer = answers_of_service(found, WINDOWS[window])
    if not frame.state_of(answer):
        return
    promise = found.platform.promise.dashboard_average_s
    _promise(answer, promise, window)
    _hours(answer, promise)
    for tab, (title, name) in zip(st.tabs(list(_TABS)), _TABS.items(), strict=True):
        with tab:
            _groups(title, service_level.groups(answer[name]))
    st.header("Waiting for a place", anchor="queue", divider="gray")
    frame.table(
        "queue",
        [
            {
                "workload group": row["name"],
                "statements": row["statements"],
                "waited": row["waited"],
                "average wait (ms)": _rounded(row["average_ms"]),
                "p95 wait (ms)": _rounded(row["p95_ms"]),
                "longest wait (ms)": row["longest_ms"],
            }
            for row in answer["queues"]
        ],
    )
    st.header("Slowest queries", anchor="slowest", divider="gray")
    frame.table(
        "slowest",
        [
            {
                "time (UTC)": _moment(row["at"]),
                "user": row["who"],
                "workload group": row["workload_group"],
                "dashboard": row["dashboard"] or None,
                "answer (ms)": row["time_ms"],
                "queued (ms)": row["queued_ms"],
                "rows read": row["scan_rows"],
                "rows given": row["return_rows"],
                "state": "failed" if row["state"] == "ERR" else "answered",
                "statement": row["statement"],
            }
            for row in answer["slowest"]
        ],
    )
    frame.source(
        answer,
        f"__internal_schema.audit_log of the last {window}, queries alone, the portal's own left out; failed ones "
        "count in no time. p95 is exact",
    )
    st.caption(f"The portal has sent the warehouse {counter().statements:,} statements since it started.")


def _promise(answer: Answer, promise_s: float, window: str) -> None:
    dashboards, everything = (service_level.first(answer, name) for name in ("promise", "everything"))
    budget = service_level.budget(dashboards, service_level.groups(answer["hours"]), promise_s)
    if dashboards is None or budget is None:
        st.info(
            f"No dashboard was opened in the last {window}: the promise of {promise_s:g} s was not put to the test."
        )
    else:
        figures = st.columns(4)
        figures[0].metric(
            f"Average dashboard answer, promise {promise_s:g} s",
            f"{(dashboards.average_ms or 0) / 1000:.3f} s",
            border=True,
        )
        figures[1].metric("p95", f"{(dashboards.p95_ms or 0) / 1000:.3f} s", border=True)
        figures[2].metric(
            "Answers under 1 s", f"{dashboards.under_1s or 0:.1%}", border=True, help=f"of {dashboards.answered:,}"
        )
        figures[3].metric(
            "Error budget left",
            f"{budget.left:.0%}",
            border=True,
            help="1 - average / promised average: how much slower answers may become before the promise is broken.",
        )
        kept = f"{budget.kept_hours} of {budget.hours} hours with dashboards kept the average."
        (st.success if budget.left >= 0 else st.error)(
            f"The promise of {promise_s:g} s on average was {'kept' if budget.left >= 0 else 'broken'}. {kept}"
        )
    if everything is not None:
        st.markdown(
            f"All queries: **{everything.statements:,}**, {everything.failed:,} failed, average "
            f"{(everything.average_ms or 0) / 1000:.3f} s, p95 {(everything.p95_ms or 0) / 1000:.3f} s, "
            f"{everything.under_1s or 0:.1%} under 1 s."
        )


def _hours(answer: Answer, promise_s: float) -> None:
    series = {
        "dashboards": service_level.groups(answer["hours"]),
        "all queries": service_level.groups(answer["all_hours"]),
    }
    shown = {name: groups for name, groups in series.items() if groups}
    if not shown:
        return
    frame.chart(
        charts.by_hour(
            {
                f"{name}, {kind}": [
                    (datetime.fromisoformat(hour.name), getattr(hour, field) / 1000)
                    for hour in groups
                    if getattr(hour, field) is not None
                ]
                for name, groups in shown.items()
                for kind, field in (("average", "average_ms"), ("p95", "p95_ms"))
            },
            "s",
            {f"promise, {promise_s:g} s on average": promise_s},
        ),
    )
    frame.keep("hours", [row for name, groups in shown.items() for row in _rows(f"hour (UTC), {name}", groups)])


def _groups(title: str, groups: list[Group]) -> None:
    if not groups:
        st.caption("Nothing in this window.")
        return
    frame.table(title, _rows(title.removeprefix("By "), groups))


def _rows(key: str, groups: list[Group]) -> list[dict[str, object]]:
    return [
        {
            key: group.name,
            "statements": group.statements,
            "failed": group.failed,
            "average (ms)": _rounded(group.average_ms),
            "p95 (ms)": _rounded(group.p95_ms),
            "longest (ms)": group.longest_ms,
            "under 1 s (%)": None if group.under_1s is None else round(100 * group.under_1s, 1),
        }
        for group in groups
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _moment(text: str) -> str:
    return text.replace("T", " ")[:19]


frame.page("Service level", show)
