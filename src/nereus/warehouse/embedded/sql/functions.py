"""Functions that DuckDB cannot express, registered with it: whole columns of Arrow in, one column out.

They are called by rules only; user text never names a function of DuckDB. NULL in gives NULL out.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from duckdb.func import PythonUDFType
from numpy.typing import NDArray

from nereus.warehouse.embedded.sql import digests, hashes

#: One row's list of values and the other arguments of the row -> the row's answer.
_RowFunction = Callable[..., Any]


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to every connection of the same database. Call it once per database."""
    for name, (function, arguments, result) in _FUNCTIONS.items():
        connection.create_function(name, function, [*arguments], result, type=PythonUDFType.ARROW)


def _numbers(column: Any) -> NDArray[Any]:  # noqa: ANN401 - an Arrow array of any type
    return np.asarray(_flat(column).to_numpy(zero_copy_only=False))


def _flat(column: Any) -> Any:  # noqa: ANN401 - an Arrow array of any type
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _hash_text(column: Any) -> Any:  # noqa: ANN401
    return pa.array(hashes.of_texts(_flat(column).cast(pa.large_binary())), pa.uint64())


def _hash_integers(column: Any, width: Any) -> Any:  # noqa: ANN401
    return pa.array(hashes.of_integers(_numbers(column), int(_numbers(width)[0])), pa.uint64())


def _hash_wide(low: Any, high: Any) -> Any:  # noqa: ANN401
    return pa.array(hashes.of_wide_integers(_numbers(low), _numbers(high)), pa.uint64())


def _hash_double(column: Any) -> Any:  # noqa: ANN401
    return pa.array(hashes.of_floats(_numbers(column).astype(np.float64)), pa.uint64())


def _hash_float(column: Any) -> Any:  # noqa: ANN401
    return pa.array(hashes.of_floats(_numbers(column).astype(np.float32)), pa.uint64())


def _of_lists(function: _RowFunction, result: pa.DataType) -> Callable[..., Any]:
    """A function of one list, as a function of a column of lists."""

    def column(lists: Any) -> Any:  # noqa: ANN401
        return pa.array([function(values) for values in _rows(lists)], result)

    return column


def _of_lists_and_numbers(function: _RowFunction, result: pa.DataType) -> Callable[..., Any]:
    """A function of one list and a number, as a function of two columns."""

    def column(lists: Any, numbers: Any) -> Any:  # noqa: ANN401
        pairs = zip(_rows(lists), _numbers(numbers), strict=True)
        return pa.array([function(values, number) for values, number in pairs], result)

    return column


def _rows(lists: Any) -> list[NDArray[Any]]:  # noqa: ANN401
    lists = _flat(lists)
    values = np.asarray(lists.values.to_numpy(zero_copy_only=False))
    ends = np.asarray(lists.offsets.to_numpy())
    return [values[start:end] for start, end in pairwise(ends)]


_FUNCTIONS: dict[str, tuple[Callable[..., Any], list[str], str]] = {
    "doris_hash_text": (_hash_text, ["VARCHAR"], "UBIGINT"),
    "doris_hash_integer": (_hash_integers, ["BIGINT", "INTEGER"], "UBIGINT"),
    "doris_hash_wide": (_hash_wide, ["UBIGINT", "BIGINT"], "UBIGINT"),
    "doris_hash_double": (_hash_double, ["DOUBLE"], "UBIGINT"),
    "doris_hash_float": (_hash_float, ["FLOAT"], "UBIGINT"),
    "doris_hll_estimate": (_of_lists(hashes.estimate, pa.int64()), ["UINTEGER[]"], "BIGINT"),
    "doris_digest_quantile": (_of_lists_and_numbers(digests.quantile, pa.float64()), ["DOUBLE[]", "DOUBLE"], "DOUBLE"),
}
