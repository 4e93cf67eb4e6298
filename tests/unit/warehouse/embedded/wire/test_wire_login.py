"""Reading what clients send: right packets, and packets that end anywhere."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.wire import login
from nereus.warehouse.embedded.wire.login import Introduction
from nereus.warehouse.embedded.wire.reader import Malformed, Reader, text

PROTOCOL_41, SECURE, PLUGIN, WITH_DB, TLS, MULTI = 0x200, 0x8000, 0x80000, 0x8, 0x800, 0x10000
PROOF = b"p" * 20


def response(flags, *, proof=PROOF, rest=b""):
    head = struct.pack("<IIB23x", flags, 1 << 24, 33)
    return head + b"ann\0" + bytes([len(proof)]) + proof + rest


def test_introduction():
    packet = response(PROTOCOL_41 | SECURE | PLUGIN | WITH_DB, rest=b"internal.d\0mysql_native_password\0")
    assert login.introduction(packet) == Introduction("ann", PROOF, "internal.d", "mysql_native_password")


def test_introduction_without_anything_further():
    assert login.introduction(response(PROTOCOL_41 | SECURE)) == Introduction("ann", PROOF, None, None)
    packet = response(PROTOCOL_41 | SECURE | MULTI | WITH_DB | PLUGIN, proof=b"")
    assert login.introduction(packet) == Introduction("ann", b"", None, None, multi_statements=True)


def test_introduction_of_an_old_client_ends_its_proof_with_zero():
    head = struct.pack("<IIB23x", PROTOCOL_41, 1 << 24, 33)
    assert login.introduction(head + b"ann\0abc\0").scramble == b"abc"


def test_connection_attributes_are_passed_over():
    packet = response(PROTOCOL_41 | SECURE | PLUGIN | 0x100000, rest=b"mysql_native_password\0\xff\xff garbage")
    assert login.introduction(packet).plugin == "mysql_native_password"


def test_tls_request():
    request = struct.pack("<IIB23x", PROTOCOL_41 | TLS, 1 << 24, 33)
    assert login.wants_tls(request)
    assert not login.wants_tls(response(PROTOCOL_41 | TLS | SECURE))
    assert not login.wants_tls(struct.pack("<IIB23x", PROTOCOL_41, 1 << 24, 33))


def test_change_user():
    packet = b"bob\0" + b"\x14" + PROOF + b"d\0" + b"\x21\0mysql_native_password\0"
    assert login.change_user(packet) == Introduction("bob", PROOF, "d", "mysql_native_password")
    assert login.change_user(b"bob\0\0\0") == Introduction("bob", b"", None, None)


@pytest.mark.parametrize("size", range(60))
def test_an_introduction_that_ends_early_is_malformed(size):
    packet = response(PROTOCOL_41 | SECURE | PLUGIN | WITH_DB, rest=b"d\0mysql_native_password\0")
    if size in (32 + 4 + 21, 32 + 4 + 21 + 2):
        assert login.introduction(packet[:size]).user == "ann"  # optional parts are missing
        return
    with pytest.raises(Malformed):
        login.introduction(packet[:size])


def test_a_client_older_than_protocol_41_is_malformed():
    with pytest.raises(Malformed, match=r"older than MySQL 4\.1"):
        login.introduction(struct.pack("<IIB23x", SECURE, 1 << 24, 33) + b"ann\0\0")


@given(st.binary(max_size=80))
def test_no_bytes_make_reading_hang_or_fail_otherwise(packet):
    for read in (login.introduction, login.change_user, login.capabilities_of):
        with contextlib.suppress(Malformed, DorisError):
            read(packet)


@pytest.mark.parametrize("number", [0, 250, 251, 65535, 65536, 1 << 24, 1 << 40])
def test_length_encoded_numbers(number):
    from nereus.warehouse.embedded.wire.encode import length_prefix

    reader = Reader(length_prefix(number) + b"x")
    assert reader.length_encoded() == number
    assert reader.rest() == b"x"


@pytest.mark.parametrize("packet", [b"", b"\xfb", b"\xff", b"\xfc\x01", b"\x05abc"])
def test_strings_whose_length_is_wrong(packet):
    with pytest.raises(Malformed):
        Reader(packet).string()


def test_text_that_is_not_utf8_names_the_byte():
    with pytest.raises(DorisError, match="byte 2 is not UTF-8") as caught:
        text(b"a\xff")
    assert caught.value.code == 1300
