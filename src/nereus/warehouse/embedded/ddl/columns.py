"""Doris' rules for columns: types, keys, defaults, automatic numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from nereus.warehouse.embedded.catalog.model import Column, KeyModel
from nereus.warehouse.embedded.catalog.names import check_column_name
from nereus.warehouse.embedded.ddl.syntax import ColumnClause
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.types import VARCHAR_MAX, DorisType

_OBJECTS = frozenset({"bitmap", "hll", "quantile_state"})
_NESTED = frozenset({"array", "map", "struct"})
_CHAR_MAX = 255

#: Bits of Doris' integers.
INTEGER_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64, "largeint": 128}

_SUMMED = frozenset({"tinyint", "smallint", "int", "bigint", "largeint", "float", "double", "decimal"})
_AGGREGATED: dict[str, frozenset[str] | None] = {
    "SUM": _SUMMED,
    "MAX": _SUMMED | {"date", "datetime", "char", "varchar", "string", "ipv4", "ipv6"},
    "MIN": _SUMMED | {"date", "datetime", "char", "varchar", "string", "ipv4", "ipv6"},
    "REPLACE": None,
    "REPLACE_IF_NOT_NULL": None,
    "HLL_UNION": frozenset({"hll"}),
    "BITMAP_UNION": frozenset({"bitmap"}),
    "QUANTILE_UNION": frozenset({"quantile_state"}),
}


_REPLACING = ("REPLACE", "REPLACE_IF_NOT_NULL")


def make_column(clause: ColumnClause, model: KeyModel, *, is_key: bool) -> Column:
    """The column as the catalogue keeps it. Raises what Doris raises."""
    column = clause.column
    check_column_name(column.name)
    check_type(column.type)
    is_key = is_key or clause.key
    nullable = clause.nullable if clause.nullable is not None else column.type.name not in _OBJECTS
    column = replace(column, nullable=nullable, is_key=is_key)
    if column.type.name in _OBJECTS:
        _check_object(column, model)
    if is_key:
        _check_key_type(column)
    column = _with_aggregation(column, model)
    if column.generated is not None:
        _check_generated(column, model)
    return _with_default(column)


def _check_generated(column: Column, model: KeyModel) -> None:
    if model is KeyModel.AGGREGATE and not column.is_key and column.aggregation not in _REPLACING:
        raise DorisError(
            "The generated columns can be key columns, or value columns of replace and replace_if_not_null aggregation "
            "type."
        )
    if column.default is not None:
        raise DorisError("Generated columns cannot have default value.")
    if column.on_update is not None:
        raise DorisError("Generated columns cannot have on update default value.")
    if column.auto_increment is not None:
        raise DorisError("Generated columns cannot be auto_increment.")


def check_type(kind: DorisType) -> None:
    for inner in kind.args:
        check_type(inner)
    if kind.name in ("char", "varchar"):
        most = _CHAR_MAX if kind.name == "char" else VARCHAR_MAX
        length = kind.length or 0
        if length <= 0:
            raise DorisError(f"{kind.name.upper()} size must be > 0: {length}")
        if length > most:
            raise DorisError(f"{kind.name.upper()} size must be <= {most}: {length}")
    if kind.name == "time":
        raise DorisError("Time type is not supported for olap table")


def _check_object(column: Column, model: KeyModel) -> None:
    if column.is_key:
        raise DorisError(f"Key column can not set complex type:{column.name}")
    if model is KeyModel.AGGREGATE and column.aggregation is None:
        raise DorisError(f"complex type have to use aggregate function: {column.name}")
    if column.nullable:
        raise DorisError(f"complex type column must be not nullable, column:{column.name}")


def _check_key_type(column: Column) -> None:
    name = column.type.name
    nested = {"array": "Array", "map": "Map", "struct": "Struct"}
    if name in ("float", "double"):
        raise DorisError("Float or double can not used as a key, use decimal instead.")
    if name == "string":
        raise DorisError(f"String Type should not be used in key column[{column.name}]")
    if name in nested:
        raise DorisError(f"{nested[name]} can only be used in the non-key column of the duplicate table at present.")
    if name == "json":
        raise DorisError(f"JsonType type should not be used in key column[{column.name}].")
    if name == "variant":
        raise DorisError(f"Variant type should not be used in key column[{column.name}].")


def _with_aggregation(column: Column, model: KeyModel) -> Column:
    wanted = column.aggregation
    if wanted is None:
        if model is KeyModel.AGGREGATE and not column.is_key:
            raise DorisError("should set aggregation type to non-key column in aggregate key table")
        return column
    if column.is_key:
        raise DorisError(f"Key column {column.name} can not set aggregation type")
    if wanted == "GENERIC":
        raise DorisError("agg state not enable, need set enable_agg_state=true")
    fits = _AGGREGATED[wanted]
    if fits is not None and column.type.name not in fits:
        raise DorisError(f"Aggregate type {wanted} is not compatible with primitive type {str(column.type).upper()}")
    if wanted == "REPLACE_IF_NOT_NULL" and not column.nullable:
        raise DorisError(f"REPLACE_IF_NOT_NULL column must be nullable, maybe should use REPLACE, column:{column.name}")
    return column


def _with_default(column: Column) -> Column:
    kind = column.type.name
    value = column.default
    if column.default_is_expression and value == "NULL":
        if not column.nullable:
            raise DorisError(f"Can not set null default value to non nullable column: {column.name}")
        column, value = replace(column, default=None, default_is_expression=False), None
    if kind == "hll":
        if value is not None:
            raise DorisError("Hll type column can not set default value")
        return column
    if kind == "bitmap":
        if value not in (None, "BITMAP_EMPTY"):
            raise DorisError("Bitmap type column default value only support BITMAP_EMPTY")
        return replace(column, default="BITMAP_EMPTY", default_is_expression=True)
    if value is not None:
        _check_default(column, value)
    _check_on_update(column)
    return column


def _check_default(column: Column, value: str) -> None:
    kind = column.type
    if kind.name == "array" and value != "[]":
        raise DorisError("Array type column default value only support null or []")
    if kind.name in ("map", "struct"):
        raise DorisError(f"{kind.name.capitalize()} type column default value just support null")
    if kind.name in ("json", "variant"):
        raise DorisError("Json or Variant type column default value just support null")
    if column.default_is_expression:
        _check_expression(value, kind)
    else:
        check_literal(value, kind)


def _check_expression(value: str, kind: DorisType) -> None:
    word = value.partition("(")[0]
    wanted, text = {
        "CURRENT_TIMESTAMP": ("datetime", "Types other than DATETIME and DATETIMEV2 cannot use current_timestamp"),
        "CURRENT_DATE": ("date", "Types other than DATE and DATEV2 cannot use current_date"),
        "PI": ("double", "Types other than DOUBLE cannot use pi"),
        "E": ("double", "Types other than DOUBLE cannot use e"),
        "BITMAP_EMPTY": ("bitmap", "Types other than BITMAP cannot use bitmap_empty"),
    }[word]
    if kind.name != wanted:
        raise DorisError(f"{text} as the default value")
    digits = re.search(r"\((\d+)\)", value)
    if digits and int(digits[1]) > (kind.scale or 0):
        raise DorisError(
            f"default value precision: {value} can not be greater than type precision: datetime({kind.scale or 0})"
        )


def check_literal(value: str, kind: DorisType) -> None:
    """Raise unless a literal's text is a value of the type."""
    if kind.is_integer:
        check_integer(value, kind)
    elif kind.name in ("float", "double"):
        try:
            float(value)
        except ValueError:
            raise DorisError(f"Invalid floating literal: {value}") from None
    elif kind.name == "decimal":
        _check_decimal(value, kind)
    elif kind.is_date:
        moment(value, kind)
    elif kind.name in ("char", "varchar") and len(value) > (kind.length or 0):
        raise DorisError(f"Default value is too long: {value}")
    elif kind.name == "boolean" and value.lower() not in ("true", "false", "1", "0"):
        raise DorisError(f"Invalid BOOLEAN literal: {value}")


