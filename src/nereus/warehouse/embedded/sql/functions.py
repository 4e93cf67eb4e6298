"""Functions that DuckDB cannot express, registered with it: whole columns of Arrow in, one column out.

They are called by rules only; user text never names a function of DuckDB. NULL in gives NULL out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from inspect import Parameter, Signature
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from duckdb.func import PythonUDFType
from numpy.typing import NDArray

from nereus.warehouse.embedded.sql import (
    digests,
    funnels,
    hashes,
    json_functions,
    number_functions,
    text_functions,
    url_functions,
)

#: One row's list of values and the other arguments of the row -> the row's answer.
_RowFunction = Callable[..., Any]


#: What a function of events gives where the order of simultaneous events would decide.
OPEN = -1


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to every connection of the same database. Call it once per database."""
    for name, (function, arguments, result) in _FUNCTIONS.items():
        # A str as a type would ask DuckDB's shared connection. (Any: the stub's list takes no list of one kind.)
        types: list[Any] = [connection.sqltype(argument) for argument in arguments]
        connection.create_function(name, function, types, connection.sqltype(result), type=PythonUDFType.ARROW)
    json_functions.register(connection)
    text_functions.register(connection)
    number_functions.register(connection)
    url_functions.register(connection)


def _numbers(column: Any) -> NDArray[Any]:  # noqa: ANN401 - an Arrow array of any type
    return np.asarray(_flat(column).to_numpy(zero_copy_only=False))


def _flat(column: Any) -> Any:  # noqa: ANN401 - an Arrow array of any type
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _hash_text(column: Any) -> Any:  # noqa: ANN401
    return pa.array(hashes.of_texts(_flat(column).cast(pa.large_binary())), pa.uint64())


def _murmur3(bits: int) -> Callable[..., Any]:
    """Hashes as signed integers of 64 bits; those of 32 bits are not negative."""

    def column(texts: Any, seeds: Any) -> Any:  # noqa: ANN401
        unsigned = _numbers(seeds).astype(np.int64).view(np.uint64)
        found = hashes.murmur3(_flat(texts).cast(pa.large_binary()), bits, unsigned)
        return pa.array(found.view(np.int64), pa.int64())

    return column


def _hash_integers(column: Any, width: Any) -> Any:  # noqa: ANN401
    # DuckDB may ask with no rows at all, to learn what a plan gives.
    found: Any = hashes.of_integers(_numbers(column), int(_numbers(width)[0])) if len(column) else []
    return pa.array(found, pa.uint64())


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


def _minus(left: Any, right: Any) -> Any:  # noqa: ANN401
    pairs = zip(_rows(left), _rows(right), strict=True)
    return _bitmaps([np.setdiff1d(one, other, assume_unique=True) for one, other in pairs])


def _xor(left: Any, right: Any) -> Any:  # noqa: ANN401
    pairs = zip(_rows(left), _rows(right), strict=True)
    return _bitmaps([np.setxor1d(one, other, assume_unique=True) for one, other in pairs])


def _odd(lists: Any) -> Any:  # noqa: ANN401
    """What a list holds an odd number of times, sorted."""
    found = []
    for values in _rows(lists):
        members, counts = np.unique(values, return_counts=True)
        found.append(members[counts % 2 == 1])
    return _bitmaps(found)


def _intersect(groups: Any) -> Any:  # noqa: ANN401
    """What all lists of a list have in common, sorted."""
    groups = _flat(groups)
    ends, lists = np.asarray(groups.offsets.to_numpy()), _rows(groups.values)
    common = partial(np.intersect1d, assume_unique=True)
    return _bitmaps([reduce(common, lists[start:end]) for start, end in pairwise(ends)])


def _hll_of(lists: Any) -> Any:  # noqa: ANN401
    return _bitmaps([hashes.merged([values]) for values in _rows(lists)])


