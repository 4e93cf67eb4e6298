"""The last benchmark beside the one before."""

from __future__ import annotations

import streamlit as st

import frame
from nereus.bench import report, results
from nereus.paths import BENCHMARKS
from state import Deployment


def show(found: Deployment) -> None:
    kept = results.read_all(BENCHMARKS / "results")
    if not kept:
        st.info("No benchmark was run yet. Run: make bench")
        return
    last = kept[-1]
    st.header("Last benchmark", anchor="benchmark", divider="gray")
    for line in report.verdict(last, results.previous(last, kept)):
        st.markdown(line)
    frame.table(
        "queries",
        [
            {
                "query": query.name,
                "rows": query.rows,
                "cold (ms)": query.cold_ms,
                "warm median (ms)": round(report.median(query), 1),
                "slowest (ms)": round(max(query.warm_ms), 1),
            }
            for query in last.queries
        ],
    )
    frame.table(
        "clients together",
        [
            {
                "clients": many.clients,
                "statements/s": round(many.statements / many.seconds, 1),
                "average (ms)": round(many.average_ms),
                "p95 (ms)": round(many.p95_ms),
                "under 1 s": f"{many.under_1s:.0%}",
            }
            for many in last.concurrent
        ],
    )
    st.caption(
        f"{last.suite} at scale {last.scale:g}, {last.machine.name} ({last.machine.cpu}), {last.engine}, measured "
        f"{last.started_at:%Y-%m-%d %H:%M} UTC at commit {last.commit}. Rules and limits: benchmarks/README.md."
    )


frame.page("Benchmarks", show)
