"""A plan as tables for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from nereus.cases import Case
from nereus.sizing import Figure, Plan, Year
from nereus.sizing.constants import SEARCH_YEARS
from nereus.sizing.year import COMPUTED, YOURS

#: Figure -> how it is called, in the order it is shown.
LABELS = {
    "raw_tb": "raw data",
    "stored_tb": "stored, one copy",
    "hot_disk_tb": "hot disk",
    "views_tb": "materialised views",
    "file_cache_tb": "file cache",
    "nvme_tb": "NVMe in total",
    "cold_stored_tb": "cold data",
    "cold_disk_tb": "cold disk (object store)",
    "dashboard_cores": "cores for dashboards",
    "science_cores": "cores for scientists",
    "cores": "cores in total",
    "memory_gb": "memory",
    "nodes": "machines",
    "frontends": "frontends (FE)",
    "backends": "backends (BE)",
    "buckets_per_partition": "buckets per partition",
}
COLUMNS = 6


class _Sources:
    """Numbered footnotes: a source is printed once, however many numbers rest on it."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def cite(self, reason: str, source: str) -> Text:
        """The reason followed by its footnote; what the user declared, and sums, need none."""
        if source in {YOURS, COMPUTED}:
            return Text(reason)
        return Text(reason) + Text(f" [{self._known.setdefault(source, len(self._known) + 1)}]", style="dim")

    def listed(self) -> Table:
        table = Table(box=None, show_header=False, style="dim", padding=(0, 1, 0, 0))
        table.add_column(justify="right", no_wrap=True)
        table.add_column()
        for source, mark in self._known.items():
            table.add_row(f"[{mark}]", Text(source))
        return table


def plan_tables(plan: Plan, first_year: int) -> Iterator[RenderableType]:
    """Years, reasons, limits, sources and warnings. `first_year` is the calendar year of year 0."""
    sources = _Sources()
    yield _years(plan, first_year)
    yield _reasons(plan, sources)
    yield _limits(plan, first_year, sources)
    yield sources.listed()
    for warning in plan.warnings:
        yield Text.from_markup(f"[yellow]![/] {escape(warning)}", overflow="fold")


def _shown_years(horizon: int) -> list[int]:
    """All years of a short horizon; of a long one the first, the last and some between."""
    if horizon < COLUMNS:
        return list(range(horizon + 1))
    return sorted({round(horizon * step / (COLUMNS - 1)) for step in range(COLUMNS)})


def number(figure: Figure) -> str:
    """The value with the digits its size deserves."""
    if figure.unit == "TB":
        return f"{figure.value:,.2f}" if figure.value < 100 else f"{figure.value:,.0f}"
    return f"{figure.value:,.0f}" if figure.value == int(figure.value) else f"{figure.value:,.1f}"


def _titled(title: str, table: Table) -> Group:
    """A title of its own width: rich would break it at the table's."""
    return Group(Text(title, style="bold"), table)


def _years(plan: Plan, first_year: int) -> Group:
    horizon = plan.requirements.horizon_years
    table = Table(box=None)
    table.add_column("")
    table.add_column("unit", style="dim")
    for year in _shown_years(horizon):
        table.add_column(str(first_year + year), justify="right")
    table.add_column(f"{first_year + horizon}, low to high", justify="right", style="dim")
    shown = [plan.at(year) for year in _shown_years(horizon)]
    ends = plan.at(horizon, Case.LOW), plan.at(horizon, Case.HIGH)
    for name, label in LABELS.items():
        unit = getattr(shown[0], name).unit
        low, high = (number(getattr(each, name)) for each in ends)
        spread = low if low == high else f"{low} to {high}"
        table.add_row(label, _unit(unit), *(number(getattr(each, name)) for each in shown), spread)
    return _titled("What each year needs, typical case", table)


def _unit(unit: str) -> str:
    return unit if unit in {"TB", "GB"} else ""


def _reasons(plan: Plan, sources: _Sources) -> Group:
    year: Year = plan.last
    table = Table(box=None, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for name, label in LABELS.items():
        figure: Figure = getattr(year, name)
        value = f"{number(figure)} {_unit(figure.unit)}".strip()
        table.add_row(label, value, sources.cite(figure.reason, figure.source))
    return _titled(f"Why: year {year.year}, typical case", table)


def _limits(plan: Plan, first_year: int, sources: _Sources) -> Group:
    table = Table(box=None)
    table.add_column("first reached", no_wrap=True)
    for case in Case:
        table.add_column(case.value, justify="right", no_wrap=True)
    table.add_column("used today", justify="right", no_wrap=True)
    table.add_column("limit")
    for low, typical, high in zip(*(plan.limits[case] for case in Case), strict=True):
        years = (_when(each.first_year, first_year) for each in (low, typical, high))
        table.add_row(typical.name, *years, f"{typical.now:.0%}", sources.cite(typical.reason, typical.source))
    return _titled(f"When {count(plan.nodes.value, 'machine')} no longer suffice ({plan.nodes.reason})", table)


def count(number: float, noun: str) -> str:
    """`1 machine`, `3 machines`."""
    return f"{number:g} {noun}" if number == 1 else f"{number:g} {noun}s"


def _when(year: int | None, first_year: int) -> str:
    if year is None:
        return f"after {first_year + SEARCH_YEARS}"
    return "[red]today[/]" if year == 0 else str(first_year + year)