def _hll_merge(groups: Any) -> Any:  # noqa: ANN401
    groups = _flat(groups)
    ends, lists = np.asarray(groups.offsets.to_numpy()), _rows(groups.values)
    return _bitmaps([hashes.merged(lists[start:end]) for start, end in pairwise(ends)])


def _of_events(function: Callable[..., int | None], arguments: int) -> Callable[..., Any]:
    """A function of the events of a group and of constants, as a function of columns."""

    def column(lists: Any, *constants: Any) -> Any:  # noqa: ANN401
        lists = _flat(lists)
        moments, masks = (lists.values.field(i).to_pylist() for i in range(2))
        given = [constant[0].as_py() for constant in map(_flat, constants)] if len(lists) else []
        spans = pairwise(lists.offsets.to_pylist())
        found = [function([*zip(moments[a:b], masks[a:b], strict=True)], *given) for a, b in spans]
        return pa.array([OPEN if answer is None else answer for answer in found], pa.int64())

    parameters = [Parameter(f"p{i}", Parameter.POSITIONAL_ONLY) for i in range(arguments)]
    column.__signature__ = Signature(parameters)  # type: ignore[attr-defined] # DuckDB counts the parameters
    return column


def _bitmaps(rows: list[NDArray[Any]]) -> Any:  # noqa: ANN401
    ends = np.cumsum([0, *map(len, rows)])
    values = np.concatenate([np.zeros(0, np.uint64), *rows]).astype(np.uint64)
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.array(values, pa.uint64()))


#: Moments in microseconds with masks of conditions.
_EVENTS = "STRUCT(t BIGINT, m BIGINT)[]"

_FUNCTIONS: dict[str, tuple[Callable[..., Any], list[str], str]] = {
    "doris_hash_text": (_hash_text, ["VARCHAR"], "UBIGINT"),
    "doris_hash_integer": (_hash_integers, ["BIGINT", "INTEGER"], "UBIGINT"),
    "doris_hash_wide": (_hash_wide, ["UBIGINT", "BIGINT"], "UBIGINT"),
    "doris_hash_double": (_hash_double, ["DOUBLE"], "UBIGINT"),
    "doris_hash_float": (_hash_float, ["FLOAT"], "UBIGINT"),
    "doris_murmur3_32": (_murmur3(32), ["VARCHAR", "BIGINT"], "BIGINT"),
    "doris_murmur3_64": (_murmur3(64), ["VARCHAR", "BIGINT"], "BIGINT"),
    "doris_ndv": (_of_lists(hashes.added, pa.int64()), ["UBIGINT[]"], "BIGINT"),
    "doris_hll_of": (_hll_of, ["UBIGINT[]"], "UBIGINT[]"),
    "doris_hll_merge": (_hll_merge, ["UBIGINT[][]"], "UBIGINT[]"),
    "doris_hll_cardinality": (_of_lists(hashes.cardinality, pa.int64()), ["UBIGINT[]"], "BIGINT"),
    "doris_digest_quantile": (_of_lists_and_numbers(digests.quantile, pa.float64()), ["DOUBLE[]", "DOUBLE"], "DOUBLE"),
    "doris_window_funnel": (_of_events(funnels.funnel, 4), [_EVENTS, "BIGINT", "VARCHAR", "BIGINT"], "BIGINT"),
    "doris_sequence_match": (_of_events(funnels.matches, 2), [_EVENTS, "VARCHAR"], "BIGINT"),
    "doris_sequence_count": (_of_events(funnels.count, 2), [_EVENTS, "VARCHAR"], "BIGINT"),
    "doris_bitmap_minus": (_minus, ["UBIGINT[]", "UBIGINT[]"], "UBIGINT[]"),
    "doris_bitmap_xor": (_xor, ["UBIGINT[]", "UBIGINT[]"], "UBIGINT[]"),
    "doris_bitmap_odd": (_odd, ["UBIGINT[]"], "UBIGINT[]"),
    "doris_bitmap_intersect": (_intersect, ["UBIGINT[][]"], "UBIGINT[]"),
}
