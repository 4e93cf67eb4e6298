"""What the warehouse holds, how fresh it is, whether it passed its checks, what every column means."""

from __future__ import annotations

import streamlit as st

import charts
import frame
from nereus.insight import holdings
from nereus.insight.asking import Answer
from nereus.insight.holdings import Holding
from nereus.insight.language import Language
from state import Deployment, answers_of_data, declared


def show(found: Deployment, t: Language) -> None:
    answer = answers_of_data(found)
    held = holdings.holdings(answer, declared(found))
    if not frame.state_of(t, answer):
        rows = [{"use_case": each.name, "title": each.title, "owner": each.owner} for each in declared(found)]
        frame.table(t, "declared", rows)
        return
    st.header(t("data.use_cases"), anchor="use-cases", divider="gray")
    frame.table(t, "use cases", [_usecase(each, t) for each in held])
    frame.source(t, answer, t("data.source"))
    if not held:
        return
    names = [each.usecase.name for each in held]
    label = t("columns.use_case")
    chosen = st.segmented_control(label, names, default=names[0], key="use_case", bind="query-params") or names[0]
    one = next(each for each in held if each.usecase.name == chosen)
    st.markdown(t("data.about", title=one.usecase.title, description=one.usecase.description, owner=one.usecase.owner))
    _tables(one, t)
    _checks(one, answer, t)
    _columns(one, answer, t)


def _usecase(each: Holding, t: Language) -> dict[str, object]:
    passed = t("data.passed", passed=each.checks - each.failing, checks=each.checks) if each.checks else t("data.never")
    return {
        "use_case": each.usecase.name,
        "owner": each.usecase.owner,
        "tables": len(each.tables),
        "rows": each.rows,
        "local": t.number(each.local_bytes, "size"),
        "object_store": t.number(each.remote_bytes, "size"),
        "last_load_utc": frame.moment(each.last_load),
        "checks": passed,
        "checked_utc": frame.moment(each.checked_at),
    }


def _tables(one: Holding, t: Language) -> None:
    st.header(t("data.tables"), anchor="tables", divider="gray")
    frame.table(
        t,
        f"tables of {one.usecase.name}",
        [
            {
                "table": table.name,
                "kind": t(f"kinds.{table.kind}"),
                "rows": table.rows,
                "partitions": table.partitions or None,
                "local_bytes": table.local_bytes,
                "remote_bytes": table.remote_bytes,
                "loads": table.loads or None,
                "last_load_utc": frame.moment(table.last_load),
                "description": table.comment,
            }
            for table in one.tables
        ],
    )


def _checks(one: Holding, answer: Answer, t: Language) -> None:
    st.header(t("data.quality"), anchor="quality", divider="gray")
    name = one.usecase.name
    newest = [row for row in answer["checks"] if row["use_case"] == name]
    if not newest:
        st.info(t("data.unchecked", name=name))
        return
    (st.error if one.failing else st.success)(t("data.failing", failing=one.failing, checks=one.checks))
    runs = sorted((row for row in answer["runs"] if row["use_case"] == name), key=lambda row: str(row["at"]))
    if len(runs) > 1:
        frame.chart(
            t,
            charts.history,
            [frame.cell(t, frame.moment(row["at"])) for row in runs],
            {t(f"columns.{field}"): [row[field] for row in runs] for field in ("passed", "warned", "failed")},
            t("columns.checks"),
            t("columns.run_utc"),
        )
    frame.keep(
        f"runs of checks of {name}",
        [{"run_utc": row["at"], "passed": row["passed"], "failed": row["failed"]} for row in runs],
    )
    frame.table(
        t,
        f"newest checks of {name}",
        [
            {
                "check": row["name"],
                "table": row["table_name"],
                "state": t(f"checks.{row['status']}"),
                "severity": t(f"severities.{row['severity']}"),
                "observed": row["observed"],
                "expected": row["expected"],
                "violations": row["violations"],
                "checked_utc": frame.moment(row["at"]),
            }
            for row in sorted(newest, key=lambda row: (row["status"] == "PASS", row["name"]))
        ],
    )


def _columns(one: Holding, answer: Answer, t: Language) -> None:
    st.header(t("data.columns"), anchor="columns", divider="gray")
    missing = holdings.undescribed(answer, [one.usecase.database])
    if missing:
        st.caption(t("data.undescribed", count=len(missing)))
    frame.table(
        t,
        f"columns of {one.usecase.name}",
        [
            {"table": row["name"], "column": row["column_name"], "type": row["type"], "description": row["comment"]}
            for row in answer["columns"]
            if row["db"] == one.usecase.database
        ],
    )


frame.page("data", show)
