"""Arrow batches to framed rows of the MySQL binary protocol, which answers prepared statements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from nereus.warehouse.embedded.result import ResultColumn
from nereus.warehouse.embedded.types import DorisType
from nereus.warehouse.embedded.wire.encode import Cell, fixed_width, frame, length_encoded
from nereus.warehouse.embedded.wire.texts import is_stringlike, nulls, texts, time_micros

_Numbers = np.ndarray[Any, np.dtype[Any]]
#: Bits in front of the first column in a row's NULL bitmap.
_RESERVED_BITS = 2
_FIXED = {
    "boolean": np.int8,
    "tinyint": np.int8,
    "smallint": np.int16,
    "int": np.int32,
    "bigint": np.int64,
    "float": np.float32,
    "double": np.float64,
}
_SECOND, _DAY_SECONDS = 1_000_000, 86_400
#: Microseconds of the last digit, by fractional digits.
_STEPS = (1_000_000, 100_000, 10_000, 1_000, 100, 10, 1)


def encode_binary(
    batch: pa.RecordBatch, columns: Sequence[ResultColumn], sequence: int
) -> tuple[bytes | memoryview, int]:
    """Frame the rows of `batch` as binary-protocol packets; arguments and result as those of `encode_text`."""
    if batch.num_rows == 0:
        return b"", sequence
    cells = [_cell(array, column.type) for array, column in zip(batch.columns, columns, strict=True)]
    return frame([_bitmaps(batch, cells), *cells], batch.num_rows, sequence)


def _cell(array: pa.Array, of: DorisType) -> Cell:
    writer = _WRITERS.get(of.name)
    if writer is not None and not is_stringlike(array.type) and not pa.types.is_null(array.type):
        return writer(array, of)
    if of.name in _FIXED:
        # A SHOW statement may give a number as text; the column's type promises a number.
        return _fixed(array.cast(pa.from_numpy_dtype(_FIXED[of.name])), of)
    printed = length_encoded(texts(array, of))
    if array.null_count == 0 and printed.arrays[1].null_count == 0:
        return printed
    # NULL stands in the bitmap alone: the byte that marks it in text rows goes.
    missing = nulls(printed.arrays[1])
    prefix = pa.Array.from_buffers(
        pa.binary(), len(array), [pa.array(~missing).buffers()[1], *printed.arrays[0].buffers()[1:]]
    )
    return Cell((prefix, printed.arrays[1]), np.where(missing, 0, printed.sizes))


def _bitmaps(batch: pa.RecordBatch, cells: Sequence[Cell]) -> Cell:
    """The zero byte that opens a row, and a bit for each NULL."""
    width = (len(cells) + _RESERVED_BITS + 7) // 8
    bits = np.zeros((batch.num_rows, width * 8), bool)
    for index, cell in enumerate(cells):
        if cell.arrays[-1].null_count:
            bits[:, index + _RESERVED_BITS] = nulls(cell.arrays[-1])
    heads = np.zeros((batch.num_rows, 1 + width), np.uint8)
    heads[:, 1:] = np.packbits(bits, axis=1, bitorder="little")
    return Cell((fixed_width(heads, 1 + width),), np.full(batch.num_rows, 1 + width))


def _missing(array: pa.Array) -> _Numbers | None:
    return nulls(array) if array.null_count else None


def _fixed(array: pa.Array, of: DorisType) -> Cell:
    missing = _missing(array)
    wanted = np.dtype(_FIXED[of.name]).newbyteorder("<")
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    values = (array.fill_null(0) if missing is not None else array).to_numpy(zero_copy_only=False).astype(wanted)
    sizes = np.full(len(array), wanted.itemsize)
    if missing is not None:
        sizes[missing] = 0
    return Cell((fixed_width(values, wanted.itemsize, missing),), sizes)


def _dates(array: pa.Array, _of: DorisType) -> Cell:
    """Four bytes behind their number."""
    missing = _missing(array)
    days = array.cast(pa.date32()).cast(pa.int32()).fill_null(0).to_numpy().astype("datetime64[D]")
    table = np.zeros((len(array), 5), np.uint8)
    table[:, 0] = 4
    table[:, 1:] = _calendar(days)
    return _variable(table, np.full(len(array), 5), missing)


def _datetimes(array: pa.Array, of: DorisType) -> Cell:
    """Seven bytes behind their number, four at midnight; eleven where the type has fractional digits."""
    missing = _missing(array)
    micros = array.cast(pa.timestamp("us")).cast(pa.int64()).fill_null(0).to_numpy()
    micros = micros // _STEPS[of.scale or 0] * _STEPS[of.scale or 0]
    seconds, fraction = np.divmod(micros, _SECOND)
    days, clock = np.divmod(seconds, _DAY_SECONDS)
    table = np.zeros((len(array), 12), np.uint8)
    table[:, 1:5] = _calendar(days.astype("datetime64[D]"))
    table[:, 5], table[:, 6], table[:, 7] = clock // 3600, clock // 60 % 60, clock % 60
    table[:, 8:] = fraction.astype("<u4").view(np.uint8).reshape(-1, 4)
    table[:, 0] = 11 if of.scale else np.where(clock > 0, 7, 4)
    return _variable(table, table[:, 0].astype(np.int64) + 1, missing)


def _calendar(days: _Numbers) -> _Numbers:
    """Year (two bytes), month and day."""
    months = days.astype("datetime64[M]")
    years = days.astype("datetime64[Y]")
    parts = np.zeros((len(days), 4), np.uint8)
    parts[:, :2] = (years.astype(np.int64) + 1970).astype("<u2").view(np.uint8).reshape(-1, 2)
    parts[:, 2] = (months - years.astype("datetime64[M]")).astype(np.int64) + 1
    parts[:, 3] = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    return parts


def _variable(table: _Numbers, sizes: _Numbers, missing: _Numbers | None) -> Cell:
    """A cell of the first `sizes` bytes of each row of `table`."""
    if missing is not None:
        sizes = np.where(missing, 0, sizes)
    offsets = np.zeros(len(table) + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    data = table[np.arange(table.shape[1]) < sizes[:, None]]
    valid = None if missing is None else pa.array(~missing).buffers()[1]
    buffers = [valid, pa.py_buffer(offsets), pa.py_buffer(data)]
    return Cell((pa.Array.from_buffers(pa.binary(), len(table), buffers),), sizes)


def _times(array: pa.Array, of: DorisType) -> Cell:
    values = [None if micros is None else _time(micros, of.scale or 0) for micros in time_micros(array)]
    sizes = np.array([0 if value is None else len(value) for value in values])
    return Cell((pa.array(values, pa.binary()),), sizes)


def _time(micros: int, scale: int) -> bytes:
    rest = abs(micros) // _STEPS[scale] * _STEPS[scale]
    if rest == 0:
        return b"\0"
    seconds, fraction = divmod(rest, _SECOND)
    days, clock = divmod(seconds, _DAY_SECONDS)
    body = bytes((micros < 0,)) + days.to_bytes(4, "little") + bytes((clock // 3600, clock // 60 % 60, clock % 60))
    if fraction:
        return b"\x0c" + body + fraction.to_bytes(4, "little")
    return b"\x08" + body


_WRITERS: dict[str, Callable[[pa.Array, DorisType], Cell]] = {
    **dict.fromkeys(_FIXED, _fixed),
    "date": _dates,
    "datetime": _datetimes,
    "time": _times,
}
