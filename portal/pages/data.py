"""What the warehouse holds, how fresh it is, whether it passed its checks, what every column means."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

import charts
import frame
from nereus.insight import holdings
from nereus.insight.asking import Answer
from nereus.insight.holdings import Holding, readable
from state import Deployment, answers_of_data, declared


def show(found: Deployment) -> None:
    answer = answers_of_data(found)
    held = holdings.holdings(answer, declared(found))
    if not frame.state_of(answer):
        frame.table(
            "declared",
            [{"use case": each.name, "title": each.title, "owner": each.owner} for each in declared(found)],
        )
        return
    st.header("Use cases", anchor="use-cases", divider="gray")
    frame.table("use cases", [_usecase(each) for each in held])
    frame.source(answer, "information_schema, nereus_ops; bytes of one copy as the warehouse reports them")
    if not held:
        return
    names = [each.usecase.name for each in held]
    chosen = st.segmented_control("Use case", names, default=names[0], key="use_case", bind="query-params") or names[0]
    one = next(each for each in held if each.usecase.name == chosen)
    st.markdown(f"**{one.usecase.title}**. {one.usecase.description} Owner: {one.usecase.owner}.")
    _tables(one)
    _checks(one, answer)
    _columns(one, answer)


def _usecase(each: Holding) -> dict[str, object]:
    passed = "never run" if not each.checks else f"{each.checks - each.failing} of {each.checks} not failing"
    return {
        "use case": each.usecase.name,
        "owner": each.usecase.owner,
        "tables and views": len(each.tables),
        "rows": each.rows,
        "local": readable(each.local_bytes),
        "object store": readable(each.remote_bytes),
        "last load (UTC)": _moment(each.last_load),
        "checks": passed,
        "checked (UTC)": _moment(each.checked_at),
    }


def _tables(one: Holding) -> None:
    st.header("Tables", anchor="tables", divider="gray")
    frame.table(
        f"tables of {one.usecase.name}",
        [
            {
                "table": table.name,
                "kind": table.kind,
                "rows": table.rows,
                "partitions": table.partitions or None,
                "local (bytes)": table.local_bytes,
                "object store (bytes)": table.remote_bytes,
                "loads": table.loads or None,
                "last load (UTC)": _moment(table.last_load),
                "description": table.comment,
            }
            for table in one.tables
        ],
    )


def _checks(one: Holding, answer: Answer) -> None:
    st.header("Quality checks", anchor="quality", divider="gray")
    name = one.usecase.name
    newest = [row for row in answer["checks"] if row["use_case"] == name]
    if not newest:
        st.info(f"Nothing was checked yet. Run: nereus usecase check {name}")
        return
    (st.error if one.failing else st.success)(
        f"{one.failing} of {one.checks} checks fail." if one.failing else f"None of {one.checks} checks fails."
    )
    runs = sorted((row for row in answer["runs"] if row["use_case"] == name), key=lambda row: str(row["at"]))
    if len(runs) > 1:
        frame.chart(
            charts.history(
                [datetime.fromisoformat(row["at"]) for row in runs],
                {
                    "passed": [row["passed"] for row in runs],
                    "warnings": [row["warned"] for row in runs],
                    "failed": [row["failed"] for row in runs],
                },
                "checks",
            ),
        )
    frame.keep(
        f"runs of checks of {name}",
        [{"at (UTC)": row["at"], "passed": row["passed"], "failed": row["failed"]} for row in runs],
    )
    frame.table(
        f"newest checks of {name}",
        [
            {
                "check": row["name"],
                "table": row["table_name"],
                "state": row["status"],
                "severity": row["severity"],
                "observed": row["observed"],
                "expected": row["expected"],
                "rows against it": row["violations"],
                "checked (UTC)": _moment(row["at"]),
            }
            for row in sorted(newest, key=lambda row: (row["status"] == "PASS", row["name"]))
        ],
    )


def _columns(one: Holding, answer: Answer) -> None:
    st.header("Columns", anchor="columns", divider="gray")
    missing = holdings.undescribed(answer, [one.usecase.database])
    if missing:
        st.caption(f"{len(missing)} columns have no description.")
    frame.table(
        f"columns of {one.usecase.name}",
        [
            {"table": row["name"], "column": row["column_name"], "type": row["type"], "description": row["comment"]}
            for row in answer["columns"]
            if row["db"] == one.usecase.database
        ],
    )


def _moment(text: str | None) -> str | None:
    return None if text is None else text.replace("T", " ")[:19]


frame.page("Data", show)
