"""What was measured here, over time and with many users; what others published; what neither may be taken for."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

import charts
import frame
from nereus.bench import mixed, report, results, stats
from nereus.bench.results import BenchResult
from nereus.insight.language import Language
from state import Deployment, measured_results, mixed_result, published_results


def show(found: Deployment, t: Language) -> None:
    kept = measured_results()
    if kept:
        _last(t, kept, found.platform.promise.dashboard_average_s)
    else:
        st.info(t("benchmarks.none"))
    st.header(t("benchmarks.mixed"), anchor="mixed", divider="gray")
    _mixed(t, found.platform.promise.dashboard_average_s)
    _published(t)
    st.header(t("benchmarks.rules"), anchor="rules", divider="gray")
    st.markdown(t("benchmarks.all_rules"))


def _last(t: Language, kept: list[BenchResult], promise_s: float) -> None:
    shown = {_name(t, each): each for each in {each.key: each for each in kept}.values()}
    chosen = st.segmented_control(t("benchmarks.suite"), list(shown), default=list(shown)[-1], key="suite")
    last = shown[chosen or list(shown)[-1]]
    st.header(t("benchmarks.last"), anchor="benchmark", divider="gray")
    for line in report.verdict(last, results.previous(last, kept)):
        st.markdown(t.said(line))
    queries = [
        {
            "query": query.name,
            "rows": query.rows,
            "cold_ms": None if query.cold_ms is None else round(query.cold_ms, 1),
            "p50_ms": round(report.median(query), 1),
            "slowest_ms": round(max(query.warm_ms), 1),
        }
        for query in last.queries
    ]
    series: dict[str, list[float | None]] = {
        t("columns.cold_ms"): [query.cold_ms for query in last.queries],
        t("columns.p50_ms"): [report.median(query) for query in last.queries],
    }
    frame.chart(t, charts.grouped, [query.name for query in last.queries], series, "ms", t("columns.query"))
    frame.table(t, "queries", queries)
    _source(t, last)
    _users(t, last, promise_s)
    _over_time(t, last, kept)


def _users(t: Language, last: BenchResult, promise_s: float) -> None:
    st.header(t("benchmarks.users"), anchor="users", divider="gray")
    if not last.concurrent:
        st.caption(t("benchmarks.no_users"))
        return
    lines = {
        t(f"columns.{field}"): [(many.clients, getattr(many, field)) for many in last.concurrent]
        for field in ("average_ms", "p50_ms", "p95_ms")
    }
    limit = {t("service_level.limit", promise=promise_s): 1000 * promise_s}
    frame.chart(t, charts.against, lines, "ms", limit, t("columns.clients"))
    frame.table(
        t,
        "clients together",
        [
            {
                "clients": many.clients,
                "per_second": round(many.statements / many.seconds, 1),
                "average_ms": round(many.average_ms),
                "p50_ms": round(many.p50_ms),
                "p95_ms": round(many.p95_ms),
                "longest_ms": round(many.max_ms),
                "under_1s_percent": round(100 * many.under_1s, 1),
            }
            for many in last.concurrent
        ],
    )
    st.caption(t("benchmarks.about_users"))
    _source(t, last)


def _over_time(t: Language, last: BenchResult, kept: list[BenchResult]) -> None:
    st.header(t("benchmarks.over_time"), anchor="over-time", divider="gray")
    same = [each for each in kept if each.key == last.key]
    rows: list[dict[str, object]] = []
    lines: dict[str, list[tuple[datetime, float]]] = {
        t(f"columns.{name}"): [] for name in ("warm_average_ms", "p95_ms")
    }
    for each in same:
        warm = stats.summarise([time for query in each.queries for time in query.warm_ms])
        cold = [query.cold_ms for query in each.queries if query.cold_ms is not None]
        for line, value in zip(lines.values(), (warm.average_ms, warm.p95_ms), strict=True):
            line.append((each.started_at, value))
        rows.append(
            {
                "measured_utc": each.started_at,
                "cold_average_ms": round(sum(cold) / len(cold), 1) if cold else None,
                "warm_average_ms": round(warm.average_ms, 1),
                "p95_ms": round(warm.p95_ms, 1),
                "commit": each.commit,
            }
        )
    if len(same) > 1:
        frame.chart(t, charts.by_hour, lines, "ms", {}, t("columns.measured_utc"))
    else:
        st.caption(t("benchmarks.once"))
    frame.table(t, "results", rows)


def _mixed(t: Language, promise_s: float) -> None:
    st.markdown(t("benchmarks.about_mixed"))
    kept = mixed_result()
    if kept is None:
        st.info(t("benchmarks.no_mixed"))
        return
    found = list(mixed.effects(kept))
    names = [t(f"benchmarks.mixed_{'cached' if each.how == mixed.CACHED else 'computed'}") for each in found]
    figures: dict[str, list[float | None]] = {
        f"{t(f'benchmarks.mixed_{when}')}, {t(title)}": [getattr(getattr(each, when), field) for each in found]
        for field, title in (("average_ms", "service_level.average"), ("p95_ms", "service_level.p95"))
        for when in ("alone", "beside")
    }
    frame.chart(t, charts.grouped, names, figures, "ms", t("columns.opened"))
    frame.table(
        t,
        "mixed workload",
        [
            {
                "opened": name,
                "beside": t(f"benchmarks.mixed_{when}"),
                "openings": told.count,
                "average_ms": round(told.average_ms),
                "p95_ms": round(told.p95_ms),
                "under_1s_percent": round(100 * told.under_1s, 1),
                "p95_growth": round(each.growth, 2) if when == "beside" else None,
            }
            for name, each in zip(names, found, strict=True)
            for when, told in (("alone", each.alone), ("beside", each.beside))
        ],
    )
    st.caption(t("benchmarks.people", clients=kept.concurrent[0].clients, promise=promise_s))
    _source(t, kept)


def _published(t: Language) -> None:
    known = published_results()
    st.header(t("benchmarks.published"), anchor="published", divider="gray")
    st.markdown(t("benchmarks.not_ours"))
    bench = known.clickbench
    names = [f"{each.system}, {each.machine} ({each.measured})" for each in bench.results]
    bars = {
        t("columns.hot_mean_s"): [each.hot_mean for each in bench.results],
        t("columns.cold_mean_s"): [each.cold_mean for each in bench.results],
    }
    frame.chart(t, charts.beside, names, bars, "s")
    frame.table(
        t,
        "clickbench",
        [
            {
                "system": each.system,
                "machine": each.machine,
                "cores": each.cores,
                "cost": each.cost,
                "measured": each.measured,
                "hot_mean_s": each.hot_mean,
                "hot_median_s": each.hot_median,
                "hot_p95_s": each.hot_p95,
                "under_1s_of_43": each.under_1s,
                "cold_mean_s": each.cold_mean,
                "size_gb": each.size_gb,
            }
            for each in bench.results
        ],
    )
    _about(t, "clickbench", bench.source, bench.seen_on)
    suites = known.star_schema_and_tpc
    frame.table(
        t,
        "suites at scale 1000",
        [
            {
                "system": each.system,
                "suite": each.suite,
                "machine": each.machine,
                "queries": each.queries,
                "mean_s": each.mean,
            }
            for each in suites.results
        ],
    )
    _about(t, "star_schema_and_tpc", suites.source, suites.seen_on)


def _about(t: Language, name: str, source: str, seen_on: object) -> None:
    st.caption(t(f"published.{name}"))
    st.caption(t("benchmarks.seen", source=source, seen_on=seen_on))


def _name(t: Language, each: BenchResult) -> str:
    return t("benchmarks.name", suite=each.suite, scale=each.scale, machine=each.machine.name, target=each.target)


def _source(t: Language, last: BenchResult) -> None:
    st.caption(
        t(
            "benchmarks.source",
            suite=last.suite,
            scale=last.scale,
            machine=last.machine.name,
            cpu=last.machine.cpu,
            cores=last.machine.cores,
            memory_gb=last.machine.memory_gb,
            engine=last.engine,
            at=last.started_at,
            commit=last.commit,
        )
    )


frame.page("benchmarks", show)
