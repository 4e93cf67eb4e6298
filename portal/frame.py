"""What every page has: a title, the state of its figures, faults as sentences, its figures as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import plotly.graph_objects as go
import streamlit as st

from nereus.errors import NereusError
from nereus.insight.asking import Answer, age
from state import Deployment, deployment

_TABLES = "tables of the page"


def page(title: str, show: Callable[[Deployment], None]) -> None:
    """Draw a page. A fault becomes one sentence with its fix; the rest of the portal is not touched by it."""
    st.title(title, anchor=False)
    st.session_state[_TABLES] = {}
    try:
        found = deployment()
        show(found)
    except NereusError as error:
        st.error(str(error))
        return
    tables: dict[str, Sequence[Mapping[str, object]]] = st.session_state[_TABLES]
    if tables:
        st.download_button(
            "Figures of this page (CSV)",
            as_csv(tables),
            file_name=f"{title.lower().replace(' ', '-')}-{found.today}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def table(name: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Show rows, and put them among the figures that can be downloaded. Units stand in the columns' names."""
    keep(name, rows)
    if not rows:
        st.caption(f"There are no {name}.")
        return
    st.dataframe(rows, hide_index=True, width="stretch", placeholder="")


def chart(figure: go.Figure) -> None:
    """Show a figure. Its tools appear nowhere: they would cover the names of what is drawn."""
    st.plotly_chart(figure, width="stretch", config={"displayModeBar": False})


def keep(name: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Put rows among the figures that can be downloaded without showing them."""
    st.session_state.setdefault(_TABLES, {})[name] = rows


def as_csv(tables: Mapping[str, Sequence[Mapping[str, object]]]) -> str:
    """Every figure on a line of its own: table, row, column, value."""
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(("table", "row", "column", "value"))
    for name, rows in tables.items():
        for number, row in enumerate(rows, 1):
            lines.writerows((name, number, column, value) for column, value in row.items() if value is not None)
    return written.getvalue()


def state_of(answer: Answer) -> bool:
    """Say so where the warehouse did not answer, and how old the figures are. Returns whether there are figures."""
    if answer.error is None:
        return True
    reason = answer.error.splitlines()[0]
    if answer.at is None:
        st.warning(f"The warehouse cannot be asked: {reason} Nothing was kept of earlier answers.")
        return False
    st.warning(
        f"The warehouse cannot be asked: {reason} What stands here is {age(answer.at, datetime.now(UTC))} old, "
        f"of {answer.at:%Y-%m-%d %H:%M} UTC."
    )
    return True


def source(answer: Answer, text: str) -> None:
    """The line beneath figures: where they come from and of when they are."""
    if answer.at is not None:
        st.caption(f"Source: {text}, asked {answer.at:%Y-%m-%d %H:%M:%S} UTC.")
