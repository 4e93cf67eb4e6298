"""The compressed protocol: frames in order, of the size they name, and never more memory than that."""

import zlib

import pytest

from nereus.warehouse.embedded.wire.compression import Compression
from nereus.warehouse.embedded.wire.reader import Malformed
from tests.unit.warehouse.embedded.wire.raw_client import error

COMPRESS, ZSTD = 0x20, 1 << 26


def frame(body, size, number=0):
    return (len(body) | number << 24).to_bytes(4, "little") + size.to_bytes(3, "little") + body


def content(side, data):
    return b"".join(plain for _, plain in side.inflated(data))


@pytest.mark.parametrize("data", [b"", b"short", b"long " * 100, bytes(range(256)) * 70_000])
def test_what_one_side_deflates_the_other_inflates(data):
    frames = Compression().deflated([data[:3], memoryview(data)[3:]])
    other = Compression()
    joined = b"".join(frames)
    assert b"".join(content(other, joined[at : at + 70_001]) for at in range(0, len(joined), 70_001)) == data
    assert [one[3] for one in frames] == list(range(len(frames)))


def test_small_and_random_content_is_not_compressed():
    (small,) = Compression().deflated([b"tiny"])
    assert small == frame(b"tiny", 0)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (frame(b"no zlib at all", 60), "cannot be read"),
        (frame(zlib.compress(bytes(100)), 99), "does not hold the 99 bytes"),
        (frame(zlib.compress(bytes(100)), 101), "does not hold the 101 bytes"),
        (frame(zlib.compress(bytes(100))[:-1], 100), "does not hold the 100 bytes"),
        (frame(zlib.compress(bytes(10_000_000)), 100), "does not hold the 100 bytes"),
        (frame(b"a", 0, 3), "number 3 came behind -1"),
        (frame(b"a", 0) + frame(b"b", 0, 2), "number 2 came behind 0"),
    ],
)
def test_broken_frames(data, words):
    with pytest.raises(Malformed, match=words):
        list(Compression().inflated(data))


def test_a_client_that_compresses_is_understood(raw):
    client = raw()
    assert client.log_in(flags=COMPRESS)[0] == 0
    for name in (b"a", b"b" * 2000):
        side = Compression()
        query = b"\x03SELECT '" + name + b"' AS n"
        packet = len(query).to_bytes(4, "little") + query
        client.sock.sendall(b"".join(side.deflated([packet])))
        found = b""
        while not found.endswith(b"\xfe\0\0\0\0") or found.count(b"\xfe\0\0\0\0") < 2:
            found += content(side, client.sock.recv(1 << 16))
        assert name in found


def test_zstd_is_refused_at_login(raw):
    answer = error(raw().log_in(flags=ZSTD))
    assert answer[0] == 1047
    assert "zlib or not at all" in answer[2]
