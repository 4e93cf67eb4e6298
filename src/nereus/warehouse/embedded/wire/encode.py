"""Arrow batches to framed rows of the MySQL text protocol, by Arrow kernels.

One join over the columns makes a batch's rows; the data buffer of the joined array is what goes over the wire.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nereus.warehouse.embedded.result import ResultColumn
from nereus.warehouse.embedded.wire.few import few_texts
from nereus.warehouse.embedded.wire.texts import lengths, nulls, texts

#: Longest payload of one packet; a row as long as this, or longer, goes on in further packets.
PACKET_MAX = 0xFFFFFF
#: A chunk of encoded rows holds no more rows than this ...
CHUNK_ROWS = 16_384
#: ... and is cut so that it should not exceed this many bytes, a single wide row excepted.
CHUNK_BYTES = 4 << 20
#: Up to so many rows plain Python is quicker than calling kernels.
FEW_ROWS = 48

_Numbers = np.ndarray[Any, np.dtype[Any]]
_NOTHING = pa.scalar(b"")
_ONE_BYTE, _NULL = 251, 0xFB


class Cell(NamedTuple):
    """What one column adds to its rows: binary arrays behind one another, and their bytes per row.

    NULL in an array adds nothing.
    """

    arrays: tuple[pa.Array, ...]
    sizes: _Numbers


def slices(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Cut a batch into pieces that encode to bounded chunks."""
    rows = batch.num_rows
    if rows == 0:
        return
    per_row = max(1, batch.nbytes // rows)
    step = max(1, min(CHUNK_ROWS, CHUNK_BYTES // per_row))
    for start in range(0, rows, step):
        yield batch.slice(start, step)


def encode_text(
    batch: pa.RecordBatch, columns: Sequence[ResultColumn], sequence: int
) -> tuple[bytes | memoryview, int]:
    """Frame the rows of `batch` as text-protocol packets.

    Args:
        sequence: sequence number of the first packet, 0 to 255.

    Returns:
        The bytes and the sequence number of the packet that follows them.
    """
    if batch.num_rows <= FEW_ROWS:
        return _encode_few(batch, columns, sequence)
    cells = [length_encoded(texts(array, column.type)) for array, column in zip(batch.columns, columns, strict=True)]
    return frame(cells, batch.num_rows, sequence)


def _encode_few(batch: pa.RecordBatch, columns: Sequence[ResultColumn], sequence: int) -> tuple[bytes, int]:
    printed = [few_texts(array, column.type) for array, column in zip(batch.columns, columns, strict=True)]
    out = bytearray()
    for row in zip(*printed, strict=True):
        sequence = append_packets(out, b"".join(map(length_encoded_string, row)), sequence)
    return bytes(out), sequence


def length_encoded_string(value: bytes | None) -> bytes:
    return b"\xfb" if value is None else length_prefix(len(value)) + value


def length_prefix(size: int) -> bytes:
    """A length-encoded number."""
    if size < _ONE_BYTE:
        return size.to_bytes(1, "little")
    width, mark = (2, b"\xfc") if size < 1 << 16 else (3, b"\xfd") if size < 1 << 24 else (8, b"\xfe")
    return mark + size.to_bytes(width, "little")


def length_encoded(values: pa.Array) -> Cell:
    """A column of length-encoded strings; NULL is the one byte 0xFB."""
    sizes = lengths(values)
    missing = nulls(values) if values.null_count else None
    if not len(sizes) or int(sizes.max()) < _ONE_BYTE:
        heads = sizes.astype(np.uint8)
        if missing is not None:
            heads[missing] = _NULL
        return Cell((fixed_width(heads, 1), values), sizes + 1)
    prefixes, widths = _prefixes(sizes, missing)
    return Cell((prefixes, values), sizes + widths)


def _prefixes(sizes: _Numbers, missing: _Numbers | None) -> tuple[pa.Array, _Numbers]:
    """Length prefixes of 1, 3, 4 or 9 bytes: all of them padded to nine columns, then the unused ones left out."""
    steps = [sizes < _ONE_BYTE, sizes < 1 << 16, sizes < 1 << 24]
    widths = np.select(steps, [1, 3, 4], 9)
    table = np.zeros((len(sizes), 9), np.uint8)
    table[:, 0] = np.select(steps, [sizes, 0xFC, 0xFD], 0xFE)
    wide = widths > 1
    table[wide, 1:] = sizes[wide].astype("<u8").view(np.uint8).reshape(-1, 8)
    if missing is not None:
        table[missing, 0] = _NULL
    data = table[np.arange(9) < widths[:, None]]
    offsets = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(widths, out=offsets[1:])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(sizes), buffers), widths


_STEPS = np.arange(CHUNK_ROWS + 1, dtype=np.int32)


def fixed_width(data: _Numbers, width: int, missing: _Numbers | None = None) -> pa.Array:
    """A binary array over a buffer of values of `width` bytes; `missing` marks the NULL ones."""
    count = data.nbytes // width
    steps = _STEPS[: count + 1] if count <= CHUNK_ROWS else np.arange(count + 1, dtype=np.int32)
    offsets = steps if width == 1 else steps * width
    valid = None if missing is None else pa.array(~missing).buffers()[1]
    buffers = [valid, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.Array.from_buffers(pa.binary(), count, buffers)


def frame(cells: Sequence[Cell], rows: int, sequence: int) -> tuple[bytes | memoryview, int]:
    """Join the cells of each row and put the packet headers in front."""
    if rows == 0:
        return b"", sequence
    sizes = np.zeros(rows, np.int64)
    for cell in cells:
        sizes += cell.sizes
    arrays = [array for cell in cells for array in cell.arrays]
    if int(sizes.max()) >= PACKET_MAX:
        return _frame_wide(_joined(arrays), sequence)
    numbers = (np.arange(sequence, sequence + rows, dtype=np.uint32) & 0xFF) << 24
    headers = fixed_width((sizes.astype(np.uint32) | numbers).astype("<u4", copy=False), 4)
    joined = _joined([headers, *arrays])
    return _data(joined), (sequence + rows) & 0xFF


def _joined(arrays: Sequence[pa.Array]) -> pa.Array:
    return pc.binary_join_element_wise(*arrays, _NOTHING, null_handling="replace", null_replacement="")


def _data(array: pa.Array) -> memoryview:
    offsets = np.frombuffer(array.buffers()[1], np.int32, len(array) + 1, array.offset * 4)
    return memoryview(array.buffers()[2])[int(offsets[0]) : int(offsets[-1])]


def _frame_wide(rows: pa.Array, sequence: int) -> tuple[bytes, int]:
    """Rows of which at least one needs several packets: a payload of exactly 16 MB - 1 is followed by a shorter one."""
    out = bytearray()
    for index in range(len(rows)):
        payload = memoryview(rows[index].as_buffer())
        sequence = append_packets(out, payload, sequence)
    return bytes(out), sequence


def append_packets(out: bytearray, payload: bytes | memoryview, sequence: int) -> int:
    """Append one payload as one packet or more; returns the next sequence number."""
    start = 0
    while True:
        piece = payload[start : start + PACKET_MAX]
        out += (len(piece) | sequence << 24).to_bytes(4, "little")
        out += piece
        sequence = (sequence + 1) & 0xFF
        start += PACKET_MAX
        if len(piece) < PACKET_MAX:
            return sequence
