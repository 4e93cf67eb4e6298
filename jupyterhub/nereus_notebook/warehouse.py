"""Queries of the warehouse as data frames, Arrow tables or rows.

Rows come over Arrow Flight SQL, which carries a million of them in well under a second; `cursor` speaks the MySQL
protocol, for tools that want a database connection. Both work the same against Apache Doris.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import adbc_driver_flightsql.dbapi as adbc
import pandas as pd
import pyarrow as pa
import pymysql

__all__ = ["WarehouseError", "arrow", "batches", "cost", "cursor", "sql"]

#: What `sql` brings into memory unless more is asked for.
MOST_ROWS = 5_000_000

#: What the two drivers say when nobody answers: gRPC's code for "unavailable", and MySQL's for a connection that
#: cannot be made or was lost.
_FLIGHT_DOWN = 14
_MYSQL_DOWN = (2002, 2003, 2006, 2013)

_COST = """
    SELECT milliseconds, scan_rows, scan_bytes, cold_bytes, return_rows, peak_memory_bytes, workload_group
    FROM nereus_ops.my_queries WHERE query_id = %s
"""
_AUDIT_PATIENCE_S = 90

#: The notebook's one connection, once there is one.
_connections: list[adbc.Connection] = []


class WarehouseError(Exception):
    """What the warehouse answered instead of rows."""


def sql(query: str, *, most_rows: int = MOST_ROWS) -> pd.DataFrame:
    """The rows of a query as a data frame with Arrow's column types: decimals exact, missing values missing.

    Raises WarehouseError with the warehouse's text, and where there are more than `most_rows` rows: then aggregate in
    the warehouse, or read in pieces with `batches`.
    """
    return arrow(query, most_rows=most_rows).to_pandas(types_mapper=pd.ArrowDtype)


def arrow(query: str, *, most_rows: int = MOST_ROWS) -> pa.Table:
    """The rows of a query as an Arrow table. Raises as `sql` does."""
    kept: list[pa.RecordBatch] = []
    rows = 0
    with _reader(query) as reader:
        for batch in reader:
            rows += batch.num_rows
            if rows > most_rows:
                raise WarehouseError(
                    f"the query gives more than {most_rows:,} rows; aggregate in the warehouse, read in pieces with "
                    f"warehouse.batches(query), or say most_rows=..."
                )
            kept.append(batch)
        return pa.Table.from_batches(kept, reader.schema)


def batches(query: str) -> Iterator[pa.RecordBatch]:
    """The rows of a query piece by piece, so that memory holds one piece at a time."""
    with _reader(query) as reader:
        yield from reader


@contextmanager
def cursor(database: str | None = None) -> Iterator[pymysql.cursors.DictCursor]:
    """A cursor of a MySQL connection of its own, which is closed behind the block. Raises WarehouseError as `sql`."""
    try:
        connection = pymysql.connect(
            host=_setting("WAREHOUSE_HOST"),
            port=int(_setting("WAREHOUSE_PORT")),
            user=_setting("WAREHOUSE_USER"),
            password=_setting("WAREHOUSE_PASSWORD"),
            database=database,
            charset="utf8mb4",
            autocommit=True,
            cursorclass=pymysql.cursors.DictCursor,
        )
        with closing(connection), connection.cursor() as found:
            yield found
    except pymysql.MySQLError as error:
        code, text = (*error.args, "", "")[:2]
        raise WarehouseError(_down() if code in _MYSQL_DOWN else str(text or error)) from None


def cost(query: str, parameters: Sequence[object] | None = None) -> Mapping[str, Any]:
    """Run a query and tell what it took: milliseconds, rows and bytes scanned, memory, workload group.

    The figures come from the audit log, which a cluster writes once a minute: the answer may take as long. Raises
    WarehouseError as `sql` does, and where the log does not know the query by then.
    """
    with cursor() as asked:
        asked.execute(query, parameters)
        asked.fetchall()
        asked.execute("SELECT last_query_id() AS id")
        (this,) = asked.fetchall()
        for _ in range(_AUDIT_PATIENCE_S):
            asked.execute(_COST, (this["id"],))
            if found := asked.fetchone():
                return found
            time.sleep(1)
    raise WarehouseError(f"the audit log does not know the query {this['id']} after {_AUDIT_PATIENCE_S} s")


@contextmanager
def _reader(query: str) -> Iterator[pa.RecordBatchReader]:
    try:
        with _connected().cursor() as asked:
            asked.execute(query)
            yield asked.fetch_record_batch()
    except adbc.Error as error:
        raise WarehouseError(_down() if error.vendor_code == _FLIGHT_DOWN else _text(error)) from None


def _connected() -> adbc.Connection:
    """One connection for the notebook, made when it is first needed and again after it was lost."""
    for known in tuple(_connections):
        try:
            with known.cursor() as asked:
                asked.execute("SELECT 1")
                asked.fetchall()
        except adbc.Error:
            _connections.remove(known)
        else:
            return known
    address = f"grpc://{_setting('WAREHOUSE_HOST')}:{_setting('WAREHOUSE_FLIGHT_PORT')}"
    login = {"username": _setting("WAREHOUSE_USER"), "password": _setting("WAREHOUSE_PASSWORD")}
    made = adbc.connect(address, login, autocommit=True)
    _connections.append(made)
    return made


def _setting(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise WarehouseError(
            f"{name} is not set: JupyterHub gives it to people who have a warehouse user (nereus scientist add)"
        )
    return value


def _down() -> str:
    return f"the warehouse at {_setting('WAREHOUSE_HOST')} does not answer; ask the platform team, or try again later"


def _text(error: Exception) -> str:
    """The warehouse's own words, without what the layers between put around them."""
    text = str(error)
    told = text.partition("detailMessage = ")[2] or text.partition("[FlightSQL] ")[2] or text
    return told.partition(". Detail: ")[0].partition(" (Internal;")[0]
