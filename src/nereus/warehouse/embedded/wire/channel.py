"""One client's socket: packets in, bytes out, and the moment at which the client is gone."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, cast

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.wire.compression import Compression
from nereus.warehouse.embedded.wire.encode import PACKET_MAX, append_packets
from nereus.warehouse.embedded.wire.limits import Budget, Limits
from nereus.warehouse.embedded.wire.reader import Malformed

_HEADER = 4
#: asyncio reads one socket at a time and hands the bytes over at once, so all channels share the buffer.
_RECEIVED = memoryview(bytearray(256 << 10))
#: What may stand in front of the socket before a writer has to wait.
_HIGH_WATER = 1 << 20
#: Bytes behind a complete packet that nobody reads yet, above which the socket is left unread.
_AHEAD = 64 << 10
#: Pieces under this many bytes are gathered before they are sent.
_SMALL = 64 << 10


class Closed(Exception):
    """The client went away."""


class TooLarge(Exception):
    """A packet over the limit, or more than all clients together may hold."""


class Channel(asyncio.BufferedProtocol):
    """Cuts what arrives into packets. While logging in it reads no byte further than the packet asked for:
    what stands behind a request for TLS belongs to TLS.

    Attributes:
        sequence: number that the next packet, in either direction, must carry.
        lost: the client is gone; nothing can be sent.
        on_lost: called once, when the client is gone.
        compression: set from the end of the login on where the client compresses.
    """

    def __init__(self, limits: Limits, budget: Budget, opened: Callable[[Channel], None]) -> None:
        self._limits = limits
        self._budget = budget
        self._opened = opened
        self._transport: asyncio.Transport | None = None
        self._inbox = bytearray()
        self._payload = bytearray()
        self._held = 0
        self._first: int | None = None
        self._packets: deque[tuple[int, bytes]] = deque()
        self._failure: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._full = False
        self._stepwise = True
        self.sequence = 0
        self.lost = False
        self.on_lost: Callable[[], None] | None = None
        self.compression: Compression | None = None

    @property
    def transport(self) -> asyncio.Transport:
        if self._transport is None:
            raise Closed
        return self._transport

    @property
    def host(self) -> str:
        """Address of the client."""
        peer = self.transport.get_extra_info("peername")
        return str(peer[0]) if isinstance(peer, tuple) else "localhost"

    # Called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_HIGH_WATER)
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._opened(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return _RECEIVED[: self._wanted()] if self._stepwise else _RECEIVED

    def buffer_updated(self, nbytes: int) -> None:
        if self._failure is None:
            try:
                self._take(nbytes)
            except (Malformed, TooLarge) as failure:
                self._failure = failure
        if self._failure is not None:
            self._inbox.clear()
            self.transport.pause_reading()
        elif self._packets and (self._stepwise or len(self._inbox) > _AHEAD):
            self.transport.pause_reading()
        if self._packets or self._failure is not None:
            self._wake(self._reader)

    def eof_received(self) -> bool:
        self._gone()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._wake(self._writer)

    # Called by the connection

    async def read(self) -> bytes:
        """The next packet. Raises Closed, Malformed or TooLarge."""
        while not self._packets:
            if self._failure is not None:
                raise self._failure
            if self.lost:
                raise Closed
            self.transport.resume_reading()
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        sequence, payload = self._packets.popleft()
        frames = len(payload) // PACKET_MAX + 1
        self._release(len(payload) + frames * _HEADER)
        if sequence != self.sequence:
            raise Malformed(f"packet number {sequence} came where {self.sequence} was due")
        self.sequence = (sequence + frames) & 0xFF
        return payload

    def send(self, payload: bytes) -> None:
        """Send one packet under the next sequence number."""
        out = bytearray()
        self.sequence = append_packets(out, payload, self.sequence)
        self.write(out)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send framed bytes. Nothing happens when the client is gone."""
        if self.compression is None:
            self._write(data)
        else:
            self.write_frames(self.compression.deflated((data,)))

    def write_frames(self, frames: Iterable[bytes]) -> None:
        """Send what `compression` has made."""
        for frame in frames:
            self._write(frame)

    def write_all(self, pieces: Iterable[bytes | memoryview]) -> None:
        small = bytearray()
        for piece in pieces:
            if len(piece) < _SMALL:
                small += piece
                continue
            if small:
                self.write(small)
                small = bytearray()
            self.write(piece)
        if small:
            self.write(small)

    async def drain(self) -> None:
        """Wait until the client has read enough. A client that reads nothing for too long is cut off."""
        if not self._full or self.lost:
            return
        try:
            async with asyncio.timeout(self._limits.write_seconds):
                while self._full and not self.lost:
                    self._writer = asyncio.get_running_loop().create_future()
                    await self._writer
        except TimeoutError:
            self.abort()

    def logged_in(self, *, compressed: bool = False) -> None:
        """From here on packets may be longer and are read ahead."""
        self._stepwise = False
        self.compression = Compression() if compressed else None
        self.sequence = 0
        self.transport.resume_reading()

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Continue encrypted. Raises OSError (ssl.SSLError) when the client cannot."""
        loop = asyncio.get_running_loop()
        secured = await loop.start_tls(
            self.transport, self, context, server_side=True, ssl_handshake_timeout=self._limits.login_seconds
        )
        if secured is None:
            raise Closed
        self._transport = secured
        secured.set_write_buffer_limits(high=_HIGH_WATER)

    def close(self) -> None:
        """Send what waits, then close."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()
        self._gone()

    # Within

    def _wanted(self) -> int:
        """How many bytes are missing to the header, or to the payload behind it."""
        have = len(self._inbox)
        if have < _HEADER:
            return _HEADER - have
        size = int.from_bytes(self._inbox[:3], "little")
        return max(1, min(size + _HEADER - have, len(_RECEIVED)))

    def _write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.lost:
            self.transport.write(data)

    def _take(self, size: int) -> None:
        self._hold(size)
        if self.compression is None:
            self._inbox += _RECEIVED[:size]
        else:
            for arrived, plain in self.compression.inflated(_RECEIVED[:size]):
                self._release(arrived)
                self._hold(len(plain))
                self._inbox += plain
        self._cut()

    def _hold(self, size: int) -> None:
        if not self._budget.take(size):
            raise TooLarge
        self._held += size

    def _cut(self) -> None:
        limit = self._limits.login_packet_bytes if self._stepwise else self._limits.packet_bytes
        inbox, at = self._inbox, 0
        while len(inbox) - at >= _HEADER:
            size = int.from_bytes(inbox[at : at + 3], "little")
            number = inbox[at + 3]
            if len(self._payload) + size > limit:
                raise TooLarge
            if len(inbox) - at < _HEADER + size:
                break
            at += _HEADER
            if self._first is None:
                self._first = number
            elif number != (self._first + len(self._payload) // PACKET_MAX) & 0xFF:
                raise Malformed("the parts of a packet are not numbered in order")
            self._payload += inbox[at : at + size]
            at += size
            if size < PACKET_MAX:
                self._packets.append((self._first, bytes(self._payload)))
                self._payload, self._first = bytearray(), None
        del inbox[:at]

    def _release(self, size: int) -> None:
        self._held -= size
        self._budget.give_back(size)

    def _gone(self) -> None:
        if self.lost:
            return
        self.lost = True
        self._release(self._held)
        self._packets.clear()
        self._inbox.clear()
        self._wake(self._reader)
        self._wake(self._writer)
        if self.on_lost is not None:
            self.on_lost()

    @staticmethod
    def _wake(waiter: asyncio.Future[Any] | None) -> None:
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


def failure_of(reason: Exception) -> DorisError:
    """The error packet for a client that broke the protocol."""
    if isinstance(reason, TooLarge):
        return DorisError("Got a packet bigger than 'max_allowed_packet' bytes", 1153, "08S01", plain=True)
    return DorisError(f"Malformed communication packet: {reason}", 1835, "HY000", plain=True)
