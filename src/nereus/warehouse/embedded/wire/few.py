"""The same texts as `texts`, value by value: for the results of a few rows that dashboards and clients ask for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa

from nereus.warehouse.embedded.types import DorisType
from nereus.warehouse.embedded.wire.texts import float_text, texts


def few_texts(array: pa.Array, of: DorisType) -> list[bytes | None]:
    """Texts of a short array. What has no quick way here goes through the kernels."""
    accepts, write = _QUICK.get(of.name, _NONE)
    if not accepts(array.type, of):
        found: list[bytes | None] = texts(array, of).to_pylist()
        return found
    return [None if value is None else write(value, of) for value in array.to_pylist()]


def _integer(value: int, _of: DorisType) -> bytes:
    return b"%d" % value


def _floating(value: float, of: DorisType) -> bytes:
    return float_text(value, 7 if of.name == "float" else 16).encode()


def _decimal(value: Decimal, _of: DorisType) -> bytes:
    return format(value, "f").encode()


def _date(value: dt.date, _of: DorisType) -> bytes:
    return value.isoformat().encode()


def _datetime(value: dt.datetime, of: DorisType) -> bytes:
    return value.isoformat(" ", "microseconds")[: 20 + of.scale if of.scale else 19].encode()


def _string(value: str, _of: DorisType) -> bytes:
    return value.encode()


_Accepts = Callable[[pa.DataType, DorisType], bool]
_Write = Callable[[Any, DorisType], bytes]
_NONE: tuple[_Accepts, _Write] = (lambda _kind, _of: False, _integer)
_QUICK: dict[str, tuple[_Accepts, _Write]] = {
    **dict.fromkeys(
        ("null", "boolean", "tinyint", "smallint", "int", "bigint", "largeint"),
        (lambda kind, _of: pa.types.is_integer(kind) or pa.types.is_boolean(kind), _integer),
    ),
    **dict.fromkeys(("float", "double"), (lambda kind, _of: pa.types.is_floating(kind), _floating)),
    "decimal": (lambda kind, of: pa.types.is_decimal128(kind) and kind.scale == of.scale, _decimal),
    "date": (lambda kind, _of: pa.types.is_date32(kind), _date),
    "datetime": (lambda kind, _of: kind == pa.timestamp("us"), _datetime),
    **dict.fromkeys(
        ("char", "varchar", "string", "json", "variant", "ipv4", "ipv6"),
        (lambda kind, _of: pa.types.is_string(kind), _string),
    ),
}
