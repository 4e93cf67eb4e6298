"""Rows on the wire: lengths, NULL, packets of any size, sequence numbers."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nereus.warehouse.embedded.result import ResultColumn
from nereus.warehouse.embedded.types import BIGINT, STRING
from nereus.warehouse.embedded.wire import encode
from nereus.warehouse.embedded.wire.encode import CHUNK_BYTES, CHUNK_ROWS, FEW_ROWS, encode_text, slices
from tests.unit.warehouse.embedded.wire import packets_read

COLUMNS = (ResultColumn("s", STRING), ResultColumn("n", BIGINT))


def batch_of(strings, numbers):
    return pa.RecordBatch.from_arrays([pa.array(strings, pa.string()), pa.array(numbers, pa.int64())], names=["0", "1"])


def decoded(batch, sequence=0):
    stream, following = encode_text(batch, COLUMNS, sequence)
    rows = packets_read.split(bytes(stream), sequence)
    return [packets_read.values(row) for row in rows], following


def expected(strings, numbers):
    return [
        [None if s is None else s.encode(), None if n is None else str(n).encode()]
        for s, n in zip(strings, numbers, strict=True)
    ]


@pytest.mark.parametrize("rows", [1, FEW_ROWS, FEW_ROWS + 1, 300])
@pytest.mark.parametrize("size", [0, 1, 250, 251, 252, 65535, 65536, 80000])
def test_lengths_around_every_prefix(rows, size):
    strings = ["x" * size if i % 3 else None for i in range(rows)]
    numbers = [None if i % 5 == 0 else i for i in range(rows)]
    found, following = decoded(batch_of(strings, numbers), 7)
    assert found == expected(strings, numbers)
    assert following == (7 + rows) % 256


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.text(max_size=300) | st.none(), st.integers(-(2**63), 2**63 - 1) | st.none()), max_size=120),
    st.integers(0, 255),
)
def test_any_rows_and_any_first_sequence_number(rows, sequence):
    strings, numbers = [row[0] for row in rows], [row[1] for row in rows]
    found, following = decoded(batch_of(strings, numbers), sequence)
    assert found == expected(strings, numbers)
    assert following == (sequence + len(rows)) % 256


@pytest.mark.parametrize("rows", [1, FEW_ROWS + 1])
@pytest.mark.parametrize("more", [-2, -1, 0, 1, 5])
def test_a_row_around_16_megabytes_takes_more_packets(rows, more):
    # The row is its text, a length prefix of four bytes or nine and the number with its length byte.
    prefix = 4
    text = "y" * (encode.PACKET_MAX - prefix - 2 + more)
    strings = ["a"] * (rows - 1) + [text]
    found, _ = decoded(batch_of(strings, [1] * rows), 250)
    assert [row[1] for row in found] == [b"1"] * rows
    assert found[-1][0] == text.encode()


def test_a_value_of_40_megabytes():
    text = "z" * (40 << 20)
    found, following = decoded(batch_of([text, "b"], [1, 2]))
    assert [row[1] for row in found] == [b"1", b"2"]
    assert found[0][0] == text.encode()
    assert following == 4


def test_slices_bound_rows_and_bytes():
    narrow = batch_of(["a"] * 100_000, range(100_000))
    assert [piece.num_rows for piece in slices(narrow)][:2] == [CHUNK_ROWS, CHUNK_ROWS]
    assert sum(piece.num_rows for piece in slices(narrow)) == 100_000
    wide = batch_of(["w" * 100_000] * 200, range(200))
    assert all(piece.num_rows * 100_000 <= CHUNK_BYTES for piece in slices(wide))
    assert list(slices(batch_of([], []))) == []


def test_slices_encode_to_the_rows_of_the_whole():
    strings = [f"row {i}" if i % 7 else None for i in range(40_000)]
    stream, sequence = b"", 0
    for piece in slices(batch_of(strings, range(40_000))):
        data, sequence = encode_text(piece, COLUMNS, sequence)
        stream += bytes(data)
    assert [packets_read.values(row) for row in packets_read.split(stream)] == expected(strings, range(40_000))
