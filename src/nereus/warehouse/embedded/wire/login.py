"""The packets with which a client introduces itself."""

from __future__ import annotations

from dataclasses import dataclass

from mysql_mimic.types import Capabilities

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.wire.reader import Malformed, Reader, text

_TLS_REQUEST_BYTES = 32
#: CLIENT_ZSTD_COMPRESSION_ALGORITHM.
_ZSTD = 1 << 26


@dataclass(frozen=True, slots=True)
class Introduction:
    """A client's answer to the handshake, or its COM_CHANGE_USER.

    Attributes:
        scramble: the password's proof; empty for no password.
        database: ``d`` or ``internal.d``, None for none.
        plugin: authentication plugin with which the scramble was made; None where the client names none.
        multi_statements: it wants the result of every statement of a text.
        compressed: it compresses from the end of the login on.
    """

    user: str
    scramble: bytes
    database: str | None
    plugin: str | None
    multi_statements: bool = False
    compressed: bool = False


def capabilities_of(packet: bytes) -> Capabilities:
    return Capabilities(Reader(packet).number(4))


def wants_tls(packet: bytes) -> bool:
    """Whether the packet only announces TLS and the introduction follows encrypted."""
    return len(packet) == _TLS_REQUEST_BYTES and bool(capabilities_of(packet) & Capabilities.CLIENT_SSL)


def introduction(packet: bytes) -> Introduction:
    """Read a handshake response. Like Doris it goes by the client's own capability flags. Raises Malformed."""
    flags = capabilities_of(packet)
    if not flags & Capabilities.CLIENT_PROTOCOL_41:
        raise Malformed("the client speaks a protocol older than MySQL 4.1")
    reader = Reader(packet, _TLS_REQUEST_BYTES)
    user = text(reader.terminated())
    if flags & (Capabilities.CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA | Capabilities.CLIENT_SECURE_CONNECTION):
        scramble = reader.string()
    else:
        scramble = reader.terminated()
    database = plugin = None
    if flags & Capabilities.CLIENT_CONNECT_WITH_DB and reader.left:
        database = text(reader.terminated())
    if flags & Capabilities.CLIENT_PLUGIN_AUTH and reader.left:
        plugin = text(reader.terminated())
    return Introduction(
        user,
        scramble,
        database or None,
        plugin or None,
        multi_statements=bool(flags & Capabilities.CLIENT_MULTI_STATEMENTS),
        compressed=_compresses(flags),
    )


def _compresses(flags: Capabilities) -> bool:
    """Whether the client speaks the zlib-compressed protocol. Raises DorisError for one that speaks zstd alone."""
    if flags & Capabilities.CLIENT_COMPRESS:
        return True
    if flags & _ZSTD:
        raise DorisError("This warehouse does not speak zstd: let the client compress with zlib or not at all", 1047)
    return False


def change_user(packet: bytes) -> Introduction:
    """Read the body of COM_CHANGE_USER. Raises Malformed."""
    reader = Reader(packet)
    user = text(reader.terminated())
    scramble = reader.take(reader.number(1))
    database = text(reader.terminated())
    plugin = None
    if reader.left:
        reader.number(2)
    if reader.left:
        plugin = text(reader.terminated())
    return Introduction(user, scramble, database or None, plugin or None)
