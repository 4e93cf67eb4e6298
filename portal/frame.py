"""What every page has: its language, a title, the state of its figures, faults as sentences, its figures as CSV."""

from __future__ import annotations

import csv
import html
import io
import pickle
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import ParamSpec

import plotly.graph_objects as go
import streamlit as st

import charts
import roles
from nereus.errors import NereusError
from nereus.insight import language
from nereus.insight.asking import Answer, age
from nereus.insight.language import Language
from state import Deployment, deployment

Rows = Sequence[Mapping[str, object]]
_P = ParamSpec("_P")

_TABLES = "tables of the page"
_LANGUAGE = "language"
_LOOK = (Path(__file__).parent / "look.css").read_text("utf-8")
#: A longer table gets a height of its own on the screen.
_TALL = 16
#: Columns with more decimals than this somewhere keep each number's own.
_MOST_PLACES = 2
#: Columns of statements.
_CODE = ("statement",)


def choose_language() -> Language:
    """The language that the address names, or that was chosen before, or that the browser prefers."""
    asked = st.query_params.get("lang") or st.session_state.get(_LANGUAGE)
    code = language.chosen(asked, st.context.locale)
    st.session_state[_LANGUAGE] = code
    # The menu's links lose it, and a view that is mailed must be read as it was written.
    if st.query_params.get("lang") != code:
        st.query_params["lang"] = code
    return language.of(code)


def opening(t: Language) -> None:
    """What stands above the title of every page."""
    st.html(f"<style>{_LOOK}</style>")
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        st.segmented_control(
            t("frame.language"),
            language.CODES,
            default=t.code,
            required=True,
            key="language switch",
            format_func=lambda code: language.of(code)("formats.name"),
            label_visibility="collapsed",
            on_change=_switch,
        )
        roles.log_out(t)


def _switch() -> None:
    st.session_state[_LANGUAGE] = st.query_params["lang"] = st.session_state["language switch"]


def page(name: str, show: Callable[[Deployment, Language], None]) -> None:
    """Draw a page. A fault becomes one sentence with its fix; the rest of the portal is not touched by it."""
    t = language.of(st.session_state.get(_LANGUAGE, language.CODES[0]))
    st.title(t(f"pages.{name}"), anchor=False)
    st.session_state[_TABLES] = {}
    try:
        found = deployment()
        show(found, t)
    except NereusError as error:
        st.error(str(error))
        return
    tables: dict[str, Rows] = st.session_state[_TABLES]
    if tables:
        st.download_button(
            t("frame.csv"),
            as_csv(tables),
            file_name=f"{name.replace('_', '-')}-{found.today}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def table(t: Language, name: str, rows: Rows) -> None:
    """Show rows, and put them among the figures that can be downloaded.

    Columns are keys of the catalogue (`columns`), which name the units; numbers and dates get the language's form.
    """
    keep(name, rows)
    if not rows:
        st.caption(t("frame.empty"))
        return
    columns = list(dict.fromkeys(column for row in rows for column in row))
    numeric = {column for column in columns if any(_is_number(row.get(column)) for row in rows)}
    heads = "".join(
        f'<th data-column="{html.escape(column)}"{_class(column, numeric)}>{html.escape(t(f"columns.{column}"))}</th>'
        for column in columns
    )
    # Where each row has a unit of its own, its numbers have nothing in common with those above.
    alike = numeric if "unit" not in columns else ()
    places = {column: _places([row.get(column) for row in rows]) for column in alike}
    lines = "".join(
        "<tr>"
        + "".join(
            f"<td{_class(each, numeric, row.get(each))}>{html.escape(cell(t, row.get(each), places.get(each)))}</td>"
            for each in columns
        )
        + "</tr>"
        for row in rows
    )
    tall = " tall" if len(rows) > _TALL else ""
    st.html(
        f'<div class="figures-frame{tall}"><table class="figures" data-table="{html.escape(name)}">'
        f"<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def cell(t: Language, value: object, places: int | None = None) -> str:
    """A value as it stands in a table: numbers with so many decimals, or with those they were rounded to."""
    match value:
        case None:
            return ""
        case bool() | str():
            return str(value)
        case int() | float():
            return t.number(value, f",.{_decimals(value) if places is None else places}f")
        case datetime():
            return t.number(value, "second")
        case date():
            return t.number(value, "date")
    return str(value)


def _places(values: Sequence[object]) -> int | None:
    """The decimals of a whole column; None where its numbers are of too different kinds to be written alike."""
    most = max(_decimals(value) for value in values if isinstance(value, int | float))
    return most if most <= _MOST_PLACES else None


def _decimals(value: float) -> int:
    text = f"{value:.10f}".rstrip("0")
    return len(text.partition(".")[2])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _class(column: str, numeric: set[str], value: object = None) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return ' class="d"'
    return ' class="n"' if column in numeric else ' class="code"' if column in _CODE else ""


def chart(t: Language, draw: Callable[_P, go.Figure], *args: _P.args, **kwargs: _P.kwargs) -> None:
    """Show what a function of `charts` draws, drawn once for all viewers as long as its values are the same.

    Its tools appear nowhere: they would cover the names of what is drawn.
    """
    drawn = _drawn(draw.__name__, pickle.dumps((args, kwargs)), t.code, lambda: draw(*args, **kwargs))
    st.plotly_chart(drawn, width="stretch", config={"displayModeBar": False})


@st.cache_resource(max_entries=200, show_spinner=False)
def _drawn(name: str, values: bytes, code: str, _draw: Callable[[], go.Figure]) -> go.Figure:
    return charts.localised(_draw(), language.of(code))


def keep(name: str, rows: Rows) -> None:
    """Put rows among the figures that can be downloaded without showing them."""
    st.session_state.setdefault(_TABLES, {})[name] = rows


def as_csv(tables: Mapping[str, Rows]) -> str:
    """Every figure on a line of its own: table, row, column, value. The same in every language, for programs."""
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(("table", "row", "column", "value"))
    for name, rows in tables.items():
        for number, row in enumerate(rows, 1):
            lines.writerows((name, number, column, value) for column, value in row.items() if value is not None)
    return written.getvalue()


def moment(text: str | None) -> datetime | None:
    """A moment of the warehouse, ISO 8601 in UTC."""
    return None if text is None else datetime.fromisoformat(text)


def state_of(t: Language, answer: Answer) -> bool:
    """Say so where the warehouse did not answer, and how old the figures are. Returns whether there are figures."""
    if answer.error is None:
        return True
    reason = answer.error.splitlines()[0]
    if answer.at is None:
        st.warning(t("frame.never_answered", reason=t.said(reason)))
        return False
    old = t.said(age(answer.at, datetime.now(UTC)))
    st.warning(t("frame.last_known", reason=t.said(reason), age=old, at=answer.at))
    return True


def source(t: Language, answer: Answer, text: str) -> None:
    """The line beneath figures: where they come from and of when they are."""
    if answer.at is not None:
        st.caption(t("frame.source", source=text, at=answer.at))
