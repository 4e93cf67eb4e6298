"""What every text format gives: batches of rows, and the DuckDB text that takes their fields apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import pyarrow as pa

#: Of every batch: the row as the client sent it, and why it cannot be loaded, or NULL.
LINE, REASON, FIELDS = "line", "reason", "fields"

LINES_SCHEMA = pa.schema([(LINE, pa.string()), (REASON, pa.string())])
FIELDS_SCHEMA = pa.schema([(LINE, pa.string()), (REASON, pa.string()), (FIELDS, pa.list_(pa.string()))])

NOT_UTF8 = "Invalid file encoding: all CSV files must be UTF-8 encoded"


class TextSource(Protocol):
    """A text file as rows of fields, each text or NULL."""

    @property
    def fields(self) -> str:
        """DuckDB text that gives the fields of a batch's row as a list of VARCHAR."""
        ...

    def value(self, field: str) -> str:
        """DuckDB text that makes the column's text, or NULL, of one element of that list."""
        ...

    def mismatch(self, expected: int, found: str) -> str | None:
        """DuckDB text that says why a row with `found` (DuckDB text) fields is bad; None where there is no such row."""
        ...

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows in the order of the file. Raises LoadFailed where reading on makes no sense."""
        ...


def sql_text(value: str) -> str:
    """A DuckDB string literal. NUL is spelt out, which a literal cannot hold."""
    parts = ["'" + part.replace("'", "''") + "'" for part in value.split("\0")]
    return parts[0] if len(parts) == 1 else "(" + " || chr(0) || ".join(parts) + ")"


def lines_batch(lines: Sequence[bytes]) -> pa.RecordBatch:
    """A batch of lines; those that are not UTF-8 are marked as bad."""
    try:
        texts = pa.array(lines, pa.binary()).cast(pa.string())
        reasons = pa.nulls(len(lines), pa.string())
    except pa.ArrowInvalid:
        decoded = [_decoded(line) for line in lines]
        texts = pa.array([text for text, _ in decoded], pa.string())
        reasons = pa.array([None if good else NOT_UTF8 for _, good in decoded], pa.string())
    return pa.RecordBatch.from_arrays([texts, reasons], schema=LINES_SCHEMA)


def _decoded(line: bytes) -> tuple[str, bool]:
    try:
        return line.decode(), True
    except UnicodeDecodeError:
        return line.decode("utf-8", "replace"), False
