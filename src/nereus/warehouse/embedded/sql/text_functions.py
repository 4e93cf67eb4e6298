"""Functions of text that DuckDB lacks: digests, base64, hexadecimal text, addresses. NULL in gives NULL out."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import urllib.parse
import zlib
from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa

from nereus.warehouse.embedded.sql import rows
from nereus.warehouse.embedded.sql.rows import Told, by_row


def _readable(raw: bytes) -> str:
    """Bytes as text; what is no text cannot be held."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Told("the embedded warehouse refuses bytes that are no UTF-8 text") from None


def _sha2(text: str, bits: int) -> str:
    return hashlib.new(f"sha{bits}", text.encode()).hexdigest()


def _crc32(text: str) -> int:
    return zlib.crc32(text.encode())


def _from_base64(text: str) -> str | None:
    try:
        return _readable(base64.b64decode(text, validate=True))
    except binascii.Error:
        return None


def _unhex(text: str) -> str | None:
    """The bytes of hexadecimal digits; NULL for anything else."""
    if not text or len(text) % 2:
        return None
    try:
        return _readable(binascii.unhexlify(text))
    except Told:
        raise
    except (binascii.Error, ValueError):
        return None


def _url_encode(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def _ipv4_number(text: str) -> int | None:
    try:
        return int(ipaddress.IPv4Address(text))
    except ValueError:
        return None


def _ipv4_text(number: int) -> str | None:
    return str(ipaddress.IPv4Address(number)) if 0 <= number < 1 << 32 else None


#: Codes of A to Z: V is a vowel, N (H and W) parts no equal codes.
_SOUNDEX = "V123V12NV22455V12623V1N2V2"
_SOUNDEX_LENGTH = 4


def _soundex(text: str) -> str:
    """``Ashcraft`` -> A261; characters that are no letters count nothing, and without letters it is empty."""
    found, before = "", ""
    for char in text:
        if not char.isascii():
            raise Told(f"soundex only supports ASCII, but got: {char}")
        if not char.isalpha():
            continue
        code = _SOUNDEX[ord(char.upper()) - ord("A")]
        if not found:
            found, before = char.upper(), "" if code == "N" else code
        elif code != "N":
            if code not in ("V", before):
                found += code
                if len(found) == _SOUNDEX_LENGTH:
                    return found
            before = code
    return found and found.ljust(_SOUNDEX_LENGTH, "0")


def _is_ipv4(text: str) -> bool:
    return _ipv4_number(text) is not None


_TEXT = "VARCHAR"
_FUNCTIONS: dict[str, tuple[Callable[..., Any], list[str], str]] = {
    "doris_sha2": (by_row(_sha2, pa.string()), [_TEXT, "INTEGER"], _TEXT),
    "doris_crc32": (by_row(_crc32, pa.int64()), [_TEXT], "BIGINT"),
    "doris_from_base64": (by_row(_from_base64, pa.string()), [_TEXT], _TEXT),
    "doris_unhex": (by_row(_unhex, pa.string()), [_TEXT], _TEXT),
    "doris_url_encode": (by_row(_url_encode, pa.string()), [_TEXT], _TEXT),
    "doris_ipv4_number": (by_row(_ipv4_number, pa.int64()), [_TEXT], "BIGINT"),
    "doris_ipv4_text": (by_row(_ipv4_text, pa.string()), ["BIGINT"], _TEXT),
    "doris_soundex": (by_row(_soundex, pa.string()), [_TEXT], _TEXT),
    "doris_is_ipv4": (by_row(_is_ipv4, pa.bool_()), [_TEXT], "BOOLEAN"),
}


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to every connection of the same database. Call it once per database."""
    rows.register(connection, _FUNCTIONS)
