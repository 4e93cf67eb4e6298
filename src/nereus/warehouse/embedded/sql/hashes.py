"""Doris' hashes over whole columns (MurmurHash2 in 64 bits, MurmurHash3 in 32 and 64), and its HyperLogLog's estimate.

Source: Apache Doris 4.0, the backend's hash utilities and HyperLogLog (16,384 registers, 160 explicit values).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PRIME = np.uint64(0xC6A4A7935BD1E995)
_SEED = np.uint64(0xADC83B19)
_SHIFT = np.uint64(47)

_LOW = np.uint64(0xFFFFFFFF)
_NOTHING = np.zeros(0, np.uint64)

#: The seed with which Doris starts MurmurHash3 in 32 bits; in 64 bits it starts with 0.
MURMUR3_32_SEED = 104729
#: Registers of a HyperLogLog.
REGISTERS = 16384
#: So many values are counted exactly.
EXPLICIT = 160
#: Below this estimate Doris corrects for the bias of small counts.
_CORRECTED_BELOW = 72000

_Hashes = NDArray[np.uint64]


def of_texts(column: Any) -> _Hashes:  # noqa: ANN401 - pyarrow has no types
    """MurmurHash2 of a large_binary array without NULLs, by the bytes of each value."""
    found = np.zeros(len(column), np.uint64)
    for rows, matrix in _by_length(column):
        found[rows] = of_bytes(matrix)
    return found


def murmur3(column: Any, bits: int, seeds: NDArray[Any]) -> _Hashes:  # noqa: ANN401
    """MurmurHash3 (x86 in 32 bits, or Doris' x64 in 64) of a large_binary array, each value with its seed."""
    found = np.zeros(len(column), np.uint64)
    function = _murmur3_32 if bits == 32 else _murmur3_64
    for rows, matrix in _by_length(column):
        found[rows] = function(matrix, seeds[rows].astype(np.uint64))
    return found


def _by_length(column: Any) -> Iterator[tuple[NDArray[Any], NDArray[np.uint8]]]:  # noqa: ANN401
    """The values of a large_binary array in groups of one length: their rows, and their bytes as a matrix."""
    count = len(column)
    if not count:
        return
    _, offset_buffer, data_buffer = column.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64, count + 1, column.offset * 8)
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer is not None else np.zeros(0, np.uint8)
    lengths = np.diff(offsets)
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        yield rows, data[offsets[rows][:, None] + np.arange(length)[None, :]]


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


def _murmur3_32(rows: NDArray[np.uint8], seeds: _Hashes) -> _Hashes:
    """In arrays of 64 bits, cut to 32 after every step."""
    length = rows.shape[1]
    found = seeds & _LOW
    whole = length // 4 * 4
    for start in range(0, whole, 4):
        block = _mixed_32(_little(rows[:, start : start + 4]))
        found = (_rotated(found ^ block, 13, 32) * np.uint64(5) + np.uint64(0xE6546B64)) & _LOW
    if length > whole:
        found ^= _mixed_32(_little(rows[:, whole:]))
    found ^= np.uint64(length)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        found ^= found >> np.uint64(shift)
        found = (found * np.uint64(factor)) & _LOW
    return found ^ (found >> np.uint64(16))


def _mixed_32(block: _Hashes) -> _Hashes:
    block = _rotated((block * np.uint64(0xCC9E2D51)) & _LOW, 15, 32)
    return (block * np.uint64(0x1B873593)) & _LOW


def _murmur3_64(rows: NDArray[np.uint8], seeds: _Hashes) -> _Hashes:
    length = rows.shape[1]
    found = seeds.copy()
    whole = length // 8 * 8
    with np.errstate(over="ignore"):
        for start in range(0, whole, 8):
            block = _mixed_64(_little(rows[:, start : start + 8]))
            found = _rotated(found ^ block, 27, 64) * np.uint64(5) + np.uint64(0x52DCE729)
        if length > whole:
            found ^= _mixed_64(_little(rows[:, whole:]))
        found ^= np.uint64(length)
        for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            found ^= found >> np.uint64(33)
            found *= np.uint64(factor)
        return found ^ (found >> np.uint64(33))


def _mixed_64(block: _Hashes) -> _Hashes:
    return _rotated(block * np.uint64(0x87C37B91114253D5), 31, 64) * np.uint64(0x4CF5AD432745937F)


def _little(columns: NDArray[np.uint8]) -> _Hashes:
    """Up to 8 columns of bytes as numbers, the lowest byte first."""
    found = np.zeros(len(columns), np.uint64)
    for place in range(columns.shape[1]):
        found |= columns[:, place].astype(np.uint64) << np.uint64(8 * place)
    return found


def _rotated(values: _Hashes, places: int, bits: int) -> _Hashes:
    turned = (values << np.uint64(places)) | (values >> np.uint64(bits - places))
    return turned & _LOW if bits == 32 else turned


def merged(values: list[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Several HLL values as one: its hashes while it has at most 160, else 0 and its registers."""
    full = [value[1:] for value in values if len(value) and value[0] == 0]
    plain = np.unique(np.concatenate([_NOTHING, *(value for value in values if len(value) and value[0])]))
    if not full and len(plain) <= EXPLICIT:
        return plain
    return np.concatenate([np.zeros(1, np.uint64), np.unique(np.concatenate([*full, pack(plain)]))])


def pack(values: _Hashes) -> _Hashes:
    """Each hash as register * 64 + rank: the register by its lowest 14 bits, the rank by the first bit above them."""
    rest = (values >> np.uint64(14)) | np.uint64(1 << 50)
    lowest = rest & (~rest + np.uint64(1))
    ranks = np.log2(lowest.astype(np.float64)).astype(np.uint64) + np.uint64(1)
    return (values & np.uint64(REGISTERS - 1)) * np.uint64(64) + ranks


def cardinality(value: NDArray[np.uint64]) -> int:
    """The count that Doris tells of an HLL value."""
    return estimate(value[1:].astype(np.int64)) if len(value) and value[0] == 0 else len(value)


def added(values: NDArray[np.uint64]) -> int:
    """The count after different hashes were added one by one; -1 where their order would decide it."""
    if len(values) < EXPLICIT:
        return len(values)
    found = estimate(pack(values.astype(np.uint64)).astype(np.int64))
    return -1 if len(values) == EXPLICIT and found != EXPLICIT else found


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
