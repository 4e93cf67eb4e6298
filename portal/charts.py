"""Plotly figures. Colours are Okabe and Ito's, which the colour-blind can tell apart; lines differ in dash too.

Every text comes from the page: axes, units and series are named by it in its language.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import plotly.graph_objects as go

from nereus.insight.language import Language

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#777777"
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, "#56B4E9", "#D55E00", "#F0E442", "#332288", "#882255", "#DDCC77", GREY)
#: Bars differ in pattern too, for paper without colours.
PATTERNS = ("", "/", "x", ".", "\\", "-", "|", "+", "", "/", "x")
DASHES = ("solid", "dash", "dot", "dashdot")
_LEAST_SPAN = timedelta(hours=12)
#: Letters of a line at an axis: with more of them a narrow screen has no room for the bars.
_SHORT_LINE, _LONG_LINE = 24, 32
#: Room in pixels for numbers and a title beside an axis, for one row of a legend, for one more line of dates. A figure
#: that has it is not drawn once more: else Plotly measures its texts, makes room and draws it all again.
_LEFT, _BELOW, _LEGEND, _NO_LEGEND, _LINE = 80, 65, 50, 30, 15
#: What a letter of an axis' names is wide at most, on average (pixels).
_LETTER = 6


def band(
    years: Sequence[int],
    series: Mapping[str, Mapping[str, Sequence[float]]],
    unit: str,
    limits: Mapping[str, float],
    axis: str,
) -> go.Figure:
    """Values by year: a typical line within a low-high band for each series, and horizontal limits.

    Args:
        series: name -> {"low", "typical", "high"} -> one value per year, all in `unit`.
        limits: name -> value in `unit`.
        axis: what the years are called.
    """
    figure = _empty()
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
            hovertemplate=f"%{{y:,.2f}} {unit}<extra>{name}</extra>",
        )
    _limits(figure, limits)
    figure.update_xaxes(title=axis, dtick=1)
    figure.update_yaxes(title=unit, rangemode="tozero")
    return _styled(figure)


def by_hour(
    series: Mapping[str, Sequence[tuple[datetime, float]]], unit: str, limits: Mapping[str, float], axis: str
) -> go.Figure:
    """Lines over time, (moment, value in `unit`) each, and horizontal limits."""
    figure = _empty()
    for number, (name, points) in enumerate(series.items()):
        figure.add_scatter(
            x=[moment for moment, _ in points],
            y=[value for _, value in points],
            name=name,
            mode="lines+markers",
            line={"color": PALETTE[number % len(PALETTE)], "dash": DASHES[number % len(DASHES)], "width": 3},
            hovertemplate=f"%{{y:.3f}} {unit}<extra>{name}</extra>",
        )
    _limits(figure, limits)
    moments = [moment for points in series.values() for moment, _ in points]
    figure.update_xaxes(title=axis, type="date")
    if moments and max(moments) - min(moments) < _LEAST_SPAN:
        # One hour alone would be drawn on an axis of milliseconds.
        figure.update_xaxes(range=[max(moments) - _LEAST_SPAN, max(moments) + timedelta(hours=1)])
    figure.update_yaxes(title=unit, rangemode="tozero")
    return _styled(figure)


def against(
    series: Mapping[str, Sequence[tuple[float, float]]], unit: str, limits: Mapping[str, float], axis: str
) -> go.Figure:
    """Lines of (x, value in `unit`); `axis` names x, whole numbers."""
    figure = _empty()
    for number, (name, points) in enumerate(series.items()):
        figure.add_scatter(
            x=[x for x, _ in points],
            y=[value for _, value in points],
            name=name,
            mode="lines+markers",
            line={"color": PALETTE[number % len(PALETTE)], "dash": DASHES[number % len(DASHES)], "width": 3},
            hovertemplate=f"%{{y:,.0f}} {unit}<extra>{name}</extra>",
        )
    _limits(figure, limits)
    figure.update_xaxes(title=axis, rangemode="tozero", tickformat=",.0f")
    figure.update_yaxes(title=unit, rangemode="tozero")
    return _styled(figure)


def history(moments: Sequence[str], counts: Mapping[str, Sequence[int]], unit: str, axis: str) -> go.Figure:
    """One bar per moment, stacked by the names of `counts`; the last name is drawn in the colour of an alarm."""
    figure = _empty()
    colours = (*(BLUE, GREY, GREEN)[: len(counts) - 1], ORANGE)
    for (name, values), colour in zip(counts.items(), colours, strict=False):
        figure.add_bar(
            x=list(moments),
            y=values,
            name=name,
            marker_color=colour,
            hovertemplate=f"%{{y}} {unit}<extra>{name}</extra>",
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title=axis, type="category")
    figure.update_yaxes(title=unit, rangemode="tozero")
    return _styled(figure)


def stacked(
    options: Sequence[str],
    causes: Mapping[str, Sequence[float]],
    unit: str,
    ranges: tuple[str, Sequence[tuple[float, float]]] | None = None,
) -> go.Figure:
    """One bar per option, stacked by cause; `causes` gives a value per option in `unit`.

    Args:
        ranges: what the low to high line is called, and low and high of each option's total.
    """
    figure = _empty()
    names = [_lines(option) for option in options]
    for number, (cause, values) in enumerate(causes.items()):
        figure.add_bar(
            x=values,
            y=names,
            name=cause,
            orientation="h",
            marker={"color": PALETTE[number % len(PALETTE)], "pattern": _pattern(number)},
            hovertemplate=f"%{{x:,.0f}} {unit}<extra>{cause}</extra>",
        )
    if ranges is not None:
        title, ends = ranges
        # One trace with a gap after each line: every trace costs a browser time.
        figure.add_scatter(
            x=[value for low, high in ends for value in (low, high, None)],
            y=[name for name in names for _ in range(3)],
            name=title,
            mode="lines+markers",
            line={"color": GREY, "width": 2},
            marker={"symbol": "line-ns-open", "size": 14, "color": GREY},
            hovertemplate=f"%{{x:,.0f}} {unit}<extra>{title}</extra>",
        )
    figure.update_layout(barmode="stack", hovermode="closest")
    figure.update_xaxes(title=unit, tickformat=",.0f", rangemode="tozero")
    figure.update_yaxes(autorange="reversed")
    return _styled(figure, hover="closest", height=160 + 70 * len(options), names=names)


def grouped(names: Sequence[str], series: Mapping[str, Sequence[float | None]], unit: str, axis: str) -> go.Figure:
    """Bars side by side: for each name one value per series, in `unit`; None leaves a gap."""
    figure = _empty()
    for number, (name, values) in enumerate(series.items()):
        figure.add_bar(
            x=list(names),
            y=values,
            name=name,
            marker={"color": PALETTE[number % len(PALETTE)], "pattern": _pattern(number)},
            hovertemplate=f"%{{y:,.1f}} {unit}<extra>{name}</extra>",
        )
    figure.update_layout(barmode="group")
    figure.update_xaxes(title=axis, type="category")
    figure.update_yaxes(title=unit, rangemode="tozero")
    return _styled(figure)


def beside(names: Sequence[str], series: Mapping[str, Sequence[float]], unit: str) -> go.Figure:
    """Bars that lie beside each other, one group per name: for names that are too long for an axis below."""
    figure = _empty()
    names = [_lines(name, _LONG_LINE) for name in names]
    for number, (name, values) in enumerate(series.items()):
        figure.add_bar(
            x=values,
            y=names,
            name=name,
            orientation="h",
            marker={"color": PALETTE[number % len(PALETTE)], "pattern": _pattern(number)},
            hovertemplate=f"%{{x:,.2f}} {unit}<extra>{name}</extra>",
        )
    figure.update_layout(barmode="group")
    figure.update_xaxes(title=unit, rangemode="tozero")
    figure.update_yaxes(autorange="reversed")
    return _styled(figure, hover="closest", height=140 + 38 * len(names), names=names)


def tornado(bars: Sequence[tuple[str, float, float]], middle: float, unit: str, at_low: str, at_high: str) -> go.Figure:
    """What an outcome becomes as one input after the other goes from low to high; the widest bar is on top.

    Args:
        bars: (input, outcome at its low value, outcome at its high value) in `unit`.
        middle: the outcome with every input at its typical value.
    """
    figure = _empty()
    names = [_lines(name, _LONG_LINE) for name, _, _ in bars]
    ends = ([low for _, low, _ in bars], [high for _, _, high in bars])
    for title, values, colour, number in ((at_low, ends[0], BLUE, 0), (at_high, ends[1], ORANGE, 1)):
        figure.add_bar(
            x=[value - middle for value in values],
            y=names,
            base=[middle] * len(bars),
            name=title,
            orientation="h",
            marker={"color": colour, "pattern": _pattern(number)},
            customdata=values,
            hovertemplate=f"%{{customdata:,.0f}} {unit}<extra>{title}</extra>",
        )
    figure.add_vline(x=middle, line={"color": GREY, "width": 1})
    figure.update_layout(barmode="overlay", bargap=0.3)
    figure.update_xaxes(title=unit, tickformat=",.0f")
    figure.update_yaxes(autorange="reversed")
    return _styled(figure, hover="closest", height=140 + 52 * len(bars), names=names)


def localised(figure: go.Figure, t: Language) -> go.Figure:
    """The same figure with numbers and dates in the form of a language."""
    figure.update_layout(separators=t("formats.decimal") + t("formats.thousands"))
    if figure.layout.xaxis.type == "date":
        figure.update_xaxes(tickformat=f"%H:%M\n{t('formats.date')}", hoverformat=t("formats.minute"))
        figure.update_layout(margin_b=_BELOW + _LINE)
    return figure


def _lines(name: str, width: int = _SHORT_LINE) -> str:
    """Long names in one line would leave a narrow screen no room for the bars."""
    return "<br>".join(textwrap.wrap(name, width))


def _pattern(number: int) -> dict[str, object]:
    shape = PATTERNS[number % len(PATTERNS)]
    return {"shape": shape, "size": 8, "solidity": 0.15, "fillmode": "overlay", "fgcolor": "rgba(255,255,255,0.7)"}


def _limits(figure: go.Figure, limits: Mapping[str, float]) -> None:
    for name, value in limits.items():
        figure.add_hline(y=value, line={"color": GREY, "dash": "dash"}, annotation_text=name)


def _empty() -> go.Figure:
    # Each colour is named here, and the page's theme adds fonts and grids: the usual template would only be carried.
    return go.Figure(layout_template="none")


def _styled(figure: go.Figure, *, hover: str | None = None, height: int = 360, names: Sequence[str] = ()) -> go.Figure:
    """`names` stand at the vertical axis, their lines parted by <br>; without any, numbers do."""
    unified = "x unified" if figure.data and figure.data[0].type == "scatter" else "closest"
    longest = max((len(line) for name in names for line in name.split("<br>")), default=0)
    # Plotly shows a legend as soon as there are two traces, the edges of a band included.
    above = _LEGEND if len(figure.data) > 1 else _NO_LEGEND
    figure.update_layout(
        margin={"l": _LINE + _LETTER * longest if names else _LEFT, "r": 10, "t": above, "b": _BELOW},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "traceorder": "normal"},
        hovermode=hover or unified,
        height=height,
    )
    return figure


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.15)"
