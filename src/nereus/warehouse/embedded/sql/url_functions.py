"""Functions of URLs, row by row. Doris' backend searches in them and knows no grammar. NULL in gives NULL out."""

from __future__ import annotations

import re
import urllib.parse

import duckdb
import pyarrow as pa

from nereus.warehouse.embedded.sql import rows
from nereus.warehouse.embedded.sql.rows import ColumnFunctions, Told, by_row

PARTS = ("PROTOCOL", "HOST", "PATH", "REF", "AUTHORITY", "FILE", "USERINFO", "PORT", "QUERY")


def parse_url(url: str, part: str) -> str | None:
    """``parse_url('http://h:80/p?q=1', 'HOST')`` -> h; `part` is one of `PARTS`. None for a part that is missing."""
    protocol, found, rest = url.strip(" ").partition("://")
    if not found:
        return None
    if part == "PROTOCOL":
        return protocol
    if part == "AUTHORITY":
        return rest.partition("/")[0]
    if part in ("FILE", "PATH"):
        return _path(rest, whole=part == "FILE")
    if part == "HOST":
        return _host(rest)
    if part == "PORT":
        return _port(rest)
    if part == "QUERY":
        _, found, query = rest.partition("?")
        return query.partition("#")[0] if found else None
    if part == "REF":
        _, found, ref = rest.partition("#")
        return ref if found else None
    user, found, _ = rest.partition("@")
    return user if found else None


def _path(rest: str, *, whole: bool) -> str:
    start = rest.find("/")
    if start < 0:
        return ""
    path = rest[start:]
    if whole or "?" not in path:
        return path.partition("#")[0]
    return path.partition("?")[0]


def _host(rest: str) -> str:
    host = rest[rest.find("@") + 1 :]
    query = host.find("?")
    if query > 0:
        host = host[:query]
    return host.partition(":" if ":" in host else "/")[0]


def _port(rest: str) -> str | None:
    place = rest[rest.find("@") + 1 :].find(":")
    if place < 0:
        return None
    # Doris counts the colon from behind the user, and cuts from the beginning.
    port = rest.encode()[len(rest[rest.find("@") + 1 :][:place].encode()) + 1 :].decode(errors="replace")
    if "\ufffd" in port:
        raise Told("the embedded warehouse refuses the port of this URL")
    return port.partition("/" if "/" in port else "?")[0]


def url_parameter(url: str, key: str) -> str | None:
    """``parse_url('http://h/?a=1&b=2', 'QUERY', 'b')`` -> 2: the value of the first parameter of that name."""
    rest = url.strip(" ")
    while key and rest:
        place = rest.find(key)
        if place < 0:
            return None
        after = rest[place + len(key) :]
        if place > 0 and rest[place - 1] in "?&" and after.startswith("="):
            return re.split("[#&]", after[1:], maxsplit=1)[0]
        rest = after
    return None


def url_decode(text: str) -> str:
    """``url_decode('a%20b+c')`` -> a b c"""
    if re.search("%(?![0-9A-Fa-f]{2})", text):
        raise Told("Decode url failed: a % without two hexadecimal digits")
    try:
        return urllib.parse.unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        raise Told("the embedded warehouse refuses bytes that are no UTF-8 text") from None


_TEXT = "VARCHAR"
_FUNCTIONS: ColumnFunctions = {
    "doris_parse_url": (by_row(parse_url, pa.string()), [_TEXT, _TEXT], _TEXT),
    "doris_url_parameter": (by_row(url_parameter, pa.string()), [_TEXT, _TEXT], _TEXT),
    "doris_url_decode": (by_row(url_decode, pa.string()), [_TEXT], _TEXT),
}


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to every connection of the same database. Call it once per database."""
    rows.register(connection, _FUNCTIONS)
