"""What Snowflake costs, what the alternatives cost, and from which prices."""

from __future__ import annotations

import streamlit as st

import charts
import frame
from nereus.cases import Case
from nereus.costs.compare import Comparison
from state import Deployment


def show(found: Deployment) -> None:
    case = Case(st.segmented_control("Case", [case.value for case in Case], default=Case.TYPICAL.value) or "typical")
    comparison = found.comparisons[case]
    (st.info if comparison.snowflake_is_cheaper else st.success)(comparison.verdict())
    options = list(comparison.options.values())
    causes = list(dict.fromkeys(cause.name for option in options for cause in option.causes))
    amounts = {
        name: [cause.total.to("EUR") if (cause := option.cause(name)) else 0.0 for option in options] for name in causes
    }
    amounts["move"] = [option.one_off.to("EUR") for option in options]
    frame.keep(
        "cost by cause",
        [
            {"option": option.what, "cause": name, f"EUR over {comparison.years} years": round(values[place])}
            for place, option in enumerate(options)
            for name, values in amounts.items()
        ],
    )
    frame.chart(
        charts.stacked([option.what for option in options], amounts, f"EUR over {comparison.years} years"),
    )
    st.caption(
        f"{case.value.capitalize()} case, nominal EUR without VAT, {found.today:%Y-%m-%d}. "
        f"Consumption: {comparison.consumption.value:,.0f} credits a month. Sources: the table of prices below."
    )
    with st.expander("Break-even and prices, with source and date"):
        frame.table("break-even", _break_even(comparison))
        frame.table("prices", _prices(comparison, found))


def _break_even(comparison: Comparison) -> list[dict[str, str]]:
    return [
        {
            "alternative": comparison.options[name].what,
            "break-even, credits a month": f"{meet.all_in.value:,.0f}",
            "against credits alone": f"{meet.with_labour.value:,.0f}",
            "credits alone, without people": f"{meet.without_labour.value:,.0f}",
        }
        for name, meet in comparison.break_even.items()
    ]


def _prices(comparison: Comparison, found: Deployment) -> list[dict[str, str]]:
    return [
        {
            "price": origin.name,
            "source": origin.source,
            "seen on": str(origin.seen_on or ""),
            "confidence": origin.confidence.value,
            "age": "older than 90 days" if origin.stale(found.today) else "",
        }
        for origin in comparison.origins
    ]


frame.page("Cost", show)
