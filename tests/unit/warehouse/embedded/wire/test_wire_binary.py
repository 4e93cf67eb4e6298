"""Rows of the binary protocol, against an independent reader: PyMySQL's rules for each type, written out."""

import datetime as dt
import struct

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nereus.warehouse.embedded.result import ResultColumn
from nereus.warehouse.embedded.types import parse_type
from nereus.warehouse.embedded.wire.binary import encode_binary
from tests.unit.warehouse.embedded.wire import packets_read


def encoded(array, kind):
    """The binary value of each row, None for NULL."""
    batch = pa.RecordBatch.from_arrays([array], names=["v"])
    stream, _ = encode_binary(batch, (ResultColumn("v", parse_type(kind)),), 0)
    found = []
    for row in packets_read.split(bytes(stream)):
        assert row[0] == 0
        assert row[1] & ~0b100 == 0
        found.append(None if row[1] & 0b100 else row[2:])
    return found


def array_of(sql):
    # A connection of its own: the one that the module shares may be in any state that others left it in.
    with duckdb.connect() as db:
        return db.sql(f"SELECT unnest([{sql}, NULL]) AS v").to_arrow_table().column(0).combine_chunks()


@pytest.mark.parametrize(
    ("sql", "kind", "value"),
    [
        ("true", "boolean", b"\x01"),
        ("(-1)::tinyint", "tinyint", b"\xff"),
        ("(-300)::smallint", "smallint", struct.pack("<h", -300)),
        ("70000::int", "int", struct.pack("<i", 70000)),
        ("9223372036854775807", "bigint", struct.pack("<q", 2**63 - 1)),
        ("0.1::float", "float", struct.pack("<f", 0.1)),
        ("0.1::double", "double", struct.pack("<d", 0.1)),
        ("12345678901234567890::hugeint", "largeint", b"\x1412345678901234567890"),
        ("(-1.5)::decimal(10,2)", "decimal(10,2)", b"\x05-1.50"),
        ("'é'", "varchar(5)", b"\x02\xc3\xa9"),
        ("['a']", "array<string>", b'\x05["a"]'),
        ("date '2024-02-29'", "date", b"\x04\xe8\x07\x02\x1d"),
        ("date '0001-12-31'", "date", b"\x04\x01\x00\x0c\x1f"),
        ("timestamp '2024-01-02 00:00:00'", "datetime", b"\x04\xe8\x07\x01\x02"),
        ("timestamp '2024-01-02 03:04:05.9'", "datetime", b"\x07\xe8\x07\x01\x02\x03\x04\x05"),
        ("timestamp '1969-12-31 23:59:59.5'", "datetime(3)", b"\x0b\xb1\x07\x0c\x1f\x17\x3b\x3b\x20\xa1\x07\x00"),
        ("timestamp '2024-01-02 00:00:00'", "datetime(1)", b"\x0b\xe8\x07\x01\x02\0\0\0\0\0\0\0"),
        ("to_microseconds(0)", "time", b"\x00"),
        ("to_microseconds(-93784000000)", "time", b"\x08\x01\x01\0\0\0\x02\x03\x04"),
        ("to_microseconds(7384000005)", "time(6)", b"\x0c\x00\0\0\0\0\x02\x03\x04\x05\0\0\0"),
        ("to_microseconds(7384000005)", "time", b"\x08\x00\0\0\0\0\x02\x03\x04"),
    ],
)
def test_a_value_and_null(sql, kind, value):
    assert encoded(array_of(sql), kind) == [value, None]


def test_numbers_given_as_text_are_sent_as_numbers():
    assert encoded(pa.array(["7", None]), "bigint") == [struct.pack("<q", 7), None]


def test_untyped_null_and_aggregation_states():
    assert encoded(pa.nulls(2), "int") == [None, None]
    assert encoded(pa.array([b"x"]), "bitmap") == [None]


def test_many_columns_share_one_bitmap_in_their_order():
    names = [f"c{i}" for i in range(20)]
    values = [None if i % 3 == 0 else i for i in range(20)]
    batch = pa.RecordBatch.from_arrays([pa.array([value], pa.int8()) for value in values], names=names)
    stream, following = encode_binary(batch, tuple(ResultColumn(name, parse_type("tinyint")) for name in names), 255)
    (row,) = packets_read.split(bytes(stream), 255)
    bits = int.from_bytes(row[1:4], "little") >> 2
    assert [bits >> i & 1 for i in range(20)] == [1 if value is None else 0 for value in values]
    assert row[4:] == bytes(value for value in values if value is not None)
    assert following == 0


def test_texts_of_every_length_beside_null():
    strings = ["x" * size for size in (0, 250, 251, 70_000)]
    found = encoded(pa.array([*strings, None]), "string")
    assert [packets_read.values(value) if value is not None else None for value in found] == [
        *([text.encode()] for text in strings),
        None,
    ]


def test_no_rows():
    assert encoded(pa.array([], pa.int32()), "int") == []


@given(st.lists(st.datetimes() | st.none(), min_size=1, max_size=80))
def test_any_moment_comes_back(moments):
    found = encoded(pa.array(moments, pa.timestamp("us")), "datetime(6)")
    assert [value and read_moment(value) for value in found] == moments


def read_moment(value):
    assert value[0] == 11
    year, month, day, hour, minute, second, micros = struct.unpack("<HBBBBBI", value[1:])
    return dt.datetime(year, month, day, hour, minute, second, micros)
