"""Queries of the warehouse as data frames, Arrow tables or rows.

Rows come over Arrow Flight SQL, which carries a million of them in well under a second; `cursor` speaks the MySQL
protocol, for tools that want a database connection. Both work the same against Apache Doris.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import adbc_driver_flightsql.dbapi as adbc
import pandas as pd
import pyarrow as pa
import pymysql

__all__ = ["WarehouseError", "arrow", "batches", "cost", "cursor", "sql"]

#: What `sql` brings into memory unless more is asked for.
MOST_ROWS = 5_000_000

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
    """A cursor of a MySQL connection of its own, which is closed behind the block."""
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
    try:
        with connection.cursor() as found:
            yield found
    finally:
        connection.close()


def cost(query: str, parameters: Sequence[object] | None = None) -> Mapping[str, Any]:
    """Run a query and tell what it took, from the warehouse's audit log: milliseconds, rows and bytes scanned."""
    with cursor() as asked:
        asked.execute(query, parameters)
        asked.fetchall()
        asked.execute("SELECT last_query_id() AS id")
        found = asked.fetchone()
        asked.execute(
            "SELECT query_time AS milliseconds, scan_rows, scan_bytes, return_rows, workload_group"
            " FROM __internal_schema.audit_log WHERE query_id = %s",
            (found["id"] if found else "",),
        )
        return asked.fetchone() or {}


@contextmanager
def _reader(query: str) -> Iterator[pa.RecordBatchReader]:
    try:
        with _connected().cursor() as asked:
            asked.execute(query)
            yield asked.fetch_record_batch()
    except adbc.Error as error:
        raise WarehouseError(_text(error)) from None


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
        raise WarehouseError(f"{name} is not set: open the notebook through JupyterHub, which knows the warehouse")
    return value


def _text(error: Exception) -> str:
    """The warehouse's own words, without what the layers between put around them."""
    text = str(error)
    told = text.partition("detailMessage = ")[2] or text.partition("[FlightSQL] ")[2] or text
    return told.partition(". Detail: ")[0].partition(" (Internal;")[0]
