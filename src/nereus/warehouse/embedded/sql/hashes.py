"""MurmurHash2 in 64 bits with Doris' seed, and the estimate of its HyperLogLog, over whole columns.

Source: Apache Doris 4.0, the backend's hash utilities and HyperLogLog (16,384 registers, 160 explicit values).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PRIME = np.uint64(0xC6A4A7935BD1E995)
_SEED = np.uint64(0xADC83B19)
_SHIFT = np.uint64(47)

#: Registers of a HyperLogLog.
REGISTERS = 16384
#: So many values are counted exactly.
EXPLICIT = 160
#: Below this estimate Doris corrects for the bias of small counts.
_CORRECTED_BELOW = 72000

_Hashes = NDArray[np.uint64]


def of_texts(column: Any) -> _Hashes:  # noqa: ANN401 - pyarrow has no types
    """Hashes of a large_binary array without NULLs, by the bytes of each value."""
    count = len(column)
    _, offset_buffer, data_buffer = column.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64, count + 1, column.offset * 8) if count else np.zeros(1, np.int64)
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer is not None else np.zeros(0, np.uint8)
    lengths = np.diff(offsets)
    found = np.zeros(count, np.uint64)
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        places = offsets[rows][:, None] + np.arange(length)[None, :]
        found[rows] = of_bytes(data[places])
    return found


def of_integers(values: NDArray[Any], width: int) -> _Hashes:
    """Hashes of integers as they lie in `width` bytes (1, 2, 4 or 8)."""
    return of_bytes(np.ascontiguousarray(values.astype("<i8")).view(np.uint8).reshape(-1, 8)[:, :width])


def of_wide_integers(low: NDArray[Any], high: NDArray[Any]) -> _Hashes:
    """Hashes of integers of 16 bytes, given as their lower and upper halves."""
    halves = np.column_stack([low.astype("<u8"), high.astype("<i8").view("<u8")])
    return of_bytes(np.ascontiguousarray(halves).view(np.uint8).reshape(-1, 16))


def of_floats(values: NDArray[Any]) -> _Hashes:
    """Hashes of floats by their bits, 4 or 8 bytes as the array has them."""
    return of_bytes(np.ascontiguousarray(values).view(np.uint8).reshape(len(values), values.itemsize))


def of_bytes(rows: NDArray[np.uint8]) -> _Hashes:
    """Hashes of the rows of a matrix of bytes."""
    count, length = rows.shape
    with np.errstate(over="ignore"):
        found = np.full(count, _SEED ^ (np.uint64(length) * _PRIME), np.uint64)
        whole = length // 8 * 8
        for start in range(0, whole, 8):
            block = np.ascontiguousarray(rows[:, start : start + 8]).view("<u8").reshape(count) * _PRIME
            block ^= block >> _SHIFT
            found = (found ^ (block * _PRIME)) * _PRIME
        for place in range(whole, length):
            found ^= rows[:, place].astype(np.uint64) << np.uint64(8 * (place - whole))
        if length > whole:
            found *= _PRIME
        found ^= found >> _SHIFT
        found *= _PRIME
        return found ^ (found >> _SHIFT)


def estimate(packed: NDArray[Any]) -> int:
    """The count that Doris estimates. `packed` holds register * 64 + rank, in any order, repeated or not."""
    registers = np.zeros(REGISTERS, np.uint8)
    np.maximum.at(registers, packed >> 6, (packed & 63).astype(np.uint8))
    # One after the other in single precision, as Doris adds them.
    total = np.cumsum(np.exp2(-registers.astype(np.float32)), dtype=np.float32)[-1]
    alpha = np.float32(0.7213) / (np.float32(1) + np.float32(1.079) / np.float32(REGISTERS))
    mean = np.float32(1) / total
    found = float(alpha * np.float32(REGISTERS) * np.float32(REGISTERS) * mean)
    zeros = int((registers == 0).sum())
    if found <= REGISTERS * 2.5 and zeros:
        found = REGISTERS * math.log(REGISTERS / zeros)
    elif found < _CORRECTED_BELOW:
        bias = 5.9119 * 1.0e-18 * (found * found * found * found) - 1.4253 * 1.0e-12 * (found * found * found)
        bias = bias + 1.2940 * 1.0e-7 * (found * found) - 5.2921 * 1.0e-3 * found + 83.3216
        found -= found * (bias / 100)
    return int(found + 0.5)
