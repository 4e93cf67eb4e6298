"""Dynamic partitions: the window of partitions that moves with time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nereus.warehouse.embedded.catalog.bounds import high_key, low_key, overlap
from nereus.warehouse.embedded.catalog.model import Column, Distribution, Partition, Partitioning, Table
from nereus.warehouse.embedded.catalog.names import check_partition_name
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.types import DorisType

PREFIX = "dynamic_partition."
#: Doris' value of start where none is set: nothing is ever dropped.
NO_START = -(2**31)
#: BUCKETS AUTO without an estimate.
DEFAULT_BUCKETS = 10
_MOST = 500

_KNOWN = frozenset(
    {"enable", "time_unit", "time_zone", "start", "end", "prefix", "buckets", "replication_num"}
    | {"replication_allocation", "create_history_partition", "history_partition_num", "hot_partition_num"}
    | {"reserved_history_periods", "start_day_of_week", "start_day_of_month", "storage_policy", "storage_medium"}
)
_DIGITS = {"HOUR": 10, "DAY": 8, "MONTH": 6, "YEAR": 4}


def read_dynamic(
    given: Mapping[str, str],
    columns: Sequence[Column],
    distribution: Distribution,
    partitioning: Partitioning | None,
) -> dict[str, str]:
    """The dynamic_partition.* properties with their defaults. Raises what Doris raises."""
    found = {name.removeprefix(PREFIX): value for name, value in given.items()}
    unknown = [PREFIX + name for name in found if name not in _KNOWN]
    if unknown:
        raise DorisError(f"Invalid dynamic partition properties: {', '.join(unknown)}")
    if partitioning is None or partitioning.kind != "RANGE":
        raise DorisError("Only support dynamic partition properties on range partition table")
    if len(partitioning.columns) > 1:
        raise DorisError("Dynamic partition only support single-column range partition")
    for needed in ("time_unit", "prefix", "end"):
        if not found.get(needed):
            raise DorisError(f"Must assign dynamic_partition.{needed} properties")
    for refused in ("storage_policy", "storage_medium", "hot_partition_num", "reserved_history_periods"):
        if found.pop(refused, "") not in ("", "0", "NULL"):
            raise Refused(f"dynamic_partition.{refused}")
    column = next(column for column in columns if column.name.lower() == partitioning.columns[0].lower())
    _check_unit(found["time_unit"], column, partitioning)
    try:
        check_partition_name(found["prefix"])
    except DorisError:
        raise DorisError(f"Invalid dynamic partition prefix: {found['prefix']}.") from None
    for name, usual in (("enable", "true"), ("create_history_partition", "false")):
        value = found.setdefault(name, usual)
        if value.lower() not in ("true", "false"):
            raise DorisError(f"Invalid dynamic partition {name}: {value}. Expected true or false")
        found[name] = value.lower()
    found.setdefault("buckets", str(distribution.buckets or DEFAULT_BUCKETS))
    found.setdefault("start", str(NO_START))
    found.setdefault("history_partition_num", "-1")
    found.setdefault("time_zone", "Etc/UTC")
    _check_numbers(found, auto=partitioning.auto)
    try:
        ZoneInfo(found["time_zone"])
    except (ZoneInfoNotFoundError, ValueError):
        raise DorisError(f"Unknown or incorrect time zone: '{found['time_zone']}'") from None
    _replicas(found)
    return {PREFIX + name: value for name, value in found.items()}


def _check_unit(written: str, column: Column, partitioning: Partitioning) -> None:
    unit = written.upper()
    if unit not in ("HOUR", "DAY", "WEEK", "MONTH", "YEAR"):
        raise DorisError(f"Unsupported time unit {written}. Expect HOUR/DAY/WEEK/MONTH/YEAR.")
    if unit == "WEEK":
        raise Refused("dynamic partitions of a WEEK", "Use DAY or MONTH.")
    if unit == "HOUR" and column.type.name != "datetime":
        kind = "DATE or DATEV2" if column.type.name == "date" else "Integer"
        raise DorisError(
            f"dynamic_partition.time_unit could not be HOUR when type of partition column {column.name} is {kind}"
        )
    if partitioning.auto and partitioning.unit != unit.lower():
        raise DorisError(
            "If support auto partition and dynamic partition at same time, they must have the same interval unit."
        )


def _check_numbers(found: Mapping[str, str], *, auto: bool) -> None:
    numbers = {name: _number(name, found[name]) for name in ("start", "end", "buckets", "history_partition_num")}
    if numbers["start"] >= 0:
        raise DorisError("Dynamic partition start must less than 0")
    if numbers["end"] < 0 or (numbers["end"] == 0 and not auto):
        raise DorisError("Dynamic partition end must greater than 0")
    if numbers["buckets"] <= 0:
        raise DorisError("Dynamic partition buckets must greater than 0")
    if numbers["history_partition_num"] < -1:
        raise DorisError("Dynamic history partition num must greater than 0")
    if not 1 <= _number("start_day_of_month", found.get("start_day_of_month", "1")) <= 28:
        raise DorisError("dynamic_partition.start_day_of_month should between 1 and 28")
    many = numbers["end"] - _first(found)
    if many > _MOST and found["enable"] == "true":
        raise DorisError(f"Too many dynamic partitions: {many}. Limit: {_MOST}")


def settings(table: Table) -> dict[str, str]:
    """The table's dynamic properties without their prefix; empty where it has none."""
    return {name.removeprefix(PREFIX): value for name, value in table.properties if name.startswith(PREFIX)}


