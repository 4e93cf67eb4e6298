"""A reader of MySQL packets that shares nothing with the code under test."""

from __future__ import annotations


def split(stream: bytes, sequence: int = 0) -> list[bytes]:
    """Payloads of a byte stream; checks that sequence numbers follow one another from `sequence`."""
    found: list[bytes] = []
    payload, at = b"", 0
    while at < len(stream):
        size = int.from_bytes(stream[at : at + 3], "little")
        assert stream[at + 3] == sequence
        sequence = (sequence + 1) % 256
        payload += stream[at + 4 : at + 4 + size]
        at += 4 + size
        if size < 0xFFFFFF:
            found.append(payload)
            payload = b""
    assert at == len(stream)
    assert payload == b""
    return found


def values(row: bytes) -> list[bytes | None]:
    """The values of one text-protocol row."""
    found: list[bytes | None] = []
    at = 0
    while at < len(row):
        mark = row[at]
        at += 1
        if mark == 0xFB:
            found.append(None)
            continue
        width = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(mark, 0)
        size = int.from_bytes(row[at : at + width], "little") if width else mark
        at += width
        found.append(row[at : at + size])
        at += size
    return found
