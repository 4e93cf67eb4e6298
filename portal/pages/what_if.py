"""Other growth, machines, people or prices: what they need and cost beside what is declared."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

import charts
import frame
from nereus.config import Platform
from nereus.costs.options import Option
from nereus.costs.prices import packaged
from nereus.errors import BadInput
from nereus.insight import what_if
from nereus.insight.what_if import Effect, Scenario
from state import Deployment


@dataclass(frozen=True)
class _Lever:
    """One value that can be moved. `key` stands in the address of the page, `path` in platform.yaml."""

    key: str
    path: str
    title: str
    least: float
    most: float
    step: float


_DATA = (
    _Lever("raw", "data.raw_tb", "Raw data today (TB)", 0.05, 50.0, 0.05),
    _Lever("growth", "data.growth_per_year", "Growth a year (fraction)", 0.0, 1.0, 0.01),
    _Lever("hot", "data.hot_months", "Months kept hot", 1, 120, 1),
    _Lever("replicas", "data.replicas", "Replicas", 1, 5, 1),
)
_PEOPLE = (
    _Lever("analysts", "users.analysts", "Analysts", 0, 500, 1),
    _Lever("scientists", "users.scientists", "Data scientists", 0, 100, 1),
    _Lever("managers", "users.managers", "Managers", 0, 200, 1),
    _Lever("promise", "promise.dashboard_average_s", "Promised average (s)", 0.1, 10.0, 0.1),
)
_PRICES = ("electricity", "node", "operations", "salary", "nvme", "hdd")


def show(found: Deployment) -> None:
    st.caption("Move a value: capacity and cost follow at once. The address of this page holds what you chose.")
    declared = found.platform
    text = found.config.read_text("utf-8")
    chosen: dict[str, object] = {}
    for column, levers in zip(st.columns(2), (_DATA, _PEOPLE), strict=True):
        with column:
            for lever in levers:
                _move(lever, declared, chosen)
    with st.expander("Prices"):
        columns = st.columns(3)
        for number, name in enumerate((*_PRICES, _credit(declared))):
            with columns[number % 3]:
                _price(name, declared, chosen)
    before = _scenario(text)
    changed = what_if.changed(text, chosen) if chosen else text
    try:
        after = _scenario(changed)
    except BadInput as error:
        st.error(str(error))
        return
    _effects(found, before, after, chosen)
    st.download_button(
        "The changed platform.yaml",
        changed,
        file_name=what_if.file_name(found.today),
        mime="application/yaml",
        icon=":material/download:",
        on_click="ignore",
        disabled=not chosen,
    )


def _move(lever: _Lever, declared: Platform, chosen: dict[str, object]) -> None:
    section, _, name = lever.path.partition(".")
    now = getattr(getattr(declared, section), name)
    kind = type(lever.least) if isinstance(lever.least, int) else float
    # What is declared may lie beyond what the slider offers.
    least, most = min(kind(lever.least), kind(now)), max(kind(lever.most), kind(now))
    value = st.slider(
        lever.title,
        least,
        most,
        kind(now),
        kind(lever.step),
        key=lever.key,
        bind="query-params",
        help=f"{lever.path} in platform.yaml, declared {now:g}",
    )
    if value != now:
        chosen[lever.path] = round(value, 6)


def _price(name: str, declared: Platform, chosen: dict[str, object]) -> None:
    price, now = packaged().by_name[name], what_if.price(declared, name)
    value = st.number_input(
        f"{price.what} ({price.unit})",
        min_value=0.0,
        value=float(now),
        key=f"price-{name.rpartition('.')[2]}",
        bind="query-params",
        help=f"prices.{name} in platform.yaml. Source: {price.source}, seen {price.seen_on}.",
    )
    if value != now:
        chosen[f"prices.{name}"] = value


def _credit(declared: Platform) -> str:
    return f"snowflake_credit.{declared.snowflake.region}.{declared.snowflake.edition}"


@st.cache_resource(max_entries=64, show_spinner=False)
def _scenario(text: str) -> Scenario:
    return what_if.scenario(text)


def _effects(found: Deployment, before: Scenario, after: Scenario, chosen: dict[str, object]) -> None:
    listed = what_if.effects(before, after)
    by_name = {each.name: each for each in listed}
    shown = ("machines", "NVMe in the last year", "cheapest alternative", "saved over the horizon, move included")
    for column, name in zip(st.columns(len(shown)), shown, strict=True):
        _metric(column, by_name[name])
    verdict = after.comparison
    (st.info if verdict.snowflake_is_cheaper else st.success)(verdict.verdict())
    frame.table(
        "effects",
        [
            {
                "figure": each.name,
                "unit": each.unit,
                "declared": _shown(each.before),
                "what if": _shown(each.after),
                "change": _shown(each.change),
            }
            for each in listed
        ],
    )
    bars = [
        (f"{option.what}, {which}", option)
        for which, scenario in (("declared", before), ("what if", after))
        for option in (scenario.comparison.snowflake, scenario.comparison.best_alternative)
    ]
    _costs(bars, after.comparison.years)
    moved = ", ".join(f"{path} = {value}" for path, value in chosen.items()) or "nothing was moved"
    st.caption(
        f"Typical case, nominal EUR without VAT, {found.today:%Y-%m-%d} UTC. Changed: {moved}. Source: platform.yaml, "
        "sizing and the prices of the page Cost."
    )


def _metric(column: st.delta_generator.DeltaGenerator, each: Effect) -> None:
    change = each.change
    column.metric(
        f"{each.name} ({each.unit})",
        _shown(each.after) or "none",
        None if not change else _shown(change),
        delta_color="normal" if each.name.startswith("saved") else "inverse",
        border=True,
    )


def _shown(value: float | None) -> str | None:
    if value is None:
        return None
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.2f}"


def _costs(bars: list[tuple[str, Option]], years: int) -> None:
    causes = list(dict.fromkeys(cause.name for _, option in bars for cause in option.causes))
    amounts = {
        name: [cause.total.to("EUR") if (cause := option.cause(name)) else 0.0 for _, option in bars] for name in causes
    }
    amounts["move"] = [option.one_off.to("EUR") for _, option in bars]
    frame.chart(charts.stacked([name for name, _ in bars], amounts, f"EUR over {years} years"))


frame.page("What if", show)
