"""Catalogue texts (defaults, partition bounds) as DuckDB expressions."""

from __future__ import annotations

import re
from datetime import datetime

from nereus.warehouse.embedded.catalog.model import Column
from nereus.warehouse.embedded.ddl.columns import moment
from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.types import DorisType

_CONSTANTS = {"PI": "3.141592653589793", "E": "2.718281828459045"}


def text(value: str) -> str:
    """A DuckDB string literal."""
    return "'" + value.replace("'", "''") + "'"


def constant(value: str | None, kind: DorisType) -> str:
    """A value given as Doris text, in the physical type of `kind`."""
    return f"CAST({'NULL' if value is None else text(value)} AS {kind.duckdb})"


def has_default(column: Column) -> bool:
    """Whether a row may leave the column out. An HLL is empty then."""
    given = column.default is not None or column.auto_increment is not None or column.generated is not None
    return given or column.nullable or column.type.name == "hll"


def default(column: Column, now: datetime) -> str:
    """What an absent value of this column becomes; `now` is in the session's time zone."""
    if column.default == "BITMAP_EMPTY" or (column.type.name == "hll" and not column.nullable):
        return f"CAST([] AS {column.type.duckdb})"
    if not column.default_is_expression or column.default is None:
        value = column.default
        return constant(moment(value, column.type) if value and column.type.is_date else value, column.type)
    word = column.default.upper()
    if word == "CURRENT_DATE":
        return constant(now.date().isoformat(), column.type)
    if word.startswith("CURRENT_TIMESTAMP"):
        digits = re.search(r"\((\d)\)", word)
        present = now.isoformat(" ", "microseconds")
        return constant(present[: 20 + int(digits[1])] if digits and digits[1] != "0" else present[:19], column.type)
    if word in _CONSTANTS:
        return constant(_CONSTANTS[word], column.type)
    raise Refused(f"a row without a value for column {column.name}, whose default is {column.default}")
