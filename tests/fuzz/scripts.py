"""What a hostile or broken client sends: scripts of packets, made from a seed."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.unit.warehouse.embedded.wire.raw_client import MULTI, PLUGIN, PROTOCOL_41, SECURE, WITH_DB, scramble

COMPRESS, ZSTD, LENENC = 0x20, 1 << 26, 1 << 21
QUIT = b"\x01"
#: A statement that nobody may run without a login; whoever finds its database has found a way in.
INTRUDER = "intruder"
_TEXTS = (
    b"SELECT 1",
    b"SELECT 1; SELECT 2",
    b"SELECT ?",
    b"SHOW TABLES",
    b"SET query_timeout = 5",
    b"SELECT '\xff\xfe'",
    b"",
    b";",
    b"KILL 999999",
    b"SELECT * FROM numbers('number' = '3')",
    b"SELEC",
    b"USE nosuch",
)
_COMMANDS = (2, 3, 4, 9, 13, 14, 17, 22, 23, 24, 25, 26, 27, 28, 31)
#: Commands that end a connection by themselves.
_ENDING = (1, 17)


@dataclass(frozen=True)
class Script:
    """One connection.

    Attributes:
        login: the answer to the greeting, given its nonce; None sends none.
        data: what follows.
        entitled: the login is right, so that an OK may come.
        whole: `data` ends with a packet that ends; else the server waits for more, rightly.
        abrupt: the client is gone without waiting for an answer.
    """

    login: Callable[[bytes], bytes] | None
    data: bytes
    entitled: bool
    whole: bool
    compressed: bool = False
    abrupt: bool = False


def packet(payload: bytes, number: int = 0) -> bytes:
    return struct.pack("<I", (len(payload) & 0xFFFFFF) | (number & 0xFF) << 24) + payload


def made(dice: random.Random, user: bytes, password: bytes, burst: int) -> Script:
    """The script of one connection, of up to `burst` packets."""
    kind = dice.random()
    if kind < 0.15:
        return _uninvited(dice, user)
    login, compressed = _login(dice, user, password)
    plain = b"".join(_command(dice) for _ in range(dice.randint(1, burst))) + packet(QUIT)
    data, whole = plain, ends_whole(plain)
    if compressed:
        data = _squeezed(dice, plain)
        whole = whole and data == _squeezed(None, plain)
    abrupt = dice.random() < 0.1
    if abrupt:
        data = data[: dice.randrange(len(data))]
    return Script(login, data, entitled=True, whole=whole, compressed=compressed, abrupt=abrupt)


def ends_whole(data: bytes) -> bool:
    """Whether the last packet of a stream is complete."""
    at = 0
    while at + 4 <= len(data):
        at += 4 + int.from_bytes(data[at : at + 3], "little")
    return at == len(data)


def _login(dice: random.Random, user: bytes, password: bytes) -> tuple[Callable[[bytes], bytes], bool]:
    compressed = dice.random() < 0.1
    flags = PROTOCOL_41 | SECURE | PLUGIN | (COMPRESS if compressed else 0) | dice.choice((0, MULTI))
    attributes = dice.randbytes(dice.choice((0, 0, 9)))

    def answer(nonce: bytes) -> bytes:
        proof = scramble(password, nonce)
        body = struct.pack("<IIB23x", flags, 1 << 24, 33) + user + b"\0" + bytes([len(proof)]) + proof
        return packet(body + b"mysql_native_password\0" + attributes, 1)

    return answer, compressed


def _uninvited(dice: random.Random, user: bytes) -> Script:
    """A client without a password."""
    intrusion = packet(b"\x03CREATE DATABASE " + INTRUDER.encode(), dice.choice((0, 1, 2, 3)))
    flags = (
        PROTOCOL_41 | SECURE | PLUGIN | dice.choice((0, MULTI, WITH_DB, COMPRESS, ZSTD, LENENC, dice.getrandbits(32)))
    )
    head = struct.pack("<IIB23x", flags, dice.getrandbits(32), dice.randrange(256))
    proof = dice.choice((b"", bytes(20), dice.randbytes(20), dice.randbytes(dice.randrange(250))))
    body = head + dice.choice((user, b"admin", b"", dice.randbytes(9))) + b"\0" + bytes([len(proof)]) + proof
    body += dice.choice((b"", b"d\0", b"mysql_native_password\0", b"caching_sha2_password\0", dice.randbytes(30)))
    shape = dice.randrange(8)
    if shape == 0:
        data = dice.randbytes(dice.randrange(1, 200))
    elif shape == 1:
        data = packet(body, dice.randrange(256))
    elif shape == 2:
        data = packet(_mutated(dice, body), 1)
    elif shape == 3:
        data = b"\xff\xff\xff" + bytes([dice.randrange(3)]) + dice.randbytes(dice.randrange(300))
    elif shape == 4:
        data = packet(body, 1)[: dice.randrange(1, len(body))]
    elif shape == 5:
        data = packet(b"", dice.randrange(3)) * dice.randint(1, 5)
    elif shape == 6:
        data = packet(body, 1) + packet(dice.randbytes(dice.choice((0, 20, 21, 300))), 3)
    else:
        data = b""
    data += intrusion + packet(QUIT)
    return Script(None, data, entitled=False, whole=ends_whole(data), abrupt=dice.random() < 0.2)


def _command(dice: random.Random) -> bytes:
    """One command, right or wrong."""
    shape = dice.random()
    if shape < 0.9:
        return packet(_sensible(dice))
    if shape < 0.96:
        return packet(_mutated(dice, _sensible(dice)))
    if shape < 0.997:
        code = dice.choice([*range(2, 17), *range(18, 33), 250])
        return packet(bytes([code]) + dice.randbytes(dice.choice((0, 1, 4, 9, 30, 200))))
    wrong = dice.randrange(5)
    if wrong == 0:
        return packet(_sensible(dice), dice.randrange(1, 256))
    if wrong == 1:
        return packet(b"")
    if wrong == 2:
        return b"\xff\xff\xff\0" + dice.randbytes(50)
    if wrong == 3:
        return packet(bytes([dice.choice(_ENDING)]) + dice.randbytes(30))
    return dice.randbytes(dice.randrange(1, 40))


def _sensible(dice: random.Random) -> bytes:
    code = dice.choice(_COMMANDS)
    number = struct.pack("<I", dice.choice((1, 2, 3, 99)))
    if code in (3, 22):
        return bytes([code]) + dice.choice(_TEXTS)
    if code == 23:
        types = dice.choice((b"", b"\0\1\x03\0\x07\0\0\0", b"\0\1\xfd\0\x03abc", b"\1\0", dice.randbytes(12)))
        return b"\x17" + number + bytes([dice.choice((0, 0, 0, 1))]) + struct.pack("<I", 1) + types
    if code == 24:
        return b"\x18" + number + struct.pack("<H", dice.choice((0, 0, 7))) + dice.randbytes(20)
    if code in (25, 26, 28):
        return bytes([code]) + number + (struct.pack("<I", 5) if code == 28 else b"")
    if code in (2, 4):
        return bytes([code]) + dice.choice((b"information_schema", b"nosuch", b"internal.mysql")) + b"\0" * (code == 4)
    if code == 17:
        return b"\x0e"
    return bytes([code]) + dice.choice((b"", b"\0\0"))


def _mutated(dice: random.Random, payload: bytes) -> bytes:
    found = bytearray(payload)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(found) + 1)
        change = dice.randrange(4)
        if change == 0:
            found[at:at] = dice.randbytes(dice.randint(1, 8))
        elif change == 1:
            del found[at : at + dice.randint(1, 8)]
        elif change == 2 and at < len(found):
            found[at] ^= 1 << dice.randrange(8)
        else:
            found[at:] = found[at:] * 2
    return bytes(found)


def _squeezed(dice: random.Random | None, data: bytes) -> bytes:
    """Frames of the compressed protocol around packets; with dice, sometimes not what they say."""
    out, at = b"", 0
    while at < len(data):
        stop = at + 4 + int.from_bytes(data[at : at + 3], "little")
        out += _frame(dice, data[at:stop])
        at = stop
    return out


def _frame(dice: random.Random | None, data: bytes) -> bytes:
    body, size = (zlib.compress(data), len(data)) if len(data) > 50 else (data, 0)
    number = 0
    if dice is not None and dice.random() < 0.02:
        change = dice.randrange(4)
        if change == 0:
            size = dice.getrandbits(24)
        elif change == 1:
            body = _mutated(dice, body)
        elif change == 2:
            number = dice.randrange(256)
        else:
            body, size = zlib.compress(bytes(1 << 20)), dice.choice((100, 1 << 20, 0xFFFFFF))
    return (len(body) | number << 24).to_bytes(4, "little") + (size & 0xFFFFFF).to_bytes(3, "little") + body
