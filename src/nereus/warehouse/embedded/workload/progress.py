"""How many rows a query has read so far.

DuckDB counts rows only when a query has ended. While it runs it tells the share of its work that it has done, of which
reading comes first: that share of the rows of its tables has been read, or passed over because a block's smallest and
greatest values rule it out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from nereus.warehouse.embedded.session import Session

#: The engine lets these be changed after the others are locked.
SETTINGS = ("enable_progress_bar", "enable_progress_bar_print", "progress_bar_time")
_TABLE = re.compile(r'\bdata"?\."?(t[0-9]+)\b')


def watch(cursor: duckdb.DuckDBPyConnection) -> None:
    """Let DuckDB tell the progress of this connection's queries, from their first moment, and print nothing."""
    for name, value in zip(SETTINGS, ("true", "false", "0"), strict=True):
        cursor.execute(f"SET {name} = {value}")


def rows_of(cursor: duckdb.DuckDBPyConnection, sql: str) -> int:
    """Rows of the stored tables in a DuckDB query; one that stands there twice is read twice."""
    names = _TABLE.findall(sql)
    if not names:
        return 0
    found = dict(
        cursor.execute(
            "SELECT table_name, estimated_size FROM duckdb_tables()"
            " WHERE schema_name = 'data' AND list_contains(?, table_name)",
            [names],
        ).fetchall()
    )
    return sum(found.get(name, 0) for name in names)


def scanned_rows(session: Session) -> int:
    """Rows that the session's running query has read or passed over."""
    run = session.running
    if run is None or not run.rows_to_read:
        return 0
    return int(max(session.progress, 0) / 100 * run.rows_to_read)
