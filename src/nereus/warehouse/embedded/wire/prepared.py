"""Prepared statements: parameters are written into the text as literals, and the text runs like any other."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mysql_mimic.types import ColumnType

from nereus.warehouse.embedded.sql.lexer import tokenize
from nereus.warehouse.embedded.wire.reader import Malformed, Reader, text
from nereus.warehouse.embedded.wire.texts import time_text

_UNSIGNED = 0x8000
_STRINGS = frozenset(
    {
        ColumnType.VARCHAR,
        ColumnType.VAR_STRING,
        ColumnType.STRING,
        ColumnType.TINY_BLOB,
        ColumnType.MEDIUM_BLOB,
        ColumnType.LONG_BLOB,
        ColumnType.BLOB,
        ColumnType.JSON,
        ColumnType.ENUM,
        ColumnType.SET,
    }
)
#: Signed and unsigned struct formats.
_INTEGERS = {
    ColumnType.TINY: "bB",
    ColumnType.SHORT: "hH",
    ColumnType.YEAR: "hH",
    ColumnType.LONG: "iI",
    ColumnType.INT24: "iI",
    ColumnType.LONGLONG: "qQ",
}


@dataclass(slots=True)
class Prepared:
    """One prepared statement.

    Attributes:
        pieces: the text between the parameters; one more than there are parameters.
        kinds: MySQL types of the parameters, as the last execution that named them did.
        long_data: what COM_STMT_SEND_LONG_DATA sent, by parameter.
    """

    pieces: tuple[str, ...]
    kinds: tuple[int, ...] = ()
    long_data: dict[int, bytearray] = field(default_factory=dict)

    @classmethod
    def of(cls, sql: str) -> Prepared:
        """Find the parameters: question marks outside of quotes and comments. Raises DorisError for unreadable text."""
        pieces: list[str] = []
        start = 0
        for token in tokenize(sql).tokens:
            if token.kind == "?":
                pieces.append(sql[start : token.start])
                start = token.stop
        return cls((*pieces, sql[start:]))

    @property
    def parameters(self) -> int:
        return len(self.pieces) - 1

    def assumed(self) -> str | None:
        """The text with NULL for every parameter; None where it has none."""
        return _woven(self.pieces, ["NULL"] * self.parameters) if self.parameters else None

    def filled(self, packet: Reader) -> str:
        """The text with the parameters of one COM_STMT_EXECUTE, whose id, flags and count have been read.

        Raises Malformed for a packet that does not hold them.
        """
        literals: list[str] = []
        if self.parameters:
            missing = packet.take((self.parameters + 7) // 8)
            if packet.number(1):
                self.kinds = tuple(packet.number(2) for _ in range(self.parameters))
            if len(self.kinds) != self.parameters:
                raise Malformed("the first execution of a prepared statement names no types")
            for index, kind in enumerate(self.kinds):
                if index in self.long_data:
                    literals.append(quoted(text(bytes(self.long_data[index]))))
                elif missing[index // 8] >> index % 8 & 1:
                    literals.append("NULL")
                else:
                    literals.append(_literal(kind, packet))
        self.long_data.clear()
        return _woven(self.pieces, literals)


def _woven(pieces: Sequence[str], literals: Sequence[str]) -> str:
    out = [pieces[0]]
    for literal, piece in zip(literals, pieces[1:], strict=True):
        out += [literal, piece]
    return "".join(out)


def quoted(value: str) -> str:
    """A string literal of Doris."""
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _literal(kind: int, packet: Reader) -> str:
    """Read one value and write it as a literal of the type that Doris gives such a parameter."""
    code = kind & 0xFF
    if code in _INTEGERS:
        value: int = packet.unpack(_INTEGERS[ColumnType(code)][1 if kind & _UNSIGNED else 0])
        # In parentheses: `1 -?` must not become a comment.
        return f"({value})" if value < 0 else str(value)
    if code in _STRINGS:
        return quoted(text(packet.string()))
    writer = _WRITERS.get(code)
    if writer is None:
        raise Malformed(f"parameters of the MySQL type {code} are unknown")
    return writer(packet)


def _floating(form: str, name: str) -> Callable[[Reader], str]:
    def write(packet: Reader) -> str:
        value: float = packet.unpack(form)
        if not math.isfinite(value):
            return f"CAST('{value}' AS {name})"
        # Nine digits name a float and seventeen a double.
        return f"CAST('{value:.{9 if form == 'f' else 17}g}' AS {name})"

    return write


def _decimal(packet: Reader) -> str:
    written = text(packet.string())
    body = written.removeprefix("-").replace(".", "", 1)
    if not (body.isascii() and body.isdigit()):
        raise Malformed(f"{written!r} is no decimal number")
    return f"({written})" if written.startswith("-") else written


def _moment(packet: Reader) -> dt.datetime:
    fields = Reader(packet.string())
    if fields.left not in (0, 4, 7, 11):
        raise Malformed("a date has 4, 7 or 11 bytes")
    year, month, day = (fields.number(2), fields.number(1), fields.number(1)) if fields.left else (0, 1, 1)
    hour, minute, second = (fields.number(1), fields.number(1), fields.number(1)) if fields.left else (0, 0, 0)
    micros = fields.number(4) if fields.left else 0
    try:
        return dt.datetime(year, month, day, hour, minute, second, micros)
    except ValueError as error:
        raise Malformed(f"{year}-{month}-{day} {hour}:{minute}:{second} is no moment: {error}") from error


def _date(packet: Reader) -> str:
    return f"CAST('{_moment(packet).date().isoformat()}' AS DATE)"


def _datetime(packet: Reader) -> str:
    moment = _moment(packet)
    kind, detail = ("DATETIME(6)", "microseconds") if moment.microsecond else ("DATETIME", "seconds")
    return f"CAST('{moment.isoformat(' ', detail)}' AS {kind})"


def _time(packet: Reader) -> str:
    """A TIME, as text: where a time is wanted Doris reads it from there."""
    fields = Reader(packet.string())
    if fields.left not in (0, 8, 12):
        raise Malformed("a time has 8 or 12 bytes")
    if not fields.left:
        return quoted(time_text(0, 0))
    negative = fields.number(1)
    days, hours, minutes, seconds = (fields.number(size) for size in (4, 1, 1, 1))
    micros = fields.number(4) if fields.left else 0
    total = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000_000 + micros
    return quoted(time_text(-total if negative else total, 6 if micros else 0))


_WRITERS: dict[int, Callable[[Reader], str]] = {
    ColumnType.FLOAT: _floating("f", "FLOAT"),
    ColumnType.DOUBLE: _floating("d", "DOUBLE"),
    ColumnType.DECIMAL: _decimal,
    ColumnType.NEWDECIMAL: _decimal,
    ColumnType.DATE: _date,
    ColumnType.NEWDATE: _date,
    ColumnType.DATETIME: _datetime,
    ColumnType.TIMESTAMP: _datetime,
    ColumnType.TIME: _time,
    ColumnType.NULL: lambda _packet: "NULL",
}
