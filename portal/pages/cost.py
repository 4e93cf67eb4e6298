"""What Snowflake costs, what the alternatives cost, what matters most, and from which prices."""

from __future__ import annotations

import streamlit as st

import charts
import frame
from nereus.cases import Case
from nereus.costs.amount import Origin
from nereus.costs.compare import Comparison
from nereus.costs.prices import packaged
from nereus.insight.language import Language
from nereus.insight.sensitivity import CONSUMPTION_SPREAD, Swing
from state import Deployment, elsewhere, sensitivity


def show(found: Deployment, t: Language) -> None:
    chosen = st.segmented_control(
        t("cost.case"),
        [case.value for case in Case],
        default=Case.TYPICAL.value,
        format_func=lambda name: t(f"cases.{name}"),
        key="case",
        bind="query-params",
    )
    case = Case(chosen or Case.TYPICAL.value)
    comparison = found.comparisons[case]
    (st.info if comparison.snowflake_is_cheaper else st.success)(t.said(comparison.verdict()))
    _by_cause(found, t, case)
    _break_even(found, t)
    _what_matters(found, t)
    _elsewhere(found, t)
    _prices(found, t, comparison)


def _by_cause(found: Deployment, t: Language, case: Case) -> None:
    comparison = found.comparisons[case]
    options = list(comparison.options.values())
    causes = list(dict.fromkeys(cause.name for option in options for cause in option.causes))
    amounts = {
        name: [cause.total.to("EUR") if (cause := option.cause(name)) else 0.0 for option in options] for name in causes
    }
    amounts["move"] = [option.one_off.to("EUR") for option in options]
    ends = [
        (
            found.comparisons[Case.LOW].options[name].total_with_move.to("EUR"),
            found.comparisons[Case.HIGH].options[name].total_with_move.to("EUR"),
        )
        for name in comparison.options
    ]
    unit = t("cost.unit", years=comparison.years)
    st.header(t("cost.by_cause"), anchor="causes", divider="gray")
    frame.chart(
        t,
        charts.stacked,
        [t.said(option.what) for option in options],
        {t.said(name): values for name, values in amounts.items()},
        unit,
        (t("cost.range"), ends),
    )
    frame.table(
        t,
        "totals",
        [
            {
                "option": t.said(option.what),
                "bought_eur": round(option.capex.to("EUR")),
                "year_eur": round(option.per_year.to("EUR/year")),
                "move_eur": round(option.one_off.to("EUR")),
                "total_eur": round(option.total_with_move.to("EUR")),
                "low_eur": round(low),
                "high_eur": round(high),
            }
            for option, (low, high) in zip(options, ends, strict=True)
        ],
    )
    frame.keep(
        "cost by cause",
        [
            {"option": option.what, "cause": name, "eur": round(values[place])}
            for place, option in enumerate(options)
            for name, values in amounts.items()
        ],
    )
    st.caption(
        t(
            "cost.about",
            case=t(f"cases.{case.value}"),
            credits=comparison.consumption.value,
            years=comparison.years,
            today=found.today,
        )
    )


def _break_even(found: Deployment, t: Language) -> None:
    st.header(t("cost.break_even"), anchor="break-even", divider="gray")
    typical = found.comparisons[Case.TYPICAL]
    frame.table(
        t,
        "break-even",
        [
            {
                "option": t.said(typical.options[name].what),
                "all_in_credits": round(typical.break_even[name].all_in.value),
                "all_in_low": round(found.comparisons[Case.LOW].break_even[name].all_in.value),
                "all_in_high": round(found.comparisons[Case.HIGH].break_even[name].all_in.value),
                "with_labour_credits": round(typical.break_even[name].with_labour.value),
                "without_labour_credits": round(typical.break_even[name].without_labour.value),
            }
            for name in typical.break_even
        ],
    )
    st.caption(t("cost.about_break_even", credits=typical.consumption.value, today=found.today))


def _what_matters(found: Deployment, t: Language) -> None:
    known = sensitivity(found)
    st.header(t("cost.matters"), anchor="matters", divider="gray")
    st.markdown(t("cost.matters_most", what=t.said(known.swings[0].what), saving=known.saving))
    bars = [(_input(t, swing), swing.at_low, swing.at_high) for swing in known.swings]
    unit = t("cost.saved_unit", years=found.comparisons[Case.TYPICAL].years)
    frame.chart(t, charts.tornado, bars, known.saving, unit, t("cost.at_low"), t("cost.at_high"))
    frame.keep(
        "what matters most",
        [
            {
                "input": swing.name,
                "unit": swing.unit,
                "low": swing.low,
                "high": swing.high,
                "saved_at_low_eur": round(swing.at_low),
                "saved_at_high_eur": round(swing.at_high),
            }
            for swing in known.swings
        ],
    )
    turning = [t.said(swing.what) for swing in known.swings if swing.turns]
    decides = t("cost.turning", inputs=", ".join(turning)) if turning else t("cost.not_turning")
    st.caption(
        t("cost.about_matters", alternative=t.said(known.alternative), decides=decides, spread=CONSUMPTION_SPREAD)
    )


def _input(t: Language, swing: Swing) -> str:
    low, high = (t.number(value, ",.6g") for value in (swing.low, swing.high))
    unit = "" if swing.unit == "1" else f" {t.unit(swing.unit)}"
    return t("cost.input", what=t.said(swing.what), low=low, high=high, unit=unit)


def _elsewhere(found: Deployment, t: Language) -> None:
    st.header(t("cost.elsewhere"), anchor="elsewhere", divider="gray")
    amounts = elsewhere(found)
    regions = dict.fromkeys(region for region, _ in amounts)
    frame.table(
        t,
        "snowflake by region and edition",
        [
            {
                "region": region,
                **{f"edition_{edition}": round(eur) for (at, edition), eur in amounts.items() if at == region},
            }
            for region in regions
        ],
    )
    declared = found.platform.snowflake
    price = packaged().by_name[f"snowflake_credit.{declared.region}.{declared.edition}"]
    st.caption(
        t(
            "cost.about_elsewhere",
            region=declared.region,
            edition=declared.edition,
            source=price.source,
            seen_on=price.seen_on,
        )
    )


def _prices(found: Deployment, t: Language, comparison: Comparison) -> None:
    st.header(t("cost.prices"), anchor="prices", divider="gray")
    old = [origin for origin in comparison.origins if origin.stale(found.today)]
    if old:
        st.warning(t("cost.old", count=len(old), names=", ".join(origin.name for origin in old)))
    frame.table(t, "prices", [_price(t, origin, found) for origin in comparison.origins])
    st.caption(t("cost.about_prices"))


def _price(t: Language, origin: Origin, found: Deployment) -> dict[str, object]:
    own = found.platform.prices.get(origin.name)
    price = packaged().by_name.get(origin.name)
    return {
        "price": origin.name,
        "what": t.said(price.what) if price else None,
        "low": own.value if own else price.low if price else None,
        "typical": own.value if own else price.typical if price else None,
        "high": own.value if own else price.high if price else None,
        "unit": t.unit(price.unit) if price and price.unit != "1" else None,
        "confidence": t(f"confidence.{origin.confidence.value}"),
        "seen_on": origin.seen_on,
        "age": t("cost.is_old") if origin.stale(found.today) else None,
        "source": origin.source,
    }


frame.page("cost", show)
