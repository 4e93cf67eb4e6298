"""Ask the warehouse a page's questions over one connection, count them, keep the last answers for when it is down.

answer = ask(warehouse, {"users": Question("SELECT `user`, count(*) AS n FROM ...")}, Path("users.json"), counter)
answer["users"], answer.at, answer.error
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from nereus.home import Home
from nereus.warehouse.client import Row, Session, Warehouse, WarehouseError

#: A page waits no longer than this for one answer.
READ_TIMEOUT_S = 20.0
CONNECT_TIMEOUT_S = 2
USER = "portal"


@dataclass(frozen=True)
class Question:
    """One statement with the values of its placeholders. `needs` (database, table) must be there, or no rows come."""

    sql: str
    values: Sequence[object] = ()
    needs: tuple[str, str] | None = None


@dataclass(frozen=True)
class Answer:
    """The rows of every question by its name, as plain JSON values.

    Attributes:
        at: when the warehouse was asked, UTC; None when it never answered.
        error: why these are the last known rows rather than today's; None when the warehouse answered.
    """

    tables: Mapping[str, list[Row]]
    at: datetime | None
    error: str | None = None

    def __getitem__(self, name: str) -> list[Row]:
        return self.tables.get(name, [])

    @property
    def known(self) -> bool:
        """Whether there are any figures, of now or of before."""
        return self.at is not None


class Counter:
    """How many statements were sent to the warehouse; threads may share it."""

    def __init__(self) -> None:
        self.statements = 0
        self._guard = threading.Lock()

    def add(self) -> None:
        with self._guard:
            self.statements += 1


def reader(warehouse: Warehouse) -> Warehouse:
    """The same warehouse with the patience of a page."""
    return Warehouse(
        warehouse.host,
        warehouse.mysql_port,
        warehouse.http_port,
        warehouse.user,
        warehouse.password,
        CONNECT_TIMEOUT_S,
        READ_TIMEOUT_S,
    )


def is_provisioned(home: Home) -> bool:
    """Whether the portal's warehouse user was ever made here."""
    return (home.secrets / f"warehouse-{USER}").exists()


def ask(warehouse: Warehouse | None, questions: Mapping[str, Question], keep: Path, count: Counter) -> Answer:
    """Ask every question, in order, over one connection; keep the rows in the file `keep`.

    Never raises for a warehouse that is down or refuses: the answer then holds the last known rows, when they were
    asked for, and the error. `warehouse` is None where none was provisioned.
    """
    if warehouse is None:
        return _last(keep, "No warehouse was provisioned yet. Run: make provision")
    try:
        with warehouse.session() as session:
            tables = _ask_all(session, questions, count)
    except WarehouseError as error:
        return _last(keep, error.message)
    answer = Answer(tables, datetime.now(UTC))
    _write(keep, answer)
    return answer


def _ask_all(session: Session, questions: Mapping[str, Question], count: Counter) -> dict[str, list[Row]]:
    there: set[tuple[str, str]] = set()
    if any(question.needs for question in questions.values()):
        count.add()
        rows = session.query("SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name FROM information_schema.tables")
        there = {(row["db"], row["name"]) for row in rows}
    tables: dict[str, list[Row]] = {}
    for name, question in questions.items():
        if question.needs and question.needs not in there:
            tables[name] = []
            continue
        count.add()
        rows = session.query(question.sql, tuple(question.values) or None)
        tables[name] = [{key: _plain(value) for key, value in row.items()} for row in rows]
    return tables


def _plain(value: object) -> object:
    """A value as JSON holds it, so that kept rows and fresh ones are alike. Moments become ISO 8601."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime() | date():
            return value.isoformat()
        case None | bool() | int() | float() | str():
            return value
    return str(value)


def _write(keep: Path, answer: Answer) -> None:
    """Replace the kept rows at once, readable by their owner alone. A full disk costs the copy, not the page."""
    text = json.dumps({"at": answer.at.isoformat() if answer.at else None, "tables": answer.tables})
    # Two viewers may write at once, each its own draft.
    draft = keep.with_name(f".{keep.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        keep.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(keep)
    except OSError:
        draft.unlink(missing_ok=True)


def _last(keep: Path, error: str) -> Answer:
    try:
        kept = json.loads(keep.read_text("utf-8"))
        return Answer(kept["tables"], datetime.fromisoformat(kept["at"]), error)
    except (OSError, ValueError, KeyError, TypeError):
        return Answer({}, None, error)


def age(since: datetime, now: datetime) -> str:
    """How long ago, for a sentence: `2 min`, `3 h`, `5 days`."""
    seconds = max(0.0, (now - since).total_seconds())
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size or (unit != "days" and seconds >= size):
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"
