"""What a result is in Arrow: the types that a Doris backend sends (its convert_to_arrow_type), and their values."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from nereus.warehouse.embedded import arrow_types
from nereus.warehouse.embedded.errors import Refused
from nereus.warehouse.embedded.result import ResultColumn
from nereus.warehouse.embedded.types import DorisType
from nereus.warehouse.embedded.variables import UTC_NAMES
from nereus.warehouse.embedded.wire import texts

_PLAIN = {
    **arrow_types.PLAIN,
    "null": pa.null(),
    # Microseconds; Doris has no Arrow type for a signed time of up to 838 hours.
    "time": pa.float64(),
    # Doris sends the 32 bits of the address as a signed number.
    "ipv4": pa.int32(),
    **dict.fromkeys(("bitmap", "hll", "quantile_state"), pa.binary()),
}

_CLOCKS = frozenset({"datetime"})


def arrow_type(of: DorisType, time_zone: str) -> pa.DataType:
    """The Arrow type of a column. Text, JSON, largeint and ipv6 are strings; a datetime counts in its own unit.

    >>> arrow_type(datetime(3), "UTC")
    TimestampType(timestamp[ms, tz=UTC])
    """
    if of.name == "decimal":
        return pa.decimal128(of.precision or 38, of.scale or 0)
    if of.name == "datetime":
        scale = of.scale or 0
        return pa.timestamp("us" if scale > 3 else "ms" if scale else "s", time_zone)
    if of.name == "array":
        return pa.list_(arrow_type(of.args[0], time_zone))
    if of.name == "map":
        return pa.map_(arrow_type(of.args[0], time_zone), arrow_type(of.args[1], time_zone))
    if of.name == "struct":
        members = zip(of.fields, of.args, strict=True)
        return pa.struct([pa.field(name, arrow_type(arg, time_zone)) for name, arg in members])
    return _PLAIN.get(of.name, pa.string())


def schema_of(columns: Sequence[ResultColumn], time_zone: str) -> pa.Schema:
    """The schema of a query's rows."""
    return pa.schema([pa.field(column.name, arrow_type(column.type, time_zone)) for column in columns])


def texts_schema_of(columns: Sequence[ResultColumn]) -> pa.Schema:
    """The schema of what a statement other than a query shows: Doris' frontend sends texts alone."""
    return pa.schema([pa.field(column.name, pa.string()) for column in columns])


def converted(batch: pa.RecordBatch, columns: Sequence[ResultColumn], schema: pa.Schema) -> pa.RecordBatch:
    """A batch of a result in the types of its schema. Most columns are in them already and are not copied."""
    arrays = [
        array if array.type == wanted.type else _convert(array, column.type, wanted.type)
        for array, column, wanted in zip(batch.columns, columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def as_texts(batch: pa.RecordBatch, columns: Sequence[ResultColumn], schema: pa.Schema) -> pa.RecordBatch:
    """A batch of texts, as the MySQL protocol shows the values."""
    arrays = [
        texts.texts(array, column.type).cast(pa.string()) for array, column in zip(batch.columns, columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _convert(array: pa.Array, of: DorisType, wanted: pa.DataType) -> pa.Array:
    if pa.types.is_null(wanted) or pa.types.is_null(array.type):
        return pa.nulls(len(array), wanted)
    special = _SPECIAL.get(of.name)
    if special is not None:
        return special(array, of)
    if pa.types.is_timestamp(wanted) and pa.types.is_timestamp(array.type):
        # What stands behind the wanted unit is zero; the clock is that of the session's time zone.
        return pc.assume_timezone(array.cast(pa.timestamp(wanted.unit), safe=False), wanted.tz)
    inside = _names(of) if of.args else frozenset()
    if inside & (_SPECIAL.keys() | _CLOCKS if not _is_utc(wanted) else _SPECIAL.keys()):
        raise Refused(f"{of} over Arrow Flight SQL", "Read this column over the MySQL protocol.")
    return array.cast(wanted, safe=not inside)


def _names(of: DorisType) -> frozenset[str]:
    """The names of a type and of all types inside."""
    return frozenset({of.name}).union(*map(_names, of.args))


def _is_utc(kind: pa.DataType) -> bool:
    """Whether every moment inside is in UTC, so that a cast keeps the clock."""
    if pa.types.is_timestamp(kind):
        return kind.tz is None or kind.tz.lower() in UTC_NAMES
    return all(_is_utc(kind.field(at).type) for at in range(kind.num_fields))


def _times(array: pa.Array, _of: DorisType) -> pa.Array:
    return pa.array([None if micros is None else float(micros) for micros in texts.time_micros(array)], pa.float64())


def _addresses(array: pa.Array, _of: DorisType) -> pa.Array:
    found = [None if text is None else int(ipaddress.IPv4Address(text)) for text in array.to_pylist()]
    return pa.array(found, pa.uint32()).view(pa.int32())


def _opaque(array: pa.Array, _of: DorisType) -> pa.Array:
    """Aggregation states are not shown, as with Doris' return_object_data_as_binary = false."""
    return pa.nulls(len(array), pa.binary())


_SPECIAL: dict[str, Callable[[pa.Array, DorisType], pa.Array]] = {
    "time": _times,
    "ipv4": _addresses,
    **dict.fromkeys(("bitmap", "hll", "quantile_state"), _opaque),
}
