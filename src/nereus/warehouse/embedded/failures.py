"""Errors of the engine beneath, and of our own code, as a client may see them."""

from __future__ import annotations

import logging
import re

import duckdb

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql.rows import told

#: How the engine tells that cooled rows could not be read: an error of ours within one of its own.
_REMOTE = re.compile(r"\bStoreError: (.*?)(?:\n\s*\nAt:|\Z)", re.DOTALL)

#: What a function of ours raised: its class and its text, followed by where in the source.
_FUNCTION = re.compile(r"Python exception occurred while executing the UDF: (\w+): ([^\n]*)")

_log = logging.getLogger(__name__)

#: What DuckDB writes in front of an error that a rule raised itself.
_RAISED = "Invalid Input Error: "
_UNFIT = re.compile(r"(Conversion|Out of Range) Error: ")


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
    if "No space left on device" in text:
        _log.error("the disk is full: %s", text)
        return DorisError("disk exceed limit usage: no space is left. Free some on the disk of the warehouse.")
    if isinstance(error, duckdb.FatalException):
        _log.error("the engine gave its file up: %s", text)
        return DorisError("the engine failed and starts again: the log of the warehouse says why")
    if "More than one row returned by a subquery" in text:
        return DorisError("correlate scalar subquery must return only 1 row")
    if "Max expression depth limit" in text:
        return DorisError("the embedded warehouse refuses a statement that is nested so deeply. Write it in parts.")
    if "Map keys must be unique" in text:
        return DorisError("the embedded warehouse refuses a map with a key twice. Write each key once.")
    if "Map keys can not be NULL" in text:
        return DorisError("the embedded warehouse refuses a map with a NULL as its key. Leave it out.")
    function = _FUNCTION.search(text)
    if function is not None and function[1] in told():
        return DorisError(f"INVALID_ARGUMENT: {function[2]}")
    if "Python exception occurred" in text:
        _log.error("a function failed: %s", text)
        return DorisError("a function failed in the embedded warehouse: its log says why")
    # pyarrow wraps what DuckDB raises while rows are read, and keeps its text.
    if isinstance(error, duckdb.InvalidInputException) or _RAISED in text:
        return DorisError(f"INVALID_ARGUMENT: {_first_line(text.rpartition(_RAISED)[2])}")
    if isinstance(error, duckdb.ConversionException | duckdb.OutOfRangeException) or _UNFIT.search(text):
        _log.info("a value did not fit: %s", text)
        return DorisError("INVALID_ARGUMENT: a value is out of range of its type, or cannot be read as one")
    if isinstance(error, duckdb.Error | OSError) or type(error).__module__.startswith("pyarrow"):
        _log.error("the engine failed: %s", text)
        tells = isinstance(error, duckdb.IOException | OSError)
        return DorisError("the engine failed: " + (_first_line(text) if tells else "the log of the warehouse says why"))
    _log.error("a statement failed unexpectedly", exc_info=error)
    return DorisError(f"the embedded warehouse failed: {type(error).__name__}: {_first_line(text)}")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the engine had no memory left; pyarrow wraps that while rows are read."""
    return isinstance(error, duckdb.OutOfMemoryException) or "Out of Memory Error" in str(error)


def _first_line(text: str) -> str:
    return text.partition("\n")[0]
