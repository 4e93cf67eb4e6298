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
from nereus.insight.language import Language
from nereus.insight.what_if import Effect, Scenario
from state import Deployment


@dataclass(frozen=True)
class _Lever:
    """One value that can be moved. `key` stands in the address of the page, `path` in platform.yaml."""

    key: str
    path: str
    least: float
    most: float
    step: float


_DATA = (
    _Lever("raw", "data.raw_tb", 0.05, 50.0, 0.05),
    _Lever("growth", "data.growth_per_year", 0.0, 1.0, 0.01),
    _Lever("hot", "data.hot_months", 1, 120, 1),
    _Lever("replicas", "data.replicas", 1, 5, 1),
)
_PEOPLE = (
    _Lever("analysts", "users.analysts", 0, 500, 1),
    _Lever("scientists", "users.scientists", 0, 100, 1),
    _Lever("managers", "users.managers", 0, 200, 1),
    _Lever("promise", "promise.dashboard_average_s", 0.1, 10.0, 0.1),
)
_PRICES = ("electricity", "node", "operations", "salary", "nvme", "hdd")
_SHOWN = ("machines", "NVMe in the last year", "cheapest alternative", "saved over the horizon, move included")


def show(found: Deployment, t: Language) -> None:
    st.caption(t("what_if.about"))
    declared = found.platform
    text = found.config.read_text("utf-8")
    chosen: dict[str, object] = {}
    for column, levers in zip(st.columns(2), (_DATA, _PEOPLE), strict=True):
        with column:
            for lever in levers:
                _move(lever, declared, chosen, t)
    with st.expander(t("what_if.prices")):
        columns = st.columns(3)
        for number, name in enumerate((*_PRICES, _credit(declared))):
            with columns[number % 3]:
                _price(name, declared, chosen, t)
    changed = what_if.changed(text, chosen) if chosen else text
    try:
        _scenario(changed)
    except BadInput as error:
        st.error(str(error))
        return
    _effects(found, text, changed, chosen, t)
    st.download_button(
        t("what_if.download"),
        changed,
        file_name=what_if.file_name(found.today),
        mime="application/yaml",
        icon=":material/download:",
        on_click="ignore",
        disabled=not chosen,
    )


def _move(lever: _Lever, declared: Platform, chosen: dict[str, object], t: Language) -> None:
    section, _, name = lever.path.partition(".")
    now = getattr(getattr(declared, section), name)
    kind = type(lever.least) if isinstance(lever.least, int) else float
    # What is declared may lie beyond what the slider offers.
    least, most = min(kind(lever.least), kind(now)), max(kind(lever.most), kind(now))
    value = st.slider(
        t(f"what_if.{lever.key}"),
        least,
        most,
        kind(now),
        kind(lever.step),
        key=lever.key,
        bind="query-params",
        help=t("what_if.declared_as", path=lever.path, now=now),
    )
    if value != now:
        chosen[lever.path] = round(value, 6)


def _price(name: str, declared: Platform, chosen: dict[str, object], t: Language) -> None:
    price, now = packaged().by_name[name], what_if.price(declared, name)
    value = st.number_input(
        f"{t.said(price.what)} ({t.unit(price.unit)})",
        min_value=0.0,
        value=float(now),
        key=f"price-{name.rpartition('.')[2]}",
        bind="query-params",
        help=t("what_if.about_price", name=name, source=price.source, seen_on=price.seen_on),
    )
    if value != now:
        chosen[f"prices.{name}"] = value


def _credit(declared: Platform) -> str:
    return f"snowflake_credit.{declared.snowflake.region}.{declared.snowflake.edition}"


@st.cache_resource(max_entries=64, show_spinner=False)
def _scenario(text: str) -> Scenario:
    return what_if.scenario(text)


@st.cache_resource(max_entries=64, show_spinner=False)
def _compared(before: str, after: str) -> list[Effect]:
    return what_if.effects(_scenario(before), _scenario(after))


def _effects(found: Deployment, text: str, changed: str, chosen: dict[str, object], t: Language) -> None:
    before, after = _scenario(text), _scenario(changed)
    listed = _compared(text, changed)
    by_name = {each.name: each for each in listed}
    for column, name in zip(st.columns(len(_SHOWN)), _SHOWN, strict=True):
        _metric(column, by_name[name], t)
    verdict = after.comparison
    (st.info if verdict.snowflake_is_cheaper else st.success)(t.said(verdict.verdict()))
    frame.table(
        t,
        "effects",
        [
            {
                "figure": t.said(each.name),
                "unit": t.unit(each.unit),
                "declared": _rounded(each.before),
                "what_if": _rounded(each.after),
                "change": _rounded(each.change),
            }
            for each in listed
        ],
    )
    bars = [
        (f"{t.said(option.what)}, {t(f'columns.{which}')}", option)
        for which, scenario in (("declared", before), ("what_if", after))
        for option in (scenario.comparison.snowflake, scenario.comparison.best_alternative)
    ]
    _costs(bars, after.comparison.years, t)
    moved = ", ".join(f"{path} = {value}" for path, value in chosen.items()) or t("what_if.nothing")
    st.caption(t("what_if.source", moved=moved, today=found.today))


def _metric(column: st.delta_generator.DeltaGenerator, each: Effect, t: Language) -> None:
    change, name, unit = each.change, t.said(each.name), t.unit(each.unit)
    column.metric(
        name if name == unit else f"{name} ({unit})",
        frame.cell(t, _rounded(each.after)) or t("what_if.none"),
        None if not change else frame.cell(t, _rounded(change)),
        delta_color="normal" if each.name.startswith("saved") else "inverse",
        border=True,
    )


def _rounded(value: float | None) -> float | None:
    if value is None:
        return None
    return round(value) if abs(value) >= 100 or value == int(value) else round(value, 2)


def _costs(bars: list[tuple[str, Option]], years: int, t: Language) -> None:
    causes = list(dict.fromkeys(cause.name for _, option in bars for cause in option.causes))
    amounts = {
        t.said(name): [cause.total.to("EUR") if (cause := option.cause(name)) else 0.0 for _, option in bars]
        for name in causes
    }
    amounts[t.said("move")] = [option.one_off.to("EUR") for _, option in bars]
    frame.chart(t, charts.stacked, [name for name, _ in bars], amounts, t("cost.unit", years=years))


frame.page("what_if", show)
