"""PARTITION BY and ADD PARTITION: from what is written to partitions with canonical bounds, by Doris' rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from nereus.warehouse.embedded.catalog.bounds import high_key, low_key, overlap
from nereus.warehouse.embedded.catalog.model import Column, Partition, Partitioning
from nereus.warehouse.embedded.catalog.names import check_partition_name
from nereus.warehouse.embedded.ddl.columns import INTEGER_BITS, check_integer, check_literal, moment
from nereus.warehouse.embedded.ddl.syntax import Bound, PartitionBy, PartitionDef
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.types import DorisType

_UNITS = frozenset({"second", "minute", "hour", "day", "week", "month", "quarter", "year"})
_STEP_UNITS = {"HOUR": "%Y%m%d%H", "DAY": "%Y%m%d", "MONTH": "%Y%m", "YEAR": "%Y"}
#: Doris' max_multi_partition_num.
_MOST_STEPS = 4096
_WIRE_NAMES = {"date": "DATEV2", "datetime": "DATETIMEV2"}


def make_partitioning(written: PartitionBy, columns: Sequence[Column], *, merge_on_write: bool) -> Partitioning:
    """Check the partition columns. Raises what Doris raises."""
    unit = None
    if written.function is not None:
        unit = _unit(written)
    elif written.auto and written.kind == "RANGE":
        raise DorisError(
            f"auto create partition only support date_trunc function of RANGE partition. `{written.columns[0]}`"
        )
    known = {column.name.lower(): column for column in columns}
    found: list[Column] = []
    for name in written.columns:
        column = known.get(name.lower())
        if column is None:
            raise DorisError(f"partition key {name} is not exists")
        _check_column(column, written, merge_on_write=merge_on_write)
        if column in found:
            raise DorisError(f"Duplicated partition column {name}")
        found.append(column)
    if unit in ("second", "minute", "hour") and found[0].type.name == "date":
        raise Refused(f"AUTO PARTITION BY RANGE (date_trunc(..., '{unit}')) over a DATE column")
    return Partitioning(written.kind, tuple(column.name for column in found), written.auto, unit)


def _unit(written: PartitionBy) -> str:
    name, arguments = written.function or ("", ())
    if written.kind != "RANGE":
        raise DorisError("internal catalog does not support functions in 'LIST' partition")
    if name in ("date_floor", "date_ceil") or name.endswith(("_floor", "_ceil")):
        raise Refused(f"AUTO PARTITION BY RANGE ({name}(...))", "Use date_trunc(column, 'unit').")
    if name != "date_trunc":
        raise DorisError("auto create partition only support function call expr is date_trunc/date_floor/date_ceil. ")
    if len(arguments) != 1 or len(written.columns) != 1:
        raise DorisError("date_trunc params exprs size should be 2.")
    unit = arguments[0].lower()
    if unit not in _UNITS:
        raise DorisError(f"partition expr date_trunc(`{written.columns[0]}`, '{unit}') is illegal!")
    return unit


def _check_column(column: Column, written: PartitionBy, *, merge_on_write: bool) -> None:
    name = column.type.name
    if not column.is_key:
        if column.aggregation is not None:
            raise DorisError("The partition column could not be aggregated column")
        if merge_on_write:
            raise DorisError("Merge-on-Write table's partition column must be KEY column")
    if name in ("float", "double"):
        raise DorisError("Floating point type column can not be partition column")
    if name == "string":
        raise DorisError(f"String Type should not be used in partition column[{column.name}].")
    if name in ("array", "map", "struct", "json", "variant", "bitmap", "hll", "quantile_state"):
        raise DorisError(f"Complex type column can't be partition column: {str(column.type).upper()}")
    if written.kind == "RANGE":
        if written.auto and column.nullable:
            raise DorisError("AUTO RANGE PARTITION doesn't support NULL column")
        if not column.type.is_integer and not column.type.is_date:
            raise DorisError(f"Column[{column.name}] type[{name.upper()}] cannot be a range partition key.")


def add_partitions(
    written: Sequence[PartitionDef],
    partitioning: Partitioning,
    types: Sequence[DorisType],
    present: Sequence[Partition] = (),
) -> tuple[Partition, ...]:
    """The partitions that `written` adds to the `present` ones, without ids, in order. Raises what Doris raises."""
    kinds = {definition.kind for definition in written}
    allowed = {"IN"} if partitioning.kind == "LIST" else {"LESS", "FIXED", "STEP"}
    if kinds - allowed or {"LESS", "STEP"} <= kinds:
        raise DorisError(
            "partitions types is invalid, expected FIXED or LESS in range partitions and IN in list partitions"
        )
    known = list(present)
    for definition in written:
        for partition in _expanded(definition, types, known):
            check_partition_name(partition.name)
            if any(other.name.lower() == partition.name.lower() for other in known):
                if definition.if_not_exists and present:
                    continue
                raise DorisError(
                    f"Duplicate partition name {partition.name}"
                    if present
                    else f"Duplicated named partition: {partition.name}"
                )
            _check_free(partition, known, types)
            known.append(partition)
    return tuple(known[len(present) :])


#: Properties that a partition may have of its own.
PROPERTIES = ("replication_num", "replication_allocation", "storage_medium", "storage_policy", "in_memory", "mutable")


def _expanded(definition: PartitionDef, types: Sequence[DorisType], known: Sequence[Partition]) -> list[Partition]:
    for name in definition.properties:
        if name not in PROPERTIES:
            raise DorisError(f"Unknown properties: {name} = {definition.properties[name]}")
    kept = tuple(sorted(definition.properties.items()))
    if definition.kind == "STEP":
        if len(types) > 1:
            raise Refused("FROM ... TO of partitions over several columns", "Write each partition with its bounds.")
        return _steps(definition, types[0], kept)
    if definition.kind == "IN":
        return [_list(definition, types, kept)]
    _check_count(definition, types)
    upper = _bound(definition.upper, types)
    if definition.kind == "FIXED":
        lower = _low(_bound(definition.lower, types), types)
        if low_key(lower, types) >= high_key(upper, types):
            shown = " ".join(f"({', '.join(f'{text!r}' for text in bound)})," for bound in (lower, upper))
            raise DorisError(
                f"Invalid range value format： The lower values must smaller than upper values: [{shown[:-1]})"
            )
        return [Partition(definition.name, 0, lower, upper, properties=kept)]
    if _low(upper, types) != upper:
        shown = ", ".join(f'"{text}"' for text in upper)
        raise DorisError(f"Partition's upper value should not be MIN VALUE: ({shown})")
    below = [p for p in known if high_key(p.upper, types) < high_key(upper, types)]
    last = max(below, key=lambda p: high_key(p.upper, types), default=None)
    lower = (None,) * len(types) if last is None else last.upper
    return [Partition(definition.name, 0, lower, upper, properties=kept)]


def _check_count(definition: PartitionDef, types: Sequence[DorisType]) -> None:
    """Each bound has a value for each column, or for the first of them."""
    for bound in (definition.lower, definition.upper):
        if len(bound) > len(types):
            if len(types) == 1:
                raise DorisError(
                    "Invalid range value format： partition column number in multi partition clause must be one"
                )
            raise DorisError(f"Partition values number is more than partition column number: {_key(bound)}")
        # LESS THAN (MAXVALUE, ...) is the end whatever follows.
        ends = definition.kind == "LESS" and bound[:1] == (Bound(None),)
        if len(bound) > 1 and Bound(None) in bound and not ends:
            raise DorisError("Not support MAXVALUE in multi partition range values.")
        if len(types) > 1 and len(bound) == 1 and bound[0].text is None and not ends:
            raise Refused("MAXVALUE as the first of several partition columns", "Write VALUES LESS THAN MAXVALUE.")


def _bound(written: Sequence[Bound], types: Sequence[DorisType]) -> tuple[str | None, ...]:
    """The texts of a bound; where values are missing, the least of their types."""
    if not written or written[0].text is None:
        return (None,) * len(types)
    found = [canonical(bound, kind) for bound, kind in zip(written, types, strict=False)]
    return (*found, *(lowest(kind) for kind in types[len(found) :]))


def canonical(bound: Bound, kind: DorisType) -> str | None:
    """A bound in the text by which bounds of this type are kept and compared."""
    if bound.text is None:
        return None
    if kind.is_integer:
        check_integer(bound.text, kind)
        return str(int(bound.text))
    if kind.is_date:
        return moment(bound.text, kind)
    check_literal(bound.text, kind)
    if kind.name == "boolean":
        return "1" if bound.text.lower() in ("true", "1") else "0"
    return bound.text


def lowest(kind: DorisType) -> str:
    """How Doris writes MINVALUE of this type."""
    if kind.is_integer:
        return str(-(2 ** (INTEGER_BITS[kind.name] - 1)))
    return moment("0000-01-01", kind)


def _low(bound: tuple[str | None, ...], types: Sequence[DorisType]) -> tuple[str | None, ...]:
    """A lower bound; the least value of every type is MINVALUE."""
    return (None,) * len(types) if bound == tuple(map(lowest, types)) else bound


def _list(definition: PartitionDef, types: Sequence[DorisType], kept: tuple[tuple[str, str], ...]) -> Partition:
    if not definition.values:
        raise Refused(f"LIST partition {definition.name} without values")
    keys: list[tuple[str | None, ...]] = []
    for written in definition.values:
        if len(written) != len(types):
            raise DorisError(
                f"partition key desc list size[{len(written)}] is not equal to partition column size[{len(types)}]"
            )
        key = tuple(canonical(bound, kind) for bound, kind in zip(written, types, strict=True))
        if key in keys:
            raise DorisError(
                f"Invalid list value format: The partition key[{_key_list(definition.values)}] has duplicate item "
                f"[{_key(written)}]."
            )
        keys.append(key)
    return Partition(definition.name, 0, values=tuple(keys), properties=kept)


def _key(written: Sequence[Bound]) -> str:
    return "(" + ", ".join("NULL" if bound.text is None else f'"{bound.text}"' for bound in written) + ")"


def _key_list(values: Sequence[Sequence[Bound]]) -> str:
    return "(" + ",".join(map(_key, values)) + ")"


def _check_free(partition: Partition, known: Sequence[Partition], types: Sequence[DorisType]) -> None:
    for other in known:
        if partition.values:
            both = set(partition.values) & set(other.values)
            if both:
                key = _key([Bound(text) for text in next(iter(both))])
                mine, theirs = (_key_list([[Bound(text) for text in k] for k in p.values]) for p in (partition, other))
                raise DorisError(
                    f"Invalid list value format: The partition key[{key}] in partition item[{mine}] is conflict with "
                    f"current partitionKeys[{theirs}]"
                )
        elif overlap((partition.lower, partition.upper), (other.lower, other.upper), types):
            raise DorisError(f"Range {_range(partition, types)} is intersected with range: {_range(other, types)}")


def _range(partition: Partition, types: Sequence[DorisType]) -> str:
    """As Doris prints a range in errors and in SHOW PARTITIONS."""
    names = ", ".join(_WIRE_NAMES.get(kind.name, kind.name.upper()) for kind in types)
    lower = ", ".join(text or lowest(kind) for text, kind in zip(partition.lower, types, strict=True))
    upper = ", ".join(text or "MAXVALUE" for text in partition.upper)
    return f"[types: [{names}]; keys: [{lower}]; ..types: [{names}]; keys: [{upper}]; )"


def _steps(definition: PartitionDef, kind: DorisType, kept: tuple[tuple[str, str], ...]) -> list[Partition]:
    if len(definition.lower) != 1 or len(definition.upper) != 1:
        raise DorisError(
            "partition column number in multi partition clause must be one but start column size is "
            f"{len(definition.lower)}, end column size is {len(definition.upper)}."
        )
    start, end = definition.lower[0].text, definition.upper[0].text
    if start is None or end is None:
        raise DorisError("MAXVALUE cannot be used in step partition")
    if definition.step <= 0:
        raise DorisError("Multi partition time interval must be larger than zero.")
    if definition.unit is None:
        bounds = _number_steps(start, end, definition.step)
    else:
        bounds = _time_steps(start, end, definition.step, definition.unit, kind)
    if len(bounds) > _MOST_STEPS:
        raise DorisError(f"The number of Multi partitions too much, should not exceed:{_MOST_STEPS}")
    made = []
    for name, lower, upper in bounds:
        low, high = canonical(Bound(lower), kind), canonical(Bound(upper), kind)
        made.append(Partition(name, 0, _low((low,), [kind]), (high,), properties=kept))
    return made


def _number_steps(start: str, end: str, step: int) -> list[tuple[str, str, str]]:
    if not start.lstrip("-").isdigit() or not end.lstrip("-").isdigit():
        raise DorisError("Batch build partition INTERVAL is number type but From or TO does not type match.")
    if int(start) >= int(end):
        raise DorisError("Batch build partition From value should less then TO value.")
    edges = [(at, min(at + step, int(end))) for at in range(int(start), int(end), step)]
    return [(f"p_{low}_{high}", str(low), str(high)) for low, high in edges]


def _time_steps(start: str, end: str, step: int, unit_word: str, kind: DorisType) -> list[tuple[str, str, str]]:
    unit = unit_word.upper()
    if unit not in ("SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "YEAR"):
        raise DorisError(f"Multi build partition got an unknown time interval type: {unit_word}")
    if unit == "WEEK":
        raise Refused("FROM ... TO ... INTERVAL n WEEK", "Use DAY or MONTH.")
    if unit not in _STEP_UNITS:
        raise DorisError(f"Multi build partition does not support time interval type: {unit}")
    at, stop = _time(start, unit), _time(end, unit)
    if at >= stop:
        raise DorisError("Multi build partition start time should less than end time.")
    form = "%Y-%m-%d" if kind.name == "date" else "%Y-%m-%d %H:%M:%S"
    found: list[tuple[str, str, str]] = []
    while at < stop and len(found) <= _MOST_STEPS:
        after = _stepped(at, unit, step)
        if unit != "DAY" and after > stop:
            after = stop
        found.append((f"p_{at.strftime(_STEP_UNITS[unit])}", at.strftime(form), after.strftime(form)))
        at = after
    return found


def _time(text: str, unit: str) -> datetime:
    """Doris takes a bound as precise as the unit or finer, told by its length."""
    forms = {
        "HOUR": {10: "%Y%m%d%H", 13: "%Y-%m-%d %H", 19: "%Y-%m-%d %H:%M:%S"},
        "DAY": {8: "%Y%m%d", 10: "%Y-%m-%d", 19: "%Y-%m-%d %H:%M:%S"},
        "MONTH": {6: "%Y%m", 7: "%Y-%m", 10: "%Y-%m-%d", 19: "%Y-%m-%d %H:%M:%S"},
        "YEAR": {4: "%Y", 8: "%Y%m%d", 10: "%Y-%m-%d", 19: "%Y-%m-%d %H:%M:%S"},
    }[unit]
    try:
        return datetime.strptime(text, forms[len(text)])
    except (KeyError, ValueError):
        raise DorisError("Multi build partition start or end time style is illegal.") from None


def _stepped(at: datetime, unit: str, step: int) -> datetime:
    if unit == "HOUR":
        return at + timedelta(hours=step)
    if unit == "DAY":
        return at + timedelta(days=step)
    if unit == "YEAR":
        return at.replace(year=at.year + step, month=1, day=1)
    months = at.month - 1 + step
    return at.replace(year=at.year + months // 12, month=months % 12 + 1, day=1)
