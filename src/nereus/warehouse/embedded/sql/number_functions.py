"""Functions that write numbers as text, row by row: other bases, thousands, units. NULL in gives NULL out."""

from __future__ import annotations

import math

import duckdb
import pyarrow as pa

from nereus.warehouse.embedded.sql import rows
from nereus.warehouse.embedded.sql.rows import ColumnFunctions, Told, by_row

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ALL = (1 << 64) - 1
_SIGN = 1 << 63
_INT = 1 << 31
_BASES = range(2, 37)
_BLANK = " \t\n\v\f\r"
_UNITS = ("", "K", "M", "B", "T", "Q")


def _negative_base(base: int) -> Told:
    return Told(f"the embedded warehouse refuses conv from the base {base}")


def conv_number(number: int, source: int, target: int) -> str | None:
    """``conv(15, 10, 2)``: the decimal digits of a bigint read in the base `source`, written in the base `target`."""
    if abs(source) not in _BASES or abs(target) not in _BASES:
        return None
    if source < 0:
        if number >= 0:
            return None
        raise _negative_base(source)
    return _written(number if source == 10 else _reread(number, source), target)


def _reread(number: int, base: int) -> int:
    """Digits that the base lacks, and all behind them, count nothing."""
    found, place = 0, 1
    for digit in map(int, reversed(str(abs(number)))):
        if digit >= base:
            found, place = 0, 1
            continue
        if place >= _INT or digit * place >= _INT:
            raise Told(f"the embedded warehouse refuses conv of so many digits: {number}")
        found, place = found + digit * place, place * base
    return -found if number < 0 else found


def conv_text(text: str, source: int, target: int) -> str | None:
    """``conv('ff', 16, 10)``: a text read in the base `source`; what is no number is '0'."""
    if abs(source) not in _BASES or abs(target) not in _BASES:
        return None
    if source < 0:
        raise _negative_base(source)
    written = text.partition(".")[0].lstrip(_BLANK)
    if not written:
        return "0"
    negative = written[0] == "-"
    # A minus leaves Doris' parser without a largest value: it sees an overflow at the first zero behind a digit.
    largest = 0 if negative else _ALL
    value, first = 0, int(written[0] in "+-")
    for place, char in enumerate(written[first:]):
        digit = _DIGITS.find(char.upper()) if char.isascii() and char.isalnum() else -1
        if digit < 0:
            if place == 0 or written[first + place :].strip(_BLANK):
                return "0"
            break
        if digit >= source:
            break
        if value > (largest // source - (digit > largest % source)) & _ALL:
            return _written(-1 if target < 0 else _ALL, target)
        value = (value * source + digit) & _ALL
    value = -value & _ALL if negative else value
    return _written(value - (_ALL + 1) if value & _SIGN else value, target)


def _written(number: int, base: int) -> str:
    """A negative base writes a signed number, any other the 64 bits of it."""
    rest, found = abs(number) if base < 0 else number & _ALL, ""
    while True:
        rest, digit = divmod(rest, abs(base))
        found = _DIGITS[digit] + found
        if not rest:
            return "-" + found if number < 0 and base < 0 else found


def format_integer(number: int, places: int) -> str:
    """``format_round(123456, 2)`` -> 123,456.00"""
    return f"{number:,}" + ("." + "0" * places if places else "")


def format_double(number: float, places: int) -> str:
    """A double rounded half away from zero as Doris does it: times a power of ten, rounded, divided by it."""
    power = float(f"1e{places}")
    if math.isfinite(number * power):
        number = _rounded(number * power) / power
    return f"{number:,.{places}f}" if math.isfinite(number) else f"{number:f}"


def _rounded(number: float) -> float:
    whole = float(math.trunc(number))
    return whole + math.copysign(1.0, number) if abs(number - whole) >= 0.5 else math.copysign(whole, number)


def format_decimal(written: str, places: int) -> str:
    """The digits of a decimal as text; rounded half up but for 0 places, where Doris cuts (and rounds .1 up)."""
    sign = "-" if written.startswith("-") else ""
    digits, _, behind = written.lstrip("-").partition(".")
    whole, scale, fraction = int(digits or "0"), len(behind), int(behind or "0")
    if not (whole or fraction):
        sign = ""
    if scale > places > 0:
        fraction = (fraction // 10 ** (scale - places - 1) + 5) // 10
    elif scale < places:
        fraction *= 10 ** (places - scale)
    if fraction == 10**places and (scale > places > 0 or not sign):
        whole, fraction = whole + 1, 0
    return f"{sign}{whole:,}" + (f".{fraction:0{places}d}" if places else "")


def format_unit(number: float) -> str:
    """``format_number(1239.9)`` -> 1.24K"""
    size, unit = abs(number), 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    places = 0 if size == 1 or not size < 100 else 2 if size < 10 else 1
    return f"{'-' if number < 0 else ''}{size:.{places}f}{_UNITS[unit]}"


_TEXT = "VARCHAR"
_FUNCTIONS: ColumnFunctions = {
    "doris_conv_number": (by_row(conv_number, pa.string()), ["BIGINT", "TINYINT", "TINYINT"], _TEXT),
    "doris_conv_text": (by_row(conv_text, pa.string()), [_TEXT, "TINYINT", "TINYINT"], _TEXT),
    "doris_format_integer": (by_row(format_integer, pa.string()), ["BIGINT", "INTEGER"], _TEXT),
    "doris_format_double": (by_row(format_double, pa.string()), ["DOUBLE", "INTEGER"], _TEXT),
    "doris_format_decimal": (by_row(format_decimal, pa.string()), [_TEXT, "INTEGER"], _TEXT),
    "doris_format_unit": (by_row(format_unit, pa.string()), ["DOUBLE"], _TEXT),
}


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to every connection of the same database. Call it once per database."""
    rows.register(connection, _FUNCTIONS)