def is_dynamic(table: Table) -> bool:
    return settings(table).get("enable") == "true"


def moved(table: Table, now: datetime) -> tuple[tuple[Partition, ...], tuple[str, ...]]:
    """What time asks for: partitions to add (without ids) and names of partitions to drop. `now` has a time zone."""
    found = settings(table)
    if found.get("enable") != "true" or table.partitioning is None:
        return (), ()
    column = table.column(table.partitioning.columns[0])
    if column is None:
        return (), ()
    kinds = (column.type,)
    unit = found["time_unit"].upper()
    local = now.astimezone(ZoneInfo(found["time_zone"])).replace(tzinfo=None)
    day = int(found.get("start_day_of_month", "1"))

    def border(offset: int) -> str:
        return _text(_begin(local, unit, offset, day), column.type)

    added = []
    for offset in range(_first(found), int(found["end"]) + 1):
        lower, upper = border(offset), border(offset + 1)
        if any(overlap((known.lower, known.upper), ((lower,), (upper,)), kinds) for known in table.partitions):
            continue
        digits = _begin(local, unit, offset, day).strftime("%Y%m%d%H")[: _DIGITS[unit]]
        added.append(Partition(found["prefix"] + digits, 0, (lower,), (upper,)))
    if int(found["start"]) == NO_START:
        return tuple(added), ()
    oldest = low_key((border(int(found["start"])),), kinds)
    past = [known.name for known in table.partitions if high_key(known.upper, kinds) <= oldest]
    return tuple(added), tuple(past)


def _first(found: Mapping[str, str]) -> int:
    if found["create_history_partition"] != "true":
        return 0
    start, history = int(found["start"]), int(found["history_partition_num"])
    first = start if history == -1 else max(start, -history)
    if first == NO_START:
        raise DorisError(
            "Provide start or history_partition_num property when create_history_partition=true. "
            "Otherwise set create_history_partition=false"
        )
    return first


def _number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise DorisError(f"Invalid dynamic partition {name} {value}") from None


def _replicas(found: dict[str, str]) -> None:
    number = found.pop("replication_num", None)
    allocation = found.pop("replication_allocation", None)
    if allocation is not None:
        number = allocation.rpartition(":")[2].strip()
    if number is not None:
        if not number.isdigit():
            raise DorisError(f"Invalid dynamic partition replication num: {number}.")
        if int(number) <= 0:
            raise DorisError("Dynamic partition replication num must greater than 0")
        found["replication_num"] = number


def _begin(now: datetime, unit: str, offset: int, day: int) -> datetime:
    """Where the unit that lies `offset` from the present one begins."""
    if unit == "HOUR":
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=offset)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "DAY":
        return midnight + timedelta(days=offset)
    if unit == "YEAR":
        return midnight.replace(year=now.year + offset, month=1, day=1)
    months = now.year * 12 + now.month - 1 + offset - (1 if now.day < day else 0)
    return midnight.replace(year=months // 12, month=months % 12 + 1, day=day)


def _text(moment: datetime, kind: DorisType) -> str:
    if kind.is_integer:
        return moment.strftime("%Y%m%d")
    if kind.name == "date":
        return moment.strftime("%Y-%m-%d")
    return moment.strftime("%Y-%m-%d %H:%M:%S") + ("." + "0" * kind.scale if kind.scale else "")