def check_integer(value: str, kind: DorisType) -> None:
    if not re.fullmatch(r"[+-]?\d+", value):
        raise DorisError(f"Invalid number format: {value}")
    most = 2 ** (INTEGER_BITS[kind.name] - 1)
    if not -most <= int(value) < most:
        raise DorisError(f"Number out of range[{value}]. type: {kind.name.upper()}")


def _check_decimal(value: str, kind: DorisType) -> None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise DorisError(f"Invalid floating-point literal: {value}") from None
    exponent = number.as_tuple().exponent
    scale = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    whole = len(str(abs(int(number)))) if int(number) else 0
    if scale > (kind.scale or 0) or whole > (kind.precision or 0) - (kind.scale or 0):
        raise DorisError(f"Default value precision:{whole + scale} scale:{scale} exceed the column {kind}: {value}")


def moment(value: str, kind: DorisType) -> str:
    """A date or datetime literal in its canonical text. Only the written-out forms are taken."""
    found = re.fullmatch(r"(\d{4})-?(\d{2})-?(\d{2})(?:[ T](\d{2}):(\d{2}):(\d{2})(\.\d{1,6})?)?", value.strip())
    if found is None:
        raise DorisError(f"date literal [{value}] is invalid")
    year, month, day, hour, minute, second, fraction = found.groups()
    if (year, month, day) != ("0000", "01", "01"):
        try:
            date(int(year), int(month), int(day))
            datetime(1, 1, 1, int(hour or 0), int(minute or 0), int(second or 0))
        except ValueError:
            raise DorisError(f"date literal [{value}] is invalid") from None
    day_text = f"{year}-{month}-{day}"
    if kind.name == "date":
        return day_text
    digits = ("." + (fraction or ".")[1:].ljust(6, "0")[: kind.scale]) if kind.scale else ""
    return f"{day_text} {hour or '00'}:{minute or '00'}:{second or '00'}{digits}"


