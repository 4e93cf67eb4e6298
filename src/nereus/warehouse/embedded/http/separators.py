"""Separators as the headers of a load write them: ``,`` ``\\t`` ``\\x01`` ``||``."""

from __future__ import annotations

import re

from nereus.warehouse.embedded.http.failures import analysis, refused

_ESCAPE = re.compile(r"\\([\\'\"rtn])")
_ESCAPED = {"\\": "\\", "'": "'", '"': '"', "r": "\r", "t": "\t", "n": "\n"}
_HEX_MARK = re.compile(r"\\x", re.IGNORECASE)


def unescape(text: str) -> str:
    """The characters that a separator's text stands for.

    Text that begins with ``\\x`` is hexadecimal throughout: ``\\x01\\x02`` and ``\\x0102`` are the same two
    characters. Otherwise ``\\t \\n \\r \\\\ \\' \\"`` are escapes and any other backslash stands for itself.
    Raises LoadFailed for malformed hexadecimal.
    """
    if text[:2].lower() != "\\x":
        return _ESCAPE.sub(lambda found: _ESCAPED[found.group(1)], text)
    digits = _HEX_MARK.sub("", text)
    if not digits:
        raise analysis("Hex str is empty")
    if not re.fullmatch(r"[0-9A-Fa-f]*", digits):
        raise analysis("Hex str format error")
    if len(digits) % 2:
        raise analysis("Hex str length error")
    raw = bytes.fromhex(digits)
    if not raw.isascii():
        # Doris widens such bytes with their sign, to characters that no one means.
        raise refused(f"the separator {text}: bytes above 7F", "Write the character itself.")
    return raw.decode("ascii")
