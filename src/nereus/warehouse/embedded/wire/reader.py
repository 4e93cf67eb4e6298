"""Reading what a client sent, without trusting any of its lengths."""

from __future__ import annotations

import struct
from typing import Any

from nereus.warehouse.embedded.errors import DorisError

_LENGTHS = {0xFC: 2, 0xFD: 3, 0xFE: 8}


class Malformed(Exception):
    """A packet that breaks the protocol. The connection cannot go on."""


class Reader:
    """A cursor over one packet. Every read raises Malformed where the packet ends too early."""

    def __init__(self, packet: bytes, at: int = 0) -> None:
        self._packet = packet
        self._at = at

    @property
    def left(self) -> int:
        return len(self._packet) - self._at

    def take(self, size: int) -> bytes:
        if size > self.left:
            raise Malformed(f"the packet ends {size - self.left} bytes too early")
        start = self._at
        self._at += size
        return self._packet[start : self._at]

    def rest(self) -> bytes:
        return self.take(self.left)

    def number(self, size: int) -> int:
        """A little-endian unsigned number of `size` bytes."""
        return int.from_bytes(self.take(size), "little")

    def unpack(self, form: str) -> Any:  # noqa: ANN401 - a struct format decides
        """One value in a format of `struct`, little-endian."""
        layout = struct.Struct("<" + form)
        return layout.unpack(self.take(layout.size))[0]

    def length_encoded(self) -> int:
        first = self.number(1)
        if first < 0xFB:
            return first
        if first not in _LENGTHS:
            raise Malformed(f"{first:#x} is no length")
        return self.number(_LENGTHS[first])

    def string(self) -> bytes:
        """A string behind its length."""
        return self.take(self.length_encoded())

    def terminated(self) -> bytes:
        """A string that ends with a zero byte, which is read too."""
        end = self._packet.find(b"\0", self._at)
        if end < 0:
            raise Malformed("a string has no end")
        found = self.take(end - self._at)
        self._at += 1
        return found


def text(raw: bytes) -> str:
    """UTF-8, whatever character set the client names: as Doris reads it. Raises DorisError for other bytes."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise DorisError(f"Invalid utf8 character string: byte {error.start + 1} is not UTF-8", 1300) from error
