"""One verdict per question management asks, the doors, and what is up."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

import dashboard
import doors
import frame
from nereus import verdicts
from nereus.cases import Case
from nereus.insight import board, holdings, overview, service_level
from nereus.insight.language import Language
from nereus.verdicts import Verdict
from state import Deployment, answers_of_data, answers_of_service, declared, measured_results, sensitivity, titles

_MARKS = {True: ":green[:material/check_circle:]", False: ":red[:material/error:]", None: ":gray[:material/help:]"}


def show(found: Deployment, t: Language) -> None:
    section, data = found.platform.platform, found.platform.data
    st.caption(
        t(
            "overview.declared",
            name=section.name,
            target=section.target,
            raw_tb=data.raw_tb,
            growth=data.growth_per_year,
            today=found.today,
        )
    )
    promise = found.platform.promise.dashboard_average_s
    answer = answers_of_service(found, 24)
    frame.state_of(t, answer)
    held = answers_of_data(found)
    measured, at = doors.measured(found)
    shown = {
        "cost": verdicts.on_cost(found.comparisons[Case.TYPICAL], found.today),
        "capacity": verdicts.on_filling(found.plan),
        "service_level": overview.on_promise(service_level.first(answer, "promise"), answer.at, promise),
        "benchmarks": verdicts.on_speed(measured_results(), promise),
        "data": overview.on_data(holdings.holdings(held, declared(found)), held.at),
        "overview": overview.on_services(measured, at),
    }
    _row(t, shown)
    st.download_button(
        t("board.download"),
        # Made when it is asked for: drawing it takes longer than the page.
        lambda: board.build(_facts(found, list(shown.values())), t),
        file_name=f"nereus-{found.today}-{t.code}.pdf",
        mime="application/pdf",
        icon=":material/picture_as_pdf:",
        on_click="ignore",
    )
    st.header(t("doors.title"), anchor="doors", divider="gray")
    doors.doors(found, t)
    dashboard.show(found, t)
    st.header(t("doors.services"), anchor="services", divider="gray")
    doors.services_table(found, t)


def _facts(found: Deployment, verdicts_shown: list[Verdict]) -> board.Facts:
    return board.Facts(
        found.platform,
        found.plan,
        found.comparisons,
        sensitivity(found),
        verdicts_shown,
        measured_results(),
        datetime.now(UTC),
        answers_of_service(found, service_level.WINDOWS[board.WINDOW]),
        answers_of_data(found),
        declared(found),
        titles(found),
    )


def _row(t: Language, shown: dict[str, Verdict]) -> None:
    # Three to a row: on a wider one the sentences become columns of single words.
    columns = [column for _ in range(0, len(shown), 3) for column in st.columns(3)]
    for column, (page, verdict) in zip(columns, shown.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"{_MARKS[verdict.good]} {t.said(verdict.question)}")
            st.subheader(t.said(verdict.value), anchor=False)
            st.caption(t.said(verdict.explanation))
            if page != "overview":
                st.page_link(f"pages/{page}.py", label=t(f"pages.{page}"), icon=":material/arrow_forward:")
    frame.keep(
        "verdicts",
        [{"question": each.question, "value": each.value, "explanation": each.explanation} for each in shown.values()],
    )


frame.page("overview", show)
