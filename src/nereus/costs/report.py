"""A comparison of costs, and the prices behind it, as tables for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nereus.cases import Case
from nereus.costs.amount import STALE_AFTER_DAYS, Confidence, Origin
from nereus.costs.compare import Comparison
from nereus.costs.options import Option
from nereus.costs.prices import Price, Prices

Cases = Mapping[Case, Comparison]


def cost_tables(cases: Cases, today: date) -> Iterator[RenderableType]:
    """Totals, causes, break-even, what is cheaper, and how good the prices are."""
    yield _totals(cases)
    yield _causes(cases[Case.TYPICAL])
    yield _break_even(cases)
    yield _verdicts(cases)
    yield provenance(cases, today)


def _titled(title: str, table: Table, note: str = "") -> Group:
    """A title of its own width: rich would break it at the table's."""
    return Group(Text(title, style="bold"), table, *([Text(note, style="dim")] if note else []))


def _totals(cases: Cases) -> Group:
    typical = cases[Case.TYPICAL]
    table = Table(box=None)
    for heading in ("", "bought", "runs, year 1", "a year", "total", "low to high", "the move"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=bool(heading))
    for name, option in typical.options.items():
        low, high = (cases[case].options[name].total.to("EUR") for case in (Case.LOW, Case.HIGH))
        table.add_row(
            option.what,
            f"{option.capex.to('EUR'):,.0f}",
            f"{option.first_year_running.to('EUR'):,.0f}",
            f"{option.per_year.to('EUR/year'):,.0f}",
            f"[bold]{option.total.to('EUR'):,.0f}[/]",
            f"{low:,.0f} to {high:,.0f}",
            f"{option.one_off.to('EUR'):,.0f}",
        )
    title = f"What it costs over {typical.years} years: EUR without VAT, nominal, typical case"
    return _titled(title, table, "What is bought counts by the share of its life that is used up; the move is apart.")


def _causes(comparison: Comparison) -> Group:
    options: Iterable[Option] = comparison.options.values()
    table = Table(box=None)
    table.add_column("")
    for option in options:
        table.add_column(option.name, justify="right")
    names = dict.fromkeys(cause.name for option in options for cause in option.causes)
    for name in names:
        cells = []
        for option in options:
            cause = option.cause(name)
            cells.append(f"{cause.total.to('EUR') / option.years:,.0f}" if cause else "[dim]-[/]")
        table.add_row(name, *cells)
    return _titled("Where the money goes: EUR a year on average, typical case", table)


def _break_even(cases: Cases) -> Group:
    table = Table(box=None)
    table.add_column("typical (low to high)")
    for heading in ("all counted", "credits alone", "credits alone, no people"):
        table.add_column(heading, justify="right")
    for name in cases[Case.TYPICAL].break_even:
        cells = []
        for kind in ("all_in", "with_labour", "without_labour"):
            low, typical, high = (getattr(cases[case].break_even[name], kind).value for case in Case)
            cells.append(f"[bold]{typical:,.0f}[/] ({low:,.0f} to {high:,.0f})")
        table.add_row(name, *cells)
    note = (
        "All counted: Snowflake's storage, serverless features and people too, and the move. Credits alone: what the "
        "alternative costs a year, with or without its people, divided by the price of a credit."
    )
    return _titled("Break-even: the credits a month below which Snowflake is cheaper", table, note)


def _verdicts(cases: Cases) -> Group:
    table = Table(box=None, show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for case, comparison in cases.items():
        table.add_row(case.value, comparison.verdict())
    return _titled("What follows", table)


def provenance(cases: Cases, today: date) -> Text:
    """How many prices stand behind the totals, which are assumed, own or old."""
    origins = sorted({origin for comparison in cases.values() for origin in comparison.origins})
    dates = [origin.seen_on for origin in origins if origin.seen_on]
    lines = [f"{len(origins)} prices stand behind these figures, of {today.isoformat()}."]
    if dates:
        lines[0] += f" The oldest was seen on {min(dates).isoformat()}."
    for what, chosen in (
        ("from platform.yaml", [each for each in origins if each.confidence is Confidence.DECLARED]),
        ("assumed, no source found", [each for each in origins if each.confidence is Confidence.ASSUMPTION]),
        (f"seen more than {STALE_AFTER_DAYS} days ago", [each for each in origins if each.stale(today)]),
    ):
        if chosen:
            lines.append(f"  {len(chosen)} {what}: {_names(chosen)}.")
    lines.append("  List them with their sources: nereus plan --prices. Replace one: prices: in platform.yaml.")
    return Text("\n".join(lines), style="dim", overflow="fold")


def _names(origins: Iterable[Origin]) -> str:
    return ", ".join(origin.name for origin in origins)


def price_list(prices: Prices, today: date) -> Text:
    """Every price with its unit, values, date and confidence; what it is and its source stand before the first."""
    lines = Text(overflow="fold")
    lines.append(f"Prices without VAT, {today.isoformat()}; ! was seen more than {STALE_AFTER_DAYS} days ago\n", "bold")
    lines.append(f"{'name':<53}{'low':>9}{'typical':>9}{'high':>9}  seen on\n", "bold")
    before = None
    for price in prices:
        unit = "a ratio" if price.unit == "1" else price.unit
        about = f"{price.what}: {unit} [{price.confidence.value}: {price.source}]"
        if about != before:
            lines.append(f"\n{about}\n", "dim")
        before = about
        values = "".join(f"{each:>9g}" for each in (price.low, price.typical, price.high))
        lines.append(f"{price.name:<53}{values}  {_seen(price, today)}\n")
    return lines


def _seen(price: Price, today: date) -> str:
    if price.seen_on is None:
        return "undated"
    return f"{price.seen_on.isoformat()}{' !' if price.origin.stale(today) else ''}"
