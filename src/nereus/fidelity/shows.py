"""What SHOW and DESCRIBE answer, and SHOW CREATE TABLE character by character."""

from __future__ import annotations

import difflib
import json
import re
from datetime import UTC, datetime

from nereus.fidelity import asking, recordings
from nereus.fidelity.asking import Asker
from nereus.fidelity.findings import Finding, Verdict
from nereus.fidelity.statements import stage
from nereus.warehouse.embedded.ddl import build_table, parse_ddl, show_create
from nereus.warehouse.embedded.ddl.syntax import CreateTable

_MARK = "-- is shown as\n"
#: The day on which the frontend was asked: its dynamic partitions say so.
ASKED = datetime(2026, 11, 22, 5, 48, tzinfo=UTC)


def tables() -> list[Finding]:
    """SHOW CREATE TABLE of every recorded table, built from its statement."""
    found = []
    for file in sorted(recordings.SHOWN.glob("*.sql")):
        written, expected = file.read_text(encoding="utf-8").split(_MARK)
        statement = parse_ddl(written)
        if not isinstance(statement, CreateTable):
            raise TypeError(f"{file.name} holds no CREATE TABLE")
        got = show_create(build_table(statement, "d", now=ASKED))
        same = got == expected.rstrip("\n")
        lines = difflib.unified_diff(expected.splitlines(), got.splitlines(), "Doris", "here", lineterm="", n=0)
        found.append(
            Finding(
                f"SHOW CREATE TABLE {file.stem}",
                Verdict.EQUAL if same else Verdict.DIFFERENT,
                "" if same else " ".join(list(lines)[2:]),
            )
        )
    return found


def shows() -> list[Finding]:
    """SHOW, DESCRIBE and ADMIN SHOW statements: names of the columns, and the rows that do not change."""
    with asking.opened() as warehouse, stage("errors", warehouse) as ask:
        return [_compared(ask, *row) for row in recordings.rows("shows")]


def system_tables() -> list[Finding]:
    """Columns and types of the tables in information_schema, mysql and __internal_schema."""
    with asking.opened() as warehouse, asking.session(warehouse) as ask:
        found = []
        for table, columns in recordings.rows("system_tables"):
            answer = ask(f"DESC {table}")
            if answer.error is not None:
                found.append(Finding(table, Verdict.REFUSED, answer.error))
                continue
            got = "; ".join(f"{row[0]} {row[1]}" for row in answer.rows)
            same = got == columns
            found.append(
                Finding(table, Verdict.EQUAL if same else Verdict.DIFFERENT, "" if same else f"{got}, Doris: {columns}")
            )
        return found


def _compared(ask: Asker, statement: str, columns: str, rows: str = "") -> Finding:
    answer = ask(statement)
    if answer.crashed:
        return Finding(statement, Verdict.DIFFERENT, answer.error or "")
    if columns.startswith("ERROR"):
        verdict = Verdict.ACCEPTED if answer.error is None else Verdict.EQUAL
        return Finding(statement, verdict, f"Doris: {columns}" if answer.error is None else "")
    if answer.error is not None:
        return Finding(statement, Verdict.REFUSED, answer.error)
    wanted = json.loads(columns)
    if list(answer.columns) != wanted:
        return Finding(statement, Verdict.DIFFERENT, f"columns {list(answer.columns)}, Doris: {wanted}")
    listed = {tuple(map(_plain, row)) for row in answer.rows}
    missing = [row for row in json.loads(rows or "[]") if tuple(map(_plain, row)) not in listed]
    if missing:
        near = [row for row in answer.rows if row[0] == missing[0][0]] or list(answer.rows[:3])
        return Finding(statement, Verdict.DIFFERENT, f"{near}, Doris: {missing}")
    return Finding(statement, Verdict.EQUAL)


def _plain(cell: str | None) -> str | None:
    """Numbers of objects differ from server to server."""
    return None if cell is None else re.sub(r"\b\d{13}\b", "#", cell)
