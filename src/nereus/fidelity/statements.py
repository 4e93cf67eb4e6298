"""Recorded statements, played in their order: accepted or refused as a Doris frontend did."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from nereus.fidelity import asking, recordings
from nereus.fidelity.asking import Answer, Asker
from nereus.fidelity.findings import Finding, Verdict
from nereus.warehouse.embedded.warehouse import Warehouse

#: What stood in the database `d` of the frontend when the play began. What is not built yet may fail.
_OBJECTS = (
    "CREATE DATABASE ssb",
    "CREATE TABLE ssb.dates (d_datekey int) DISTRIBUTED BY RANDOM PROPERTIES ('replication_num' = '1')",
    "CREATE RESOURCE rs3 PROPERTIES ('type' = 's3', 's3.endpoint' = 'http://127.0.0.1:9', 's3.bucket' = 'b', "
    "'s3.region' = 'us-east-1', 's3.access_key' = 'a', 's3.secret_key' = 'b', 's3.root.path' = 'p', "
    "'s3_validity_check' = 'false')",
    "CREATE STORAGE POLICY pol PROPERTIES ('storage_resource' = 'rs3', 'cooldown_ttl' = '7d')",
    "CREATE WORKLOAD GROUP wg PROPERTIES ('max_concurrency' = '5')",
    "CREATE VIEW d.vw (a COMMENT 'ca', b) COMMENT 'vv' AS SELECT k, v FROM d.ev",
    "CREATE MATERIALIZED VIEW d.mv1 BUILD IMMEDIATE REFRESH AUTO ON SCHEDULE EVERY 1 HOUR DISTRIBUTED BY RANDOM "
    "BUCKETS 2 PROPERTIES ('replication_num' = '1') AS SELECT k, sum(v) sv, count(*) c FROM d.ev GROUP BY k",
    "CREATE ROLE r1",
    "GRANT LOAD_PRIV ON d.u TO ROLE 'r1'",
    "CREATE USER ann IDENTIFIED BY 'Secret12' DEFAULT ROLE 'r1'",
    "GRANT SELECT_PRIV ON d.* TO ann",
    "GRANT USAGE_PRIV ON WORKLOAD GROUP 'wg' TO ann",
    "CREATE ROLE nor",
)
_FY = (
    "CREATE DATABASE d",
    "CREATE DATABASE fy",
    "USE fy",
    "CREATE TABLE t (a bigint, k int, v double, s varchar(20), ts datetime) DUPLICATE KEY(a) DISTRIBUTED BY RANDOM "
    "PROPERTIES ('replication_num' = '1')",
)
#: Label, transaction and object numbers, positions: they differ from run to run.
_NUMBERS = re.compile(r"\d+")


def play() -> list[Finding]:
    """Every recorded statement, each play in a warehouse of its own.

    EQUAL: accepted as Doris accepts it, or refused as Doris refuses it. REFUSED: Doris accepts it. ACCEPTED: Doris
    refuses it. ELSEWHERE: not tried.
    """
    found = []
    recorded = recordings.rows("statements")
    for name in dict.fromkeys(row[0] for row in recorded):
        with asking.opened() as warehouse, stage(name, warehouse) as ask:
            found += _played(ask, [row[1:] for row in recorded if row[0] == name])
    return found


def _played(ask: Asker, rows: list[list[str]]) -> list[Finding]:
    found: list[Finding] = []
    for outcome, error, statement, *needed in rows:
        missing = [
            before.subject
            for before in found
            if before.verdict is Verdict.REFUSED and needed and before.subject.startswith(needed[0])
        ]
        if missing:
            found.append(Finding(statement, Verdict.REFUSED, f"it stands on what is refused: {missing[0]}"))
            continue
        found.append(_compared(ask, outcome, error, statement))
    return found


@contextmanager
def stage(name: str, warehouse: Warehouse) -> Iterator[Asker]:
    """A session in which the play `name` begins, with what it stands on."""
    with asking.session(warehouse) as root:
        if name == "more":
            for statement in _FY:
                root.must(statement)
        elif name != "second":
            root.must("CREATE DATABASE d")
            root.must("USE d")
            for file in sorted(recordings.SHOWN.glob("*.sql")):
                # These two come in the play itself.
                if file.stem not in ("dd", "two"):
                    root.must(file.read_text(encoding="utf-8").split("-- is shown as")[0])
            for statement in _OBJECTS:
                root(statement)
        if name != "ann":
            yield root
            return
    with asking.session(warehouse, "ann") as ann:
        yield ann


def _compared(ask: Asker, outcome: str, error: str, statement: str) -> Finding:
    if outcome == "elsewhere":
        return Finding(statement, Verdict.ELSEWHERE, error)
    answer = ask(statement)
    if answer.crashed:
        return Finding(statement, Verdict.DIFFERENT, answer.error or "")
    if outcome == "ok":
        verdict = Verdict.EQUAL if answer.error is None else Verdict.REFUSED
        return Finding(statement, verdict, answer.error or "")
    if answer.error is None:
        return Finding(statement, Verdict.ACCEPTED, f"Doris: {error}")
    return Finding(statement, Verdict.EQUAL, "" if _same(answer, error) else f"{_shown(answer)} | Doris: {error}")


def _shown(answer: Answer) -> str:
    return f"{answer.code} {answer.error}"


def _same(answer: Answer, error: str) -> bool:
    """Code and text, as far as they were recorded: of a syntax error the code alone."""
    code, _, text = error.partition(" ")
    detail = re.sub(r"\s+", " ", answer.error or "").strip()
    return str(answer.code) == code and _NUMBERS.sub("#", detail).startswith(_NUMBERS.sub("#", text))
