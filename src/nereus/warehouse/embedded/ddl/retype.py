"""MODIFY COLUMN: which types Doris changes into which, and which of those keep every value as it is."""

from __future__ import annotations

from nereus.warehouse.embedded.catalog.model import Column
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.types import INTEGERS, DorisType

_NUMBERS = (*INTEGERS, "float", "double")
#: From -> what Doris' storage can turn it into, besides itself.
_TEXTS = ("varchar", "string")
_ALLOWED: dict[str, tuple[str, ...]] = {
    "tinyint": ("smallint", "int", "bigint", "largeint", "float", "double", *_TEXTS),
    "smallint": ("int", "bigint", "largeint", "float", "double", *_TEXTS),
    "int": ("bigint", "largeint", "float", "double", *_TEXTS),
    "bigint": ("largeint", "float", "double", *_TEXTS),
    "largeint": ("float", "double", *_TEXTS),
    "float": ("double", *_TEXTS),
    "double": _TEXTS,
    "varchar": (*_NUMBERS, "date", "string", "json"),
    "char": (*_NUMBERS, "date", "varchar", "string"),
    "string": ("json",),
    "json": _TEXTS,
    "decimal": _TEXTS,
    "date": ("datetime",),
    "datetime": ("date",),
}
_WIRE_NAMES = {"date": "DATEV2", "datetime": "DATETIMEV2", "json": "JSONB"}
#: Changes that keep every value, and that a cast of the engine does as Doris does.
_SAFE = {
    (source, target) for position, source in enumerate(INTEGERS) for target in (*INTEGERS[position + 1 :], *_TEXTS)
} | {("char", "varchar"), ("char", "string"), ("varchar", "string"), ("date", "datetime"), ("datetime", "date")}


def check_change(old: Column, new: Column) -> None:
    """Raise what Doris raises; Refused where the values would not certainly be Doris'."""
    source, target = old.type, new.type
    if source.name != target.name and target.name not in _ALLOWED.get(source.name, ()):
        raise DorisError(f"Can not change {_primitive(source)} to {_primitive(target)}")
    if old.aggregation != new.aggregation:
        raise DorisError("Can not change aggregation type")
    if old.nullable and not new.nullable:
        raise DorisError("Can not change from nullable to non-nullable")
    if old.default != new.default:
        raise DorisError("Can not change default value")
    if source == target:
        return
    if source.name == target.name:
        _check_same_kind(source, target)
    elif (source.name, target.name) not in _SAFE:
        raise Refused(f"changing a column from {source} to {target}", "Add a column and fill it.")
    if source.is_integer and target.name == "varchar" and (target.length or 0) < _digits(source):
        raise DorisError(f"Can not change from wider type {source} to narrower type {target}")


def _check_same_kind(source: DorisType, target: DorisType) -> None:
    if source.name in ("char", "varchar"):
        if (target.length or 0) < (source.length or 0):
            raise DorisError(f"Shorten type length is prohibited, srcType={source}, dstType={target}")
        return
    if source.name == "datetime" and (target.scale or 0) >= (source.scale or 0):
        return
    if source.name == "decimal":
        whole = (target.precision or 0) - (target.scale or 0) >= (source.precision or 0) - (source.scale or 0)
        if whole and (target.scale or 0) >= (source.scale or 0):
            return
    raise Refused(f"changing a column from {source} to {target}", "Add a column and fill it.")


def _primitive(kind: DorisType) -> str:
    if kind.name == "decimal":
        precision = kind.precision or 0
        return "DECIMAL32" if precision <= 9 else "DECIMAL64" if precision <= 18 else "DECIMAL128"
    return _WIRE_NAMES.get(kind.name, kind.name.upper())


def _digits(kind: DorisType) -> int:
    """Characters of its longest value."""
    return {"tinyint": 4, "smallint": 6, "int": 11, "bigint": 20, "largeint": 40}[kind.name]
