"""One verdict per question management asks, the doors, and what is up."""

from __future__ import annotations

import streamlit as st

import doors
import frame
from nereus import verdicts
from nereus.bench import results
from nereus.cases import Case
from nereus.insight import holdings, overview, service_level
from nereus.paths import BENCHMARKS
from nereus.verdicts import Verdict
from pages import ADDRESSES
from state import Deployment, answers_of_data, answers_of_service, declared

_MARKS = {True: ":green[:material/check_circle:]", False: ":red[:material/error:]", None: ":gray[:material/help:]"}


def show(found: Deployment) -> None:
    data = found.platform.data
    st.caption(
        f"Platform “{found.platform.platform.name}”, target {found.platform.platform.target}. Declared: "
        f"{data.raw_tb:g} TB raw, growing {data.growth_per_year:.0%} a year (source: platform.yaml). "
        f"{found.today:%Y-%m-%d} UTC."
    )
    promise = found.platform.promise.dashboard_average_s
    answer = answers_of_service(found, 24)
    frame.state_of(answer)
    held = answers_of_data(found)
    measured, at = doors.measured(found)
    shown = {
        "cost": verdicts.on_cost(found.comparisons[Case.TYPICAL], found.today),
        "capacity": verdicts.on_filling(found.plan),
        "service_level": overview.on_promise(service_level.first(answer, "promise"), answer.at, promise),
        "benchmarks": verdicts.on_speed(results.read_all(BENCHMARKS / "results"), promise),
        "data": overview.on_data(holdings.holdings(held, declared(found)), held.at),
        "overview": overview.on_services(measured, at),
    }
    _row(shown)
    st.header("Doors", anchor="doors", divider="gray")
    doors.doors(found)
    st.header("Services", anchor="services", divider="gray")
    doors.services_table(found)


def _row(shown: dict[str, Verdict]) -> None:
    # Three to a row: on a wider one the sentences become columns of single words.
    columns = [column for _ in range(0, len(shown), 3) for column in st.columns(3)]
    for column, (page, verdict) in zip(columns, shown.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"{_MARKS[verdict.good]} {verdict.question}")
            st.subheader(verdict.value, anchor=False)
            st.caption(verdict.explanation)
            if page != "overview":
                st.page_link(f"pages/{page}.py", label=ADDRESSES[page][0], icon=":material/arrow_forward:")
    frame.keep(
        "verdicts",
        [{"question": each.question, "value": each.value, "explanation": each.explanation} for each in shown.values()],
    )


frame.page("Overview", show)
