"""Charts of the board's report, drawn as vectors. Colours differ in lightness, so that grey paper keeps them apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from reportlab.graphics.charts.barcharts import HorizontalBarChart
from reportlab.graphics.charts.legends import Legend
from reportlab.graphics.charts.lineplots import LinePlot
from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.lib.colors import Color, HexColor

WIDTH = 480
FONT, SIZE = "Helvetica", 8
BLUE, ORANGE, GREY = HexColor("#0072B2"), HexColor("#E69F00"), HexColor("#777777")
COLOURS: tuple[Color, ...] = (
    *(BLUE, ORANGE, HexColor("#009E73"), HexColor("#CC79A7"), HexColor("#56B4E9"), HexColor("#D55E00")),
    *(HexColor("#F0E442"), HexColor("#332288"), HexColor("#882255"), HexColor("#DDCC77")),
)
Shown = Callable[[float], str]


def stacked(names: Sequence[str], causes: Mapping[str, Sequence[float]], shown: Shown) -> Drawing:
    """Horizontal bars, one per name, stacked by cause; the first name on top."""
    height = 70 + 34 * len(names)
    drawing = Drawing(WIDTH, height)
    chart = HorizontalBarChart()
    chart.x, chart.y, chart.width, chart.height = 150, 50, WIDTH - 170, height - 60
    chart.data = [tuple(reversed(values)) for values in causes.values()]
    chart.categoryAxis.categoryNames = [_short(name) for name in reversed(names)]
    chart.categoryAxis.style = "stacked"
    chart.barSpacing, chart.groupSpacing = 0, 12
    _axis(chart.valueAxis, shown)
    chart.categoryAxis.labels.fontName, chart.categoryAxis.labels.fontSize = FONT, SIZE
    for number in range(len(causes)):
        chart.bars[number].fillColor = COLOURS[number % len(COLOURS)]
        chart.bars[number].strokeColor = None
    drawing.add(chart)
    drawing.add(_legend(list(causes), 150, rows=2))
    return drawing


def tornado(bars: Sequence[tuple[str, float, float]], middle: float, shown: Shown, ends: tuple[str, str]) -> Drawing:
    """Bars from the middle to what an outcome becomes at the low and the high end of an input."""
    height, left = 60 + 18 * len(bars), 260
    drawing = Drawing(WIDTH, height)
    values = [value for _, low, high in bars for value in (low, high)] + [middle]
    least, most = min(values), max(values)
    scale = (WIDTH - left - 20) / ((most - least) or 1)

    def place(value: float) -> float:
        return left + (value - least) * scale

    for number, (name, low, high) in enumerate(bars):
        y = height - 18 * (number + 1)
        drawing.add(String(left - 8, y + 3, name[:62], fontName=FONT, fontSize=SIZE - 1, textAnchor="end"))
        for value, colour in ((low, BLUE), (high, ORANGE)):
            start, end = sorted((place(middle), place(value)))
            drawing.add(Rect(start, y, max(end - start, 0.5), 11, fillColor=colour, strokeColor=None))
    drawing.add(Line(place(middle), 42, place(middle), height, strokeColor=GREY))
    for value, anchor in ((least, "start"), (most, "end")):
        drawing.add(String(place(value), 31, shown(value), fontName=FONT, fontSize=SIZE, textAnchor=anchor))
    if least < 0 < most:
        drawing.add(Line(place(0), 42, place(0), height, strokeColor=GREY, strokeDashArray=(2, 2)))
    drawing.add(_legend(list(ends), left, (BLUE, ORANGE)))
    return drawing


def lines(
    years: Sequence[int], series: Mapping[str, Sequence[float]], limits: Mapping[str, float], shown: Shown
) -> Drawing:
    """Values by year, and horizontal limits."""
    height = 210
    drawing = Drawing(WIDTH, height)
    chart = LinePlot()
    chart.x, chart.y, chart.width, chart.height = 50, 50, WIDTH - 70, height - 65
    everything = {**series, **{name: [value] * len(years) for name, value in limits.items()}}
    chart.data = [list(zip(years, values, strict=True)) for values in everything.values()]
    colours = [*COLOURS[: len(series)], *[GREY] * len(limits)]
    for number, colour in enumerate(colours):
        chart.lines[number].strokeColor, chart.lines[number].strokeWidth = colour, 2
        if number >= len(series):
            chart.lines[number].strokeDashArray = (4, 2 + 3 * (number - len(series)))
    chart.xValueAxis.valueSteps = list(years)
    chart.xValueAxis.labels.fontName, chart.xValueAxis.labels.fontSize = FONT, SIZE
    _axis(chart.yValueAxis, shown)
    drawing.add(chart)
    drawing.add(_legend(list(everything), 50, colours))
    return drawing


def _axis(axis: object, shown: Shown) -> None:
    axis.valueMin = 0  # type: ignore[attr-defined]
    axis.labelTextFormat = shown  # type: ignore[attr-defined]
    axis.labels.fontName, axis.labels.fontSize = FONT, SIZE  # type: ignore[attr-defined]
    axis.maximumTicks = 6  # type: ignore[attr-defined]


def _legend(names: Sequence[str], x: float, colours: Sequence[Color] = COLOURS, rows: int = 1) -> Legend:
    legend = Legend()
    legend.x, legend.y = x, 12 * rows
    legend.alignment, legend.boxAnchor = "right", "w"
    legend.columnMaximum, legend.deltax, legend.dxTextSpace = rows, 62, 4
    legend.autoXPadding = 8
    legend.variColumn = True
    legend.fontName, legend.fontSize, legend.dx, legend.dy = FONT, SIZE, 7, 7
    legend.strokeColor = None
    legend.colorNamePairs = [(colours[number % len(colours)], name) for number, name in enumerate(names)]
    return legend


def _short(name: str) -> str:
    """A name in two lines at the most."""
    words, lines_ = name.split(), [""]
    for word in words:
        if len(lines_[-1]) + len(word) > 30 and len(lines_) < 2:
            lines_.append("")
        lines_[-1] = f"{lines_[-1]} {word}".strip()
    return "\n".join(lines_)
