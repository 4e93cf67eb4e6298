"""The rows of a load between file and table: good ones in the types of the columns, bad ones with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import pyarrow as pa

from nereus.warehouse.embedded.catalog.model import Column
from nereus.warehouse.embedded.http.error_log import SHOWN_ROWS
from nereus.warehouse.embedded.http.formats.source import LINE, REASON, TextSource
from nereus.warehouse.embedded.http.statements import LINE_NAME, REASON_NAME, Fields, LoadStatements, field_name
from nereus.warehouse.embedded.http.stop import Stop
from nereus.warehouse.embedded.types import STRING

#: Text is handed to the engine in pieces of about this size.
_GROUP_BYTES = 16 << 20
_TABLE = "temp.nereus_load"
_BATCH = "nereus_load_batch"


class Stage:
    """A temporary table of one cursor, in the order of the file. It spills to disk like any table of the engine.

    Attributes:
        total: rows read, those among them that `where` leaves out.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, targets: Sequence[Column]) -> None:
        self._cursor = cursor
        self._names = [f"c{at}" for at in range(len(targets))]
        self.total = 0
        columns = [f"{name} {column.type.duckdb}" for name, column in zip(self._names, targets, strict=True)]
        cursor.execute(f"CREATE TEMP TABLE {_TABLE} ({', '.join(columns)}, reason VARCHAR, line VARCHAR)")

    def take_text(
        self, source: TextSource, statements: LoadStatements, columns: int, stop: Stop, *, tolerant: bool
    ) -> None:
        """Read a text file of `columns` columns. Where no bad row is tolerated, reading ends after too many of them."""
        select = statements.sorted_out(text_fields(source, columns))
        for group in _groups(source.batches()):
            stop.check()
            self.total += group.num_rows
            self._cursor.register(_BATCH, group)
            try:
                self._cursor.execute(f"INSERT INTO {_TABLE} {select}")
            finally:
                self._cursor.unregister(_BATCH)
            if not tolerant and self.filtered() > SHOWN_ROWS + 1:
                return

    def take(self, select: str, total: int) -> None:
        """Take the rows of a SELECT, of which the file has `total`."""
        self.total += total
        self._cursor.execute(f"INSERT INTO {_TABLE} {select}")

    def filtered(self) -> int:
        """How many rows are bad."""
        return self._count("reason IS NOT NULL")

    def good(self) -> int:
        return self._count("reason IS NULL")

    def bad_rows(self) -> list[tuple[str, str | None]]:
        """The first bad rows in the order of the file: reason, row as sent."""
        return self._cursor.execute(
            f"SELECT reason, line FROM {_TABLE} WHERE reason IS NOT NULL LIMIT {SHOWN_ROWS}"
        ).fetchall()

    def good_rows(self) -> str:
        """A SELECT of the good rows."""
        return f"SELECT {', '.join(self._names)} FROM {_TABLE} WHERE reason IS NULL"

    def _count(self, predicate: str) -> int:
        found = self._cursor.execute(f"SELECT count(*) FROM {_TABLE} WHERE {predicate}").fetchone()
        return found[0] if found else 0


def text_fields(source: TextSource, columns: int) -> Fields:
    """The rows of a batch with their fields as text. Of a bad row there are no fields, so that none is cast."""
    values = ", ".join(f"{source.value(f'f[{at + 1}]')} AS {field_name(at)}" for at in range(columns))
    mismatch = source.mismatch(columns, "len(f)")
    reason = f'"{REASON}"'
    if mismatch is not None:
        reason = f"coalesce({reason}, CASE WHEN len(f) <> {columns} THEN {mismatch} END)"
    split = f'SELECT "{LINE}" AS l, "{REASON}", {source.fields} AS f FROM {_BATCH}'
    judged = f"SELECT l, {reason} AS r, f FROM ({split})"
    clean = f"SELECT l, r, CASE WHEN r IS NULL THEN f END AS f FROM ({judged})"
    return Fields(f"SELECT l AS {LINE_NAME}, r AS {REASON_NAME}, {values} FROM ({clean})", (STRING,) * columns)


def _groups(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    group: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        group.append(batch)
        size += batch.nbytes
        if size >= _GROUP_BYTES:
            yield pa.Table.from_batches(group)
            group, size = [], 0
    if group:
        yield pa.Table.from_batches(group)
