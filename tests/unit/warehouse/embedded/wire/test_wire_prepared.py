"""Parameters of prepared statements become literals that mean the same and nothing more."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.sql.lexer import STRING, tokenize
from nereus.warehouse.embedded.wire.encode import length_encoded_string
from nereus.warehouse.embedded.wire.prepared import Prepared, quoted
from nereus.warehouse.embedded.wire.reader import Malformed, Reader

TINY, SHORT, LONG, FLOAT, DOUBLE, NULL, TIMESTAMP, LONGLONG = 1, 2, 3, 4, 5, 6, 7, 8
DATE, TIME, DATETIME, NEWDECIMAL, BLOB, VAR_STRING, STRING_TYPE = 10, 11, 12, 246, 252, 253, 254
UNSIGNED = 0x8000


def execute(sql, *parameters, nulls=0):
    """The text that runs for parameters given as (MySQL type, encoded value)."""
    statement = Prepared.of(sql)
    packet = bytes([nulls]) + b"\1" + b"".join(struct.pack("<H", kind) for kind, _ in parameters)
    return statement.filled(Reader(packet + b"".join(value for _, value in parameters)))


@pytest.mark.parametrize(
    ("kind", "value", "literal"),
    [
        (TINY, b"\xff", "(-1)"),
        (TINY | UNSIGNED, b"\xff", "255"),
        (SHORT, struct.pack("<h", -300), "(-300)"),
        (LONG, struct.pack("<i", 70000), "70000"),
        (LONGLONG, struct.pack("<q", -(2**63)), "(-9223372036854775808)"),
        (LONGLONG | UNSIGNED, b"\xff" * 8, "18446744073709551615"),
        (FLOAT, struct.pack("<f", 0.1), "CAST('0.100000001' AS FLOAT)"),
        (DOUBLE, struct.pack("<d", 0.1), "CAST('0.10000000000000001' AS DOUBLE)"),
        (DOUBLE, struct.pack("<d", float("-inf")), "CAST('-inf' AS DOUBLE)"),
        (NULL, b"", "NULL"),
        (NEWDECIMAL, b"\x0512.50", "12.50"),
        (NEWDECIMAL, b"\x05-1.50", "(-1.50)"),
        (VAR_STRING, b"\x04it's", "'it''s'"),
        (STRING_TYPE, b"\x00", "''"),
        (BLOB, b"\x02\xc3\xa9", "'é'"),
        (DATE, b"\x04\xe8\x07\x02\x1d", "CAST('2024-02-29' AS DATE)"),
        (DATETIME, b"\x04\xe8\x07\x01\x02", "CAST('2024-01-02 00:00:00' AS DATETIME)"),
        (DATETIME, b"\x07\xe8\x07\x01\x02\x03\x04\x05", "CAST('2024-01-02 03:04:05' AS DATETIME)"),
        (
            TIMESTAMP,
            b"\x0b\xe8\x07\x01\x02\x03\x04\x05\x06\0\0\0",
            "CAST('2024-01-02 03:04:05.000006' AS DATETIME(6))",
        ),
        (TIME, b"\x08\x01\x01\0\0\0\x02\x03\x04", "'-26:03:04'"),
        (TIME, b"\x0c\0\0\0\0\0\x02\x03\x04\x05\0\0\0", "'02:03:04.000005'"),
        (TIME, b"\x00", "'00:00:00'"),
    ],
)
def test_literals(kind, value, literal):
    assert execute("SELECT ?", (kind, value)) == f"SELECT {literal}"


def test_null_stands_in_the_bitmap():
    found = execute("SELECT ?, ?, ?", (TINY, b"\1"), (VAR_STRING, b""), (TINY, b"\2"), nulls=0b010)
    assert found == "SELECT 1, NULL, 2"


def test_question_marks_in_quotes_and_comments_are_no_parameters():
    sql = "SELECT '?', \"?\", `?` /* ? */, ? -- ?\n, 'it\\'s ?', ?"
    assert Prepared.of(sql).parameters == 2
    assert execute(sql, (TINY, b"\1"), (TINY, b"\2")) == sql.replace(", ? --", ", 1 --").replace(", ?", ", 2")


def test_a_minus_before_a_negative_parameter_is_no_comment():
    assert execute("SELECT 1 -?", (TINY, b"\xff")) == "SELECT 1 -(-1)"


def test_a_parameter_that_looks_like_one_is_not_filled_again():
    assert execute("SELECT ?, ?", (VAR_STRING, b"\x01?"), (TINY, b"\1")) == "SELECT '?', 1"


@given(st.text(max_size=40))
def test_a_quoted_string_is_one_token_that_means_the_string(value):
    (token, _) = tokenize(quoted(value)).tokens
    assert (token.kind, token.value) == (STRING, value)


def test_types_are_remembered_between_executions():
    statement = Prepared.of("SELECT ?")
    assert statement.filled(Reader(b"\0\1\1\0\x07")) == "SELECT 7"
    assert statement.filled(Reader(b"\0\0\x08")) == "SELECT 8"


def test_the_first_execution_must_name_types():
    with pytest.raises(Malformed, match="names no types"):
        Prepared.of("SELECT ?").filled(Reader(b"\0\0\x08"))


def test_long_data_is_used_once():
    statement = Prepared.of("SELECT ?, ?")
    statement.long_data[0] = bytearray(b"long")
    packet = b"\0\1" + struct.pack("<HH", BLOB, TINY) + b"\x07"
    assert statement.filled(Reader(packet)) == "SELECT 'long', 7"
    assert statement.long_data == {}


def test_a_statement_without_parameters_stays_as_it_is():
    assert Prepared.of("SELECT 'a'").filled(Reader(b"")) == "SELECT 'a'"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (LONG, b"\0"),
        (VAR_STRING, b"\x09abc"),
        (NEWDECIMAL, b"\x0a1 OR 1=1 --"),
        (NEWDECIMAL, b"\x03nan"),
        (NEWDECIMAL, b"\x00"),
        (DATE, b"\x03abc"),
        (DATE, b"\x04\xe8\x07\x0d\x01"),
        (TIME, b"\x02ab"),
        (DATETIME, b"\x07\xe8\x07\x01\x02\x19\x04\x05"),
        (0x42, b""),
    ],
)
def test_values_that_are_none(kind, value):
    with pytest.raises(Malformed):
        execute("SELECT ?", (kind, value))


def test_bytes_that_are_not_utf8_are_refused():
    with pytest.raises(DorisError, match="not UTF-8"):
        execute("SELECT ?", (BLOB, length_encoded_string(b"\xff\xfe")))


def test_a_text_that_cannot_be_read_is_refused_when_it_is_prepared():
    with pytest.raises(DorisError):
        Prepared.of("SELECT 'open")
