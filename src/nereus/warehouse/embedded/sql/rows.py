"""Python functions of one row, made known to DuckDB as functions of Arrow columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

#: DuckDB's name -> function of Arrow columns, types of the arguments, type of the result.
ColumnFunctions = Mapping[str, tuple[Callable[..., Any], list[str], str]]


class Told(ValueError):
    """Why a function gives no answer for a row, in words for the client. Anything else that is raised is a fault."""


def told() -> frozenset[str]:
    """The names of `Told` and its subclasses: DuckDB keeps no more of an error than its class' name and its text."""
    found: list[type[Told]] = [Told]
    for kind in found:
        found += kind.__subclasses__()
    return frozenset(kind.__name__ for kind in found)


def by_row(function: Callable[..., Any], result: pa.DataType) -> Callable[..., Any]:
    """A function of the values of one row as a function of columns; NULL in gives NULL out."""

    def columns(*arguments: Any) -> Any:  # noqa: ANN401 - Arrow arrays
        rows = zip(*(argument.to_pylist() for argument in arguments), strict=True)
        return pa.array([None if None in row else function(*row) for row in rows], result)

    columns.__signature__ = signature(function)  # type: ignore[attr-defined] # DuckDB counts the parameters
    return columns


def register(connection: duckdb.DuckDBPyConnection, functions: ColumnFunctions) -> None:
    """Make functions known to every connection of the same database. Call it once per database."""
    for name, (function, arguments, result) in functions.items():
        connection.create_function(
            name,
            function,
            [connection.sqltype(argument) for argument in arguments],
            connection.sqltype(result),
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )
