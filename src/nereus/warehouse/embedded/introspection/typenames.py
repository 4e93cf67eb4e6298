"""The other ways in which Doris writes its types: internal names, and those of information_schema.columns."""

from __future__ import annotations

from nereus.warehouse.embedded.types import DorisType

_INTERNAL = {"date": "datev2", "string": "text", "time": "timev2"}

#: information_schema.columns.DATA_TYPE where it is not the type's own name.
_DATA_TYPE = {"largeint": "bigint unsigned", "string": "varchar", "boolean": "tinyint"}

#: COLUMN_TYPE of types without parameters of their own.
_COLUMN_TYPE = {
    "boolean": "tinyint(1)",
    "tinyint": "tinyint(4)",
    "smallint": "smallint(6)",
    "int": "int(11)",
    "bigint": "bigint(20)",
    "string": "string",
}

_PRECISION = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19, "largeint": 39, "float": 7, "double": 15}
_SCALE = {"boolean": 0, "tinyint": 0, "smallint": 0, "int": 0, "bigint": 0, "float": 7, "double": 15}

#: Length that Doris gives for text without a limit.
_TEXT_LENGTH = 2147483643


def internal_type(kind: DorisType) -> str:
    """As SHOW COLUMNS writes it: ``decimalv3(18,4)``, ``datetimev2(0)``, ``datev2``."""
    if kind.name == "decimal":
        return f"decimalv3({kind.precision},{kind.scale})"
    if kind.name == "datetime":
        return f"datetimev2({kind.scale or 0})"
    if kind.args:
        if kind.fields:
            members = ",".join(f"{name}:{internal_type(arg)}" for name, arg in zip(kind.fields, kind.args, strict=True))
            return f"struct<{members}>"
        return f"{kind.name}<{','.join(map(internal_type, kind.args))}>"
    return _INTERNAL.get(kind.name, str(kind))


def data_type(kind: DorisType) -> str:
    """information_schema.columns.DATA_TYPE."""
    return _DATA_TYPE.get(kind.name, kind.name)


def column_type(kind: DorisType) -> str:
    """information_schema.columns.COLUMN_TYPE."""
    if kind.name == "decimal":
        return f"decimalv3({kind.precision}, {kind.scale})"
    if kind.args:
        return f"{kind.name}<{','.join(map(column_type, kind.args))}>"
    return _COLUMN_TYPE.get(kind.name, str(kind))


def text_length(kind: DorisType) -> int | None:
    """CHARACTER_MAXIMUM_LENGTH."""
    if kind.name in ("char", "varchar"):
        return kind.length
    return _TEXT_LENGTH if kind.name == "string" else None


def numeric_precision(kind: DorisType) -> int | None:
    """NUMERIC_PRECISION."""
    return kind.precision if kind.name == "decimal" else _PRECISION.get(kind.name)


def numeric_scale(kind: DorisType) -> int | None:
    """NUMERIC_SCALE and DECIMAL_DIGITS."""
    return kind.scale if kind.name == "decimal" else _SCALE.get(kind.name)


def datetime_precision(kind: DorisType) -> int | None:
    """DATETIME_PRECISION."""
    return kind.scale or 0 if kind.name == "datetime" else None
