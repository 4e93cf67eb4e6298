"""Plotly figures. Colours are Okabe and Ito's, which the colour-blind can tell apart; lines differ in dash too."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import plotly.graph_objects as go

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#777777"
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, "#56B4E9", "#D55E00", "#F0E442", "#332288", "#882255", "#DDCC77", GREY)
_LEAST_SPAN = timedelta(hours=12)
_LONGEST_LINE = 24
DASHES = ("solid", "dash", "dot", "dashdot")


def band(
    years: Sequence[int], series: Mapping[str, Mapping[str, Sequence[float]]], unit: str, limits: Mapping[str, float]
) -> go.Figure:
    """Values by year: a typical line within a low-high band for each series, and horizontal limits.

    Args:
        series: name -> {"low", "typical", "high"} -> one value per year, all in `unit`.
        limits: name -> value in `unit`.
    """
    figure = go.Figure()
    for number, (name, cases) in enumerate(series.items()):
        colour, dash = PALETTE[number % len(PALETTE)], DASHES[number % len(DASHES)]
        figure.add_scatter(x=years, y=cases["high"], mode="lines", line_width=0, showlegend=False, hoverinfo="skip")
        figure.add_scatter(
            x=years,
            y=cases["low"],
            mode="lines",
            line_width=0,
            fill="tonexty",
            fillcolor=_faint(colour),
            showlegend=False,
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=years,
            y=cases["typical"],
            name=name,
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 3},
            hovertemplate=f"%{{y:.2f}} {unit}<extra>{name}</extra>",
        )
    for name, value in limits.items():
        figure.add_hline(y=value, line={"color": GREY, "dash": "dash"}, annotation_text=name)
    figure.update_xaxes(title="years from now", dtick=1)
    figure.update_yaxes(title=unit, rangemode="tozero")
    return _styled(figure)


def by_hour(
    series: Mapping[str, Sequence[tuple[datetime, float]]], unit: str, limits: Mapping[str, float]
) -> go.Figure:
    """Lines over time, (moment, value in `unit`) each, and horizontal limits."""
    figure = go.Figure()
    for number, (name, points) in enumerate(series.items()):
        figure.add_scatter(
            x=[moment for moment, _ in points],
            y=[value for _, value in points],
            name=name,
            mode="lines+markers",
            line={"color": PALETTE[number % len(PALETTE)], "dash": DASHES[number % len(DASHES)], "width": 3},
            hovertemplate=f"%{{y:.3f}} {unit}<extra>{name}</extra>",
        )
    for name, value in limits.items():
        figure.add_hline(y=value, line={"color": GREY, "dash": "dash"}, annotation_text=name)
    moments = [moment for points in series.values() for moment, _ in points]
    figure.update_xaxes(title="hour, UTC", tickformat="%H:%M\n%Y-%m-%d")
    if moments and max(moments) - min(moments) < _LEAST_SPAN:
        # One hour alone would be drawn on an axis of milliseconds.
        figure.update_xaxes(range=[max(moments) - _LEAST_SPAN, max(moments) + timedelta(hours=1)])
    figure.update_yaxes(title=unit, rangemode="tozero")
    return _styled(figure)


def history(moments: Sequence[datetime], counts: Mapping[str, Sequence[int]], unit: str) -> go.Figure:
    """One bar per moment, stacked by the names of `counts`; the last name is drawn in the colour of an alarm."""
    figure = go.Figure()
    colours = (*(BLUE, GREY, GREEN)[: len(counts) - 1], ORANGE)
    shown = [f"{moment:%Y-%m-%d %H:%M:%S}" for moment in moments]
    for (name, values), colour in zip(counts.items(), colours, strict=False):
        figure.add_bar(
            x=shown,
            y=values,
            name=name,
            marker_color=colour,
            hovertemplate=f"%{{y}} {unit}<extra>{name}</extra>",
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="run, UTC", type="category")
    figure.update_yaxes(title=unit, rangemode="tozero")
    return _styled(figure)


def stacked(options: Sequence[str], causes: Mapping[str, Sequence[float]], unit: str) -> go.Figure:
    """One bar per option, stacked by cause; `causes` gives a value per option in `unit`."""
    figure = go.Figure()
    # Long names in one line would leave a narrow screen no room for the bars.
    names = ["<br>".join(textwrap.wrap(option, _LONGEST_LINE)) for option in options]
    for number, (cause, values) in enumerate(causes.items()):
        colour = PALETTE[number % len(PALETTE)]
        figure.add_bar(
            x=values,
            y=names,
            name=cause,
            orientation="h",
            marker_color=colour,
            hovertemplate=f"%{{x:,.0f}} {unit}<extra>{cause}</extra>",
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title=unit, tickformat=",.0f")
    figure.update_yaxes(autorange="reversed")
    return _styled(figure)


def _styled(figure: go.Figure) -> go.Figure:
    figure.update_layout(
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "traceorder": "normal"},
        hovermode="x unified" if figure.data and figure.data[0].type == "scatter" else "closest",
        height=360,
    )
    return figure


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.15)"
