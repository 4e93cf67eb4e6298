"""What the server sends, byte for byte as a Doris frontend does. Payloads only: framing adds headers."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from mysql_mimic import packets as mimic
from mysql_mimic.charset import CharacterSet
from mysql_mimic.types import Capabilities, ServerStatus

from nereus.warehouse.embedded.errors import DorisError
from nereus.warehouse.embedded.result import ResultColumn
from nereus.warehouse.embedded.types import STRING
from nereus.warehouse.embedded.wire.encode import append_packets, length_encoded_string, length_prefix

#: What a Doris 4.0 frontend calls itself in the handshake.
SERVER_VERSION = "5.7.99"
AUTH_PLUGIN = "mysql_native_password"
#: CLIENT_LONG_FLAG, CONNECT_WITH_DB, LOCAL_FILES, PROTOCOL_41, SECURE_CONNECTION and PLUGIN_AUTH; nothing else.
CAPABILITIES = Capabilities(0x0008828C)
#: Status flag of a result behind which another one follows.
MORE_RESULTS = 0x0008
_UTF8 = CharacterSet.utf8


def handshake(connection_id: int, nonce: bytes, *, tls: bool) -> bytes:
    """Handshake v10. `nonce` is 20 printable bytes."""
    payload: bytes = mimic.make_handshake_v10(
        capabilities=CAPABILITIES | Capabilities.CLIENT_SSL if tls else CAPABILITIES,
        server_charset=_UTF8,
        server_version=SERVER_VERSION,
        connection_id=connection_id & 0xFFFFFFFF,
        auth_data=nonce + b"\0",
        status_flags=ServerStatus(0),
        auth_plugin_name=AUTH_PLUGIN,
    )
    return payload


def auth_switch(nonce: bytes) -> bytes:
    """Ask a client that began with another plugin for mysql_native_password."""
    payload: bytes = mimic.make_auth_switch_request(_UTF8, AUTH_PLUGIN, nonce + b"\0")
    return payload


def ok(affected_rows: int = 0, info: str = "", status: int = 0) -> bytes:
    """An OK packet. Doris writes the text behind a length even without CLIENT_SESSION_TRACK."""
    tail = length_encoded_string(info.encode()) if info else b""
    return b"\0" + length_prefix(affected_rows) + b"\0" + struct.pack("<HH", status, 0) + tail


def eof(status: int = 0) -> bytes:
    return struct.pack("<BHH", 0xFE, 0, status)


def error(failure: DorisError) -> bytes:
    message = failure.text.encode(errors="replace") or b"Unknown error"
    state = failure.sqlstate.encode()[:5].ljust(5, b"0")
    return struct.pack("<BH", 0xFF, failure.code) + b"#" + state + message


def column_definition(column: ResultColumn, default: str | None = None) -> bytes:
    """One column; `default` is for COM_FIELD_LIST alone."""
    names = ("def", column.db, column.table, column.table, column.name, column.origin)
    kind = column.type.wire
    # Length of what follows, character set, length, type, flags, decimals, filler.
    fixed = struct.pack("<BHIBHBH", 0x0C, _UTF8, kind.length, kind.code, 0, kind.decimals, 0)
    tail = b"" if default is None else length_encoded_string(default.encode())
    return b"".join(length_encoded_string(name.encode()) for name in names) + fixed + tail


def prepared(statement_id: int, parameters: int, columns: Sequence[ResultColumn]) -> list[bytes]:
    """The answer to COM_STMT_PREPARE: parameters and columns, each behind one another with an EOF; nothing for none."""
    counts = struct.pack("<BIHHB", 0, statement_id, len(columns), parameters, 0)
    if not (parameters or columns):
        return [counts]
    # No warnings, and the definitions follow.
    payloads = [counts + b"\0\0\1"]
    named = [ResultColumn(f"${index}", STRING, origin=f"${index}") for index in range(parameters)]
    # An expression has no original name when it is executed, and its own name when it is prepared.
    announced = [column if column.origin else replace(column, origin=column.name) for column in columns]
    for group in (named, announced):
        if group:
            payloads += [*map(column_definition, group), eof()]
    return payloads


@lru_cache(maxsize=1024)
def result_head(columns: tuple[ResultColumn, ...], sequence: int) -> tuple[bytes, int]:
    """Framed: the number of columns, their definitions and the EOF behind them; and the next sequence number."""
    return framed([length_prefix(len(columns)), *map(column_definition, columns), eof()], sequence)


def framed(payloads: Sequence[bytes], sequence: int) -> tuple[bytes, int]:
    """Packets behind one another, and the sequence number of the next."""
    out = bytearray()
    for payload in payloads:
        sequence = append_packets(out, payload, sequence)
    return bytes(out), sequence
