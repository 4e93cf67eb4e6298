"""The text of a value as Doris' MySQL result writer prints it, for whole Arrow arrays.

Every function keeps NULL as NULL and returns an array of `pa.binary()`; no loop over the rows where a kernel exists.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nereus.warehouse.embedded.types import DorisType

#: Aggregation states have no text: Doris sends NULL for them.
_OPAQUE = frozenset({"bitmap", "hll", "quantile_state"})
_NESTED = frozenset({"array", "map", "struct"})
#: Guards the formatter's root connection, from which every call takes a cursor of its own.
_FORMATTING = threading.Lock()
#: Below so many floating-point values Python's own formatting beats a DuckDB query.
_FEW = 4096
#: Arrow writes a decimal in scientific notation once its first digit stands behind so many zeros.
_PLAIN_SCALE = 6
_MICROS = {"hour": 3_600_000_000, "minute": 60_000_000, "second": 1_000_000}
#: Doris' TIME ends at 838:59:59.
_TIME_MAX = 838 * _MICROS["hour"] + 59 * _MICROS["minute"] + 59 * _MICROS["second"]
_DAY_MICROS = 24 * _MICROS["hour"]


def texts(array: pa.Array, of: DorisType) -> pa.Array:
    """The texts of `array`, whose values have the Doris type `of`.

    An array of strings passes as it stands whatever its type: SHOW statements give ready texts.

    Raises pa.ArrowInvalid where the Arrow data cannot hold values of the Doris type.
    """
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if of.name in _OPAQUE or pa.types.is_null(array.type):
        return pa.nulls(len(array), pa.binary())
    if is_stringlike(array.type):
        return as_binary(array)
    if of.name in _NESTED:
        from nereus.warehouse.embedded.wire import nested

        return nested.texts(array, of)
    return _WRITERS[of.name](array, of)


def is_stringlike(kind: pa.DataType) -> bool:
    tests: Iterable[Callable[[pa.DataType], bool]] = (
        pa.types.is_string,
        pa.types.is_binary,
        pa.types.is_large_string,
        pa.types.is_large_binary,
        pa.types.is_string_view,
        pa.types.is_binary_view,
    )
    return any(test(kind) for test in tests)


def as_binary(array: pa.Array) -> pa.Array:
    """The same bytes typed `binary`; a plain string array is not copied."""
    if array.type == pa.string():
        return pa.Array.from_buffers(pa.binary(), len(array), array.buffers(), array.null_count, array.offset)
    return array.cast(pa.binary())


def _integers(array: pa.Array, _of: DorisType) -> pa.Array:
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.uint8())
    return as_binary(array.cast(pa.string()))


def _decimals(array: pa.Array, of: DorisType) -> pa.Array:
    """All declared fractional digits, never an exponent: ``1.50``, ``0.00000001``."""
    scale = of.scale or 0
    if not (pa.types.is_decimal128(array.type) and array.type.scale == scale):
        array = array.cast(pa.decimal128(38, scale))
    if scale <= _PLAIN_SCALE:
        return as_binary(array.cast(pa.string()))
    unscaled = pa.Array.from_buffers(
        pa.decimal128(38, 0), len(array), array.buffers(), array.null_count, array.offset
    ).cast(pa.string())
    negative = pc.starts_with(unscaled, "-")
    digits = pc.utf8_lpad(pc.utf8_ltrim(unscaled, "-"), scale + 1, "0")
    dotted = pc.binary_replace_slice(as_binary(digits), -scale, -scale, b".")
    sign = pc.if_else(negative, pa.scalar(b"-"), pa.scalar(b""))
    return pc.binary_join_element_wise(sign, dotted, pa.scalar(b""))


def _floats(array: pa.Array, of: DorisType) -> pa.Array:
    """C's ``%.16g`` for a double and ``%.7g`` for a float, with ``NaN`` and ``Infinity``."""
    digits = 7 if of.name == "float" else 16
    if not pa.types.is_floating(array.type):
        array = array.cast(pa.float64())
    if len(array) < _FEW:
        found = [None if value is None else float_text(value, digits) for value in array.to_pylist()]
        return as_binary(pa.array(found, pa.string()))
    printed = _formatted(array, digits)
    if not pc.all(pc.is_finite(array)).as_py():
        printed = pc.if_else(pc.is_nan(array), "NaN", printed)
        infinity = pc.if_else(pc.greater(array, 0), "Infinity", "-Infinity")
        printed = pc.if_else(pc.is_inf(array), infinity, printed)
    return as_binary(printed)


