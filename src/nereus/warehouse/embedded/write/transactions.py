"""Transactions on a caller's cursor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb


@contextmanager
def transaction(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Begin one; roll back whatever the body did not commit."""
    cursor.begin()
    try:
        yield
    except BaseException:
        # A failed COMMIT has already ended the transaction; then there is nothing to roll back.
        with suppress(duckdb.TransactionException):
            cursor.rollback()
        raise


def count(cursor: duckdb.DuckDBPyConnection) -> int:
    """The one number that a statement answered."""
    row = cursor.fetchone()
    return 0 if row is None else int(row[0])
