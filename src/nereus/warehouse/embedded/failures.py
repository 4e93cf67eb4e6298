"""Errors of the engine beneath, and of our own code, as a client may see them."""

from __future__ import annotations

import logging
import re

import duckdb

from nereus.warehouse.embedded.errors import DorisError

#: How the engine tells that cooled rows could not be read: an error of ours within one of its own.
_REMOTE = re.compile(r"\bStoreError: (.*?)(?:\n\s*\nAt:|\Z)", re.DOTALL)

_log = logging.getLogger(__name__)


def to_doris(error: BaseException) -> DorisError:
    """The error packet for whatever a statement raised. Unexpected errors are logged with their traceback."""
    if isinstance(error, DorisError):
        return error
    text = str(error).strip()
    remote = _REMOTE.search(text)
    if remote is not None:
        return DorisError(remote[1].strip())
    if isinstance(error, duckdb.InterruptException) or "INTERRUPT Error" in text:
        return DorisError("the query was cancelled")
    if is_out_of_memory(error):
        return DorisError(f"MEM_LIMIT_EXCEEDED: {_first_line(text)}")
    if "More than one row returned by a subquery" in text:
        return DorisError("correlate scalar subquery must return only 1 row")
    if isinstance(error, duckdb.ConversionException | duckdb.OutOfRangeException | duckdb.InvalidInputException):
        return DorisError(f"INVALID_ARGUMENT: {_first_line(text)}")
    # pyarrow wraps what DuckDB raises while rows are read.
    if isinstance(error, duckdb.Error | OSError) or type(error).__module__.startswith("pyarrow"):
        _log.error("the engine failed: %s", text)
        return DorisError(f"the engine failed: {_first_line(text)}")
    _log.error("a statement failed unexpectedly", exc_info=error)
    return DorisError(f"the embedded warehouse failed: {type(error).__name__}: {_first_line(text)}")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the engine had no memory left; pyarrow wraps that while rows are read."""
    return isinstance(error, duckdb.OutOfMemoryException) or "Out of Memory Error" in str(error)


def _first_line(text: str) -> str:
    return text.partition("\n")[0]