def float_text(value: float, digits: int) -> str:
    """One double (`digits` 16) or float (7) as Doris prints it."""
    if math.isfinite(value):
        return f"{value:.{digits}g}"
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


@cache
def _formatter() -> duckdb.DuckDBPyConnection:
    """An empty in-memory database that only prints numbers: its formatting library is the one Doris uses."""
    options: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "enable_external_access": "false"}
    return duckdb.connect(":memory:", config=options)


def _formatted(array: pa.Array, digits: int) -> pa.Array:
    with _FORMATTING:
        cursor = _formatter().cursor()
    relation = cursor.from_arrow(pa.table({"v": array}))
    column = relation.project(f"format('{{:.{digits}g}}', v) AS v").to_arrow_table().column("v")
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _dates(array: pa.Array, _of: DorisType) -> pa.Array:
    if not pa.types.is_date32(array.type):
        array = array.cast(pa.date32())
    return as_binary(array.cast(pa.string()))


def _datetimes(array: pa.Array, of: DorisType) -> pa.Array:
    """Exactly `of.scale` fractional digits: ``2024-01-01 10:00:00.000`` for datetime(3); digits behind are cut."""
    scale = of.scale or 0
    if array.type != pa.timestamp("us"):
        array = array.cast(pa.timestamp("us"))
    printed = as_binary(array.cast(pa.string()))
    if scale == _PLAIN_SCALE:
        return printed
    return pc.binary_slice(printed, 0, 20 + scale if scale else 19)


def _times(array: pa.Array, of: DorisType) -> pa.Array:
    found = [None if micros is None else time_text(micros, of.scale or 0) for micros in time_micros(array)]
    return as_binary(pa.array(found, pa.string()))


def time_micros(array: pa.Array) -> list[int | None]:
    """Signed microseconds of each TIME, within Doris' bounds of 838:59:59."""
    if pa.types.is_time(array.type):
        array = array.cast(pa.time64("us")).cast(pa.int64())
    if pa.types.is_integer(array.type):
        values: list[Any] = array.to_pylist()
    else:
        values = [
            None if value is None else (value[0] * 30 + value[1]) * _DAY_MICROS + value[2] // 1000
            for value in array.cast(pa.month_day_nano_interval()).to_pylist()
        ]
    return [None if value is None else max(-_TIME_MAX, min(_TIME_MAX, value)) for value in values]


def time_text(micros: int, scale: int) -> str:
    """``01:01:01`` or ``-838:59:59.000``."""
    sign = "-" if micros < 0 else ""
    hours, rest = divmod(abs(micros), _MICROS["hour"])
    minutes, rest = divmod(rest, _MICROS["minute"])
    seconds, rest = divmod(rest, _MICROS["second"])
    fraction = f".{rest:06d}"[: scale + 1] if scale else ""
    return f"{sign}{hours:02d}:{minutes:02d}:{seconds:02d}{fraction}"


def lengths(array: pa.Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Bytes of each value of a binary array; 0 for NULL."""
    raw = array.buffers()[1]
    if raw is None or len(array) == 0:
        return np.zeros(len(array), np.int64)
    offsets = np.frombuffer(raw, np.int32, len(array) + 1, array.offset * 4)
    found = np.diff(offsets).astype(np.int64)
    if array.null_count:
        found[nulls(array)] = 0
    return found


def nulls(array: pa.Array) -> np.ndarray[Any, np.dtype[np.bool_]]:
    mask: np.ndarray[Any, np.dtype[np.bool_]] = array.is_null().to_numpy(zero_copy_only=False)
    return mask


_WRITERS: dict[str, Callable[[pa.Array, DorisType], pa.Array]] = {
    **dict.fromkeys(("null", "boolean", "tinyint", "smallint", "int", "bigint", "largeint"), _integers),
    "decimal": _decimals,
    "float": _floats,
    "double": _floats,
    "date": _dates,
    "datetime": _datetimes,
    "time": _times,
    **dict.fromkeys(("char", "varchar", "string", "json", "variant", "ipv4", "ipv6"), lambda array, _of: array),
}
