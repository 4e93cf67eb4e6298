"""The compressed protocol (zlib): packets travel in frames of their own, numbered apart.

Doris does not offer it, so the handshake does not either. A client that compresses without having been offered it says
so in its capability flags, and is understood.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from nereus.warehouse.embedded.wire.reader import Malformed

_HEADER = 7
_FRAME_MAX = 0xFFFFFF
#: Under so many bytes compression does not pay; as MySQL's own limit.
_SMALL = 50
#: Quick rather than small: the warehouse and its clients share a network.
_LEVEL = 1


class Compression:
    """One connection's frames, in both directions."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._last = -1
        self._next = 0

    def inflated(self, data: bytes | memoryview) -> Iterator[tuple[int, bytes]]:
        """Take in what arrived. Gives of every complete frame its bytes on the wire and its content.

        Raises Malformed for a frame out of order or with another content than it says.
        """
        received = self._received
        received += data
        while len(received) >= _HEADER:
            size = int.from_bytes(received[:3], "little")
            if len(received) < _HEADER + size:
                return
            number, plain_size = received[3], int.from_bytes(received[4:7], "little")
            # Every command begins at 0 again.
            if number not in (0, (self._last + 1) & 0xFF):
                raise Malformed(f"compressed packet number {number} came behind {self._last}")
            self._last, self._next = number, (number + 1) & 0xFF
            body = bytes(received[_HEADER : _HEADER + size])
            del received[: _HEADER + size]
            yield _HEADER + size, _inflate(body, plain_size) if plain_size else body

    def deflated(self, pieces: Iterable[bytes | bytearray | memoryview]) -> list[bytes]:
        """Frames around what is to be sent."""
        content = b"".join(pieces)
        return [self._frame(content[at : at + _FRAME_MAX]) for at in range(0, len(content), _FRAME_MAX)]

    def _frame(self, content: bytes) -> bytes:
        body, plain_size = content, 0
        if len(content) >= _SMALL:
            packed = zlib.compress(content, _LEVEL)
            if len(packed) < len(content):
                body, plain_size = packed, len(content)
        number, self._next = self._next, (self._next + 1) & 0xFF
        self._last = number
        return (len(body) | number << 24).to_bytes(4, "little") + plain_size.to_bytes(3, "little") + body


def _inflate(body: bytes, size: int) -> bytes:
    """The `size` bytes that `body` holds, and never more memory than that."""
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(body, size)
        over = unpacker.decompress(unpacker.unconsumed_tail, 1)
    except zlib.error as error:
        raise Malformed(f"a compressed packet cannot be read: {error}") from error
    if len(plain) != size or over or not unpacker.eof:
        raise Malformed(f"a compressed packet does not hold the {size} bytes it names")
    return plain
