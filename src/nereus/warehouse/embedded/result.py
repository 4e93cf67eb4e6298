"""What executing one statement gives: a stream of Arrow batches with Doris types, or an OK."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from nereus.warehouse.embedded.types import VARCHAR, DorisType


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """One column of a result, as its column-definition packet describes it.

    `db`, `table` and `origin` are filled for a column of a table and empty for an expression.
    """

    name: str
    type: DorisType
    db: str = ""
    table: str = ""
    origin: str = ""


@dataclass(slots=True)
class ResultSet:
    """A result that is read once. `batches` holds Arrow data in the physical types of `columns`.

    Closing it early (`close`) must stop the engine's work.
    """

    columns: tuple[ResultColumn, ...]
    batches: Iterator[pa.RecordBatch]
    rows_sent: int = field(default=0)

    def close(self) -> None:
        close = getattr(self.batches, "close", None)
        if close is not None:
            close()


@dataclass(frozen=True, slots=True)
class Ok:
    """A statement without rows. `info` is the text of the OK packet (Doris: label, status, txnId)."""

    affected_rows: int = 0
    info: str = ""


Result = ResultSet | Ok


def text_rows(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> ResultSet:
    """A small result of strings, as SHOW statements give; None is NULL, everything else becomes text."""
    listed = [[None if value is None else str(value) for value in row] for row in rows]
    arrays = [pa.array([row[i] for row in listed], pa.string()) for i in range(len(names))]
    batch = pa.RecordBatch.from_arrays(arrays, names=[str(i) for i in range(len(names))])
    columns = tuple(ResultColumn(name, VARCHAR, origin=name) for name in names)
    return ResultSet(columns, iter([batch]), rows_sent=len(listed))
