"""What DuckDB says a query read. It counts for every connection on which `count_scans` was called.

Rows are those that went through the scans of stored tables: blocks that the zone maps rule out are not among them, a
table that stands twice in a query counts twice, and so does one that a top-N query reads a second time for the columns
that it did not sort by. What statistics answer (``count(*)`` of a checkpointed table) reads nothing. Bytes are those
read from the warehouse file: what memory held already is not counted.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import duckdb

#: The settings that `count_scans` changes; the engine lets them be changed after the others are locked.
SETTINGS = ("custom_profiling_settings", "enable_profiling")

_METRICS = '{"CUMULATIVE_ROWS_SCANNED": "true", "TOTAL_BYTES_READ": "true"}'
#: Every operator has its own count behind the first of these; the statement's stand before it.
_OPERATORS = '"children"'
_COUNT = re.compile(r'"(total_bytes_read|cumulative_rows_scanned)": (\d+)')
#: What DuckDB answers instead of numbers where nothing in the plan reads.
_NO_SCAN = '"result": "error"'
#: How numbers() reads in DuckDB's text.
_GENERATOR = "FROM range("


class Scanned(NamedTuple):
    """What one statement read of stored tables."""

    rows: int
    bytes: int


NOTHING = Scanned(0, 0)


def count_scans(cursor: duckdb.DuckDBPyConnection) -> None:
    """Let DuckDB count what the queries of this connection read, and print nothing."""
    cursor.execute("SET enable_profiling = 'no_output'")
    cursor.execute(f"SET custom_profiling_settings = '{_METRICS}'")


def countable(sql: str) -> bool:
    """Whether DuckDB's count is one of stored rows alone: it counts the rows of numbers() too."""
    return _GENERATOR not in sql


def scanned(cursor: duckdb.DuckDBPyConnection) -> Scanned | None:
    """What the connection's last query read, once its last row was taken; None where DuckDB does not tell."""
    try:
        profile = cursor.get_profiling_information()
    except duckdb.Error:
        return None
    # The rest grows with the plan.
    head = profile.partition(_OPERATORS)[0]
    if _NO_SCAN in head:
        return NOTHING
    found = {name: int(number) for name, number in _COUNT.findall(head)}
    try:
        return Scanned(found["cumulative_rows_scanned"], found["total_bytes_read"])
    except KeyError:
        return None
