"""Functions of text that DuckDB lacks: digests, base64, hexadecimal text, addresses. NULL in gives NULL out."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import urllib.parse
import zlib
from collections.abc import Callable
from inspect import signature
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType


def _by_row(function: Callable[..., Any], result: pa.DataType) -> Callable[..., Any]:
    """A function of the values of one row as a function of columns."""

    def columns(*arguments: Any) -> Any:  # noqa: ANN401 - Arrow arrays
        rows = zip(*(argument.to_pylist() for argument in arguments), strict=True)
        return pa.array([None if None in row else function(*row) for row in rows], result)

    columns.__signature__ = signature(function)  # type: ignore[attr-defined] # DuckDB counts the parameters
    return columns


def _readable(raw: bytes) -> str:
    """Bytes as text; what is no text cannot be held."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise ValueError("the embedded warehouse refuses bytes that are no UTF-8 text") from None


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
    except (binascii.Error, ValueError) as error:
        if "refuses" in str(error):
            raise
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


def _is_ipv4(text: str) -> bool:
    return _ipv4_number(text) is not None


_TEXT = "VARCHAR"
_FUNCTIONS: dict[str, tuple[Callable[..., Any], list[str], str]] = {
    "doris_sha2": (_by_row(_sha2, pa.string()), [_TEXT, "INTEGER"], _TEXT),
    "doris_crc32": (_by_row(_crc32, pa.int64()), [_TEXT], "BIGINT"),
    "doris_from_base64": (_by_row(_from_base64, pa.string()), [_TEXT], _TEXT),
    "doris_unhex": (_by_row(_unhex, pa.string()), [_TEXT], _TEXT),
    "doris_url_encode": (_by_row(_url_encode, pa.string()), [_TEXT], _TEXT),
    "doris_ipv4_number": (_by_row(_ipv4_number, pa.int64()), [_TEXT], "BIGINT"),
    "doris_ipv4_text": (_by_row(_ipv4_text, pa.string()), ["BIGINT"], _TEXT),
    "doris_is_ipv4": (_by_row(_is_ipv4, pa.bool_()), [_TEXT], "BOOLEAN"),
}


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to every connection of the same database. Call it once per database."""
    for name, (function, arguments, result) in _FUNCTIONS.items():
        connection.create_function(
            name,
            function,
            [connection.sqltype(argument) for argument in arguments],
            connection.sqltype(result),
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )
