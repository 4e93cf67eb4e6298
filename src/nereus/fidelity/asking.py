"""A warehouse of its own, in a folder that goes away, and what it answers to one statement."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import Ok
from nereus.warehouse.embedded.session import Session
from nereus.warehouse.embedded.types import DorisType
from nereus.warehouse.embedded.warehouse import Warehouse
from nereus.warehouse.embedded.wire.few import few_texts

Cell = str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One statement's answer as a client sees it.

    Attributes:
        columns: names of the result's columns; empty for an OK.
        types: their Doris types.
        rows: wire texts, None is NULL.
        error: the text of an error, without Doris' prefix; None where it was answered.
        code: the error's number, 0 without one.
        refused: the error says that the embedded warehouse does not do this, not that the statement is wrong.
    """

    columns: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    error: str | None = None
    code: int = 0

    @property
    def crashed(self) -> bool:
        """The error is one of the warehouse itself."""
        return self.error is not None and "embedded warehouse failed" in self.error

    @property
    def refused(self) -> bool:
        return self.error is not None and any(words in self.error for words in _REFUSALS)


#: What an error says where it is a refusal: an integer that overflows is one too (Doris' backend wraps around).
_REFUSALS = ("embedded warehouse refuses", "Out of Range Error", "out of range")


class Asker:
    """Statements of one session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def __call__(self, sql: str) -> Answer:
        """The answer to the last statement of `sql`; an error is an answer too."""
        answer = Answer()
        try:
            for result in self.session.execute(sql):
                if isinstance(result, Ok):
                    answer = Answer()
                    continue
                types = [column.type for column in result.columns]
                rows = tuple(row for batch in result.batches for row in _rows(batch.columns, types))
                answer = Answer(tuple(c.name for c in result.columns), tuple(map(str, types)), rows)
        except DorisError as error:
            return Answer(error=error.detail, code=error.code)
        return answer

    def must(self, sql: str) -> Answer:
        """The answer to a statement that prepares a comparison.

        Raises RuntimeError where it fails.
        """
        answer = self(sql)
        if answer.error is not None:
            raise RuntimeError(f"{sql}: {answer.error}")
        return answer


def _rows(arrays: list[object], types: list[DorisType]) -> Iterator[tuple[Cell, ...]]:
    cells = [few_texts(array, of) for array, of in zip(arrays, types, strict=True)]
    for row in zip(*cells, strict=True):
        yield tuple(None if cell is None else cell.decode("utf-8", "replace") for cell in row)


@contextmanager
def opened() -> Iterator[Warehouse]:
    """A new, empty warehouse."""
    with tempfile.TemporaryDirectory(prefix="nereus-fidelity-") as folder:
        warehouse = Warehouse.open(Path(folder), memory_gb=0.5, threads=1, root_password=secrets.token_hex(12))
        try:
            yield warehouse
        finally:
            warehouse.close()


@contextmanager
def session(warehouse: Warehouse, user: str = "root", database: str | None = None) -> Iterator[Asker]:
    """A session of a user, in the default time zone, which is the recordings' (UTC)."""
    connected = warehouse.connect(user, database=database)
    try:
        yield Asker(connected)
    finally:
        connected.close()