def _check_on_update(column: Column) -> None:
    if column.on_update is None:
        return
    if column.type.name != "datetime":
        raise DorisError(
            f"meet error when validating the on update value of column[{column.name}], reason: "
            "Types other than DATETIME and DATETIMEV2 cannot use current_timestamp as the default value"
        )
    default = column.default or ""
    if not column.default_is_expression or not default.startswith("CURRENT_TIMESTAMP"):
        raise DorisError(
            f"You must set the default value of the column[{column.name}] to CURRENT_TIMESTAMP when using "
            "'ON UPDATE CURRENT_TIMESTAMP'."
        )
    if default != column.on_update:
        raise DorisError(
            f"The precision of the default value of column[{column.name}] should be the same with the precision in "
            "'ON UPDATE CURRENT_TIMESTAMP'."
        )


def check_automatic(columns: Sequence[Column], model: KeyModel) -> None:
    """Doris' rules for AUTO_INCREMENT."""
    automatic = [column for column in columns if column.auto_increment is not None]
    if len(automatic) > 1:
        raise DorisError("there can be at most one auto increment column in OlapTable.")
    for column in automatic:
        if column.nullable:
            raise DorisError("the auto increment column should be NOT NULL.")
        if column.default is not None:
            raise DorisError("the auto increment column can't have default value.")
        if column.type.name != "bigint":
            raise DorisError("the auto increment must be BIGINT type.")
        if model is KeyModel.AGGREGATE:
            raise DorisError("the auto increment is only supported in duplicate table and unique table.")


def refuse_what_cannot_be_kept(column: Column) -> None:
    """Refuse types whose values the engine beneath would not keep as Doris does."""
    if column.type.name == "variant":
        raise Refused(f"column {column.name} of type variant", "Use json.")
