"""Packets of the server, against what a Doris frontend was seen to send."""

import pytest

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import ResultColumn
from nereus.warehouse.embedded.types import BIGINT, DorisType, parse_type
from nereus.warehouse.embedded.wire import packets
from tests.unit.warehouse.embedded.wire import packets_read

NONCE = b"abcdefghijklmnopqrst"


def test_handshake():
    assert packets.handshake(7, NONCE, tls=False) == (
        b"\x0a5.7.99\0" + b"\x07\0\0\0" + b"abcdefgh\0" + b"\x8c\x82" + b"\x21" + b"\0\0" + b"\x08\0" + b"\x15"
        + bytes(10) + b"ijklmnopqrst\0" + b"mysql_native_password\0"
    )  # fmt: skip


def test_handshake_offers_tls_only_where_it_is_on():
    plain, secure = (packets.handshake(7, NONCE, tls=tls) for tls in (False, True))
    at = plain.index(b"\x8c\x82")
    assert secure[at : at + 2] == b"\x8c\x8a"
    assert plain[:at] + plain[at + 2 :] == secure[:at] + secure[at + 2 :]


def test_auth_switch():
    assert packets.auth_switch(NONCE) == b"\xfemysql_native_password\0" + NONCE + b"\0"


def test_ok():
    assert packets.ok() == b"\0\0\0\0\0\0\0"
    assert packets.ok(300, status=packets.MORE_RESULTS) == b"\0\xfc\x2c\x01\0\x08\0\0\0"


def test_ok_carries_its_text_behind_a_length():
    text = "{'label':'l', 'status':'VISIBLE', 'txnId':'6'}"
    assert packets.ok(1, text) == b"\0\x01\0\0\0\0\0" + bytes([len(text)]) + text.encode()


def test_eof():
    assert packets.eof() == b"\xfe\0\0\0\0"
    assert packets.eof(packets.MORE_RESULTS) == b"\xfe\0\0\x08\0"


def test_error():
    assert packets.error(DorisError("no")) == b"\xff\x51\x04#HY000errCode = 2, detailMessage = no"
    assert packets.error(DorisError("no é", 1045, "28000", plain=True)) == b"\xff\x15\x04#28000no \xc3\xa9"


def test_an_error_without_text_is_not_taken_for_success():
    assert packets.error(DorisError("", plain=True)).endswith(b"Unknown error")


@pytest.mark.parametrize(
    ("kind", "code", "length", "decimals"),
    [
        ("boolean", 1, 1, 0),
        ("tinyint", 1, 4, 0),
        ("smallint", 2, 6, 0),
        ("int", 3, 11, 0),
        ("bigint", 8, 20, 0),
        ("largeint", 254, 255, 0),
        ("float", 4, 12, 31),
        ("double", 5, 22, 31),
        ("decimal(2,1)", 246, 4, 1),
        ("decimal(38,10)", 246, 40, 10),
        ("decimal(12,0)", 246, 13, 0),
        ("date", 10, 10, 0),
        ("datetime", 12, 19, 0),
        ("datetime(3)", 12, 19, 3),
        ("char(5)", 254, 255, 0),
        ("varchar(10)", 254, 255, 0),
        ("string", 252, 255, 0),
        ("json", 245, 255, 0),
        ("variant", 245, 255, 0),
        ("bitmap", 254, 255, 0),
        ("hll", 254, 255, 0),
        ("array<int>", 254, 255, 0),
        ("map<int,int>", 254, 255, 0),
        ("struct<a:int>", 254, 255, 0),
        ("ipv4", 254, 255, 0),
        ("time", 11, 255, 0),
    ],
)
def test_column_definitions(kind, code, length, decimals):
    found = packets.column_definition(ResultColumn("n", parse_type(kind)))
    head, tail = found[:-13], found[-13:]
    assert packets_read.values(head) == [b"def", b"", b"", b"", b"n", b""]
    assert tail == b"\x0c\x21\0" + length.to_bytes(4, "little") + bytes([code]) + b"\0\0" + bytes([decimals]) + b"\0\0"


def test_a_column_of_a_table_names_it_and_an_expression_does_not():
    column = ResultColumn("k2", BIGINT, "d", "t", "k")
    assert packets_read.values(packets.column_definition(column)[:-13]) == [b"def", b"d", b"t", b"t", b"k2", b"k"]


def test_default_value_of_a_field_list():
    assert packets.column_definition(ResultColumn("k", BIGINT), "5").endswith(b"\0\0\x015")


def test_result_head_numbers_its_packets():
    columns = (ResultColumn("a", BIGINT), ResultColumn("b", DorisType("string")))
    framed, following = packets.result_head(columns, 254)
    found = packets_read.split(framed, 254)
    assert found == [b"\x02", *map(packets.column_definition, columns), b"\xfe\0\0\0\0"]
    assert following == 2


def test_prepared_statement():
    columns = (ResultColumn("n", BIGINT, "d", "t", "id"), ResultColumn("a + 1", BIGINT))
    first, *rest = packets.prepared(3, 2, columns)
    assert first == b"\0\x03\0\0\0\x02\0\x02\0\0\0\0\x01"
    found = [packets_read.values(definition[:-13])[1:] for definition in (*rest[:2], *rest[3:5])]
    assert [names[3:] for names in found] == [[b"$0", b"$0"], [b"$1", b"$1"], [b"n", b"id"], [b"a + 1", b"a + 1"]]
    assert [rest[2], rest[5]] == [packets.eof()] * 2
    assert len(rest) == 6


def test_prepared_statement_without_parameters_and_columns():
    assert packets.prepared(3, 0, ()) == [b"\0\x03\0\0\0\0\0\0\0\0"]
    assert packets.prepared(3, 1, ())[0] == b"\0\x03\0\0\0\0\0\x01\0\0\0\0\x01"
    assert len(packets.prepared(3, 0, (ResultColumn("a", BIGINT),))) == 3
