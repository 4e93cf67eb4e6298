"""A MySQL client of bare sockets that does only what it is told, right or wrong."""

from __future__ import annotations

import hashlib
import socket
import struct

PROTOCOL_41, SECURE, PLUGIN, WITH_DB, SSL, MULTI = 0x200, 0x8000, 0x80000, 0x8, 0x800, 0x10000


def scramble(password: bytes, nonce: bytes) -> bytes:
    once = hashlib.sha1(password).digest()
    mask = hashlib.sha1(nonce + hashlib.sha1(once).digest()).digest()
    return bytes(a ^ b for a, b in zip(once, mask, strict=True))


class RawClient:
    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.greeting = self.read()[1]
        end = self.greeting.index(0, 1)
        self.nonce = self.greeting[end + 5 : end + 13] + self.greeting[end + 32 : end + 44]

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, payload: bytes, sequence: int = 0) -> None:
        self.sock.sendall(struct.pack("<I", len(payload) | sequence << 24) + payload)

    def exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            piece = self.sock.recv(min(size - len(found), 1 << 20))
            if not piece:
                raise EOFError
            found += piece
        return found

    def read(self) -> tuple[int, bytes]:
        """Sequence number and payload of one packet. Raises EOFError at the end of the connection."""
        header = self.exactly(4)
        return header[3], self.exactly(int.from_bytes(header[:3], "little"))

    def ended(self) -> bool:
        """Whether the server closed the connection without another packet."""
        try:
            self.read()
        except (EOFError, ConnectionError):
            return True
        return False

    def introduce(self, user: bytes, proof: bytes, flags: int = 0, tail: bytes = b"", database: bytes = b"") -> None:
        flags |= PROTOCOL_41 | SECURE | PLUGIN | (WITH_DB if database else 0)
        body = struct.pack("<IIB23x", flags, 1 << 24, 33) + user + b"\0" + bytes([len(proof)]) + proof
        self.send(body + (database + b"\0" if database else b"") + b"mysql_native_password\0" + tail, 1)

    def log_in(self, user: bytes = b"ann", password: bytes = b"secret", flags: int = 0, database: bytes = b"") -> bytes:
        """The server's answer to a login."""
        self.introduce(user, scramble(password, self.nonce) if password else b"", flags, database=database)
        return self.read()[1]

    def command(self, code: int, body: bytes = b"") -> bytes:
        """The first packet of the answer to a command."""
        self.send(bytes([code]) + body)
        return self.read()[1]

    def change_user(self, user: bytes, password: bytes, database: bytes = b"") -> bytes:
        proof = scramble(password, self.nonce)
        body = user + b"\0" + bytes([len(proof)]) + proof + database + b"\0" + b"\x21\0mysql_native_password\0"
        return self.command(0x11, body)


def error(payload: bytes) -> tuple[int, str, str]:
    """Code, SQL state and text of an error packet."""
    assert payload[0] == 0xFF
    assert payload[3:4] == b"#"
    return int.from_bytes(payload[1:3], "little"), payload[4:9].decode(), payload[9:].decode()
