"""Workload groups: what is declared of them, checked as Doris checks it, and kept in the database.

The limits are enforced by `queues` (concurrency, queue), `lanes` (processor) and `memory`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import duckdb

from nereus.warehouse.embedded.errors import DorisError

DEFAULT = "normal"

#: Doris' defaults. Percentages are kept without their sign and shown with it.
_DEFAULTS = {
    "min_cpu_percent": "0",
    "max_cpu_percent": "100",
    "min_memory_percent": "0",
    "max_memory_percent": "100",
    "max_concurrency": "2147483647",
    "max_queue_size": "0",
    "queue_timeout": "0",
    "scan_thread_num": "-1",
    "max_remote_scan_thread_num": "-1",
    "min_remote_scan_thread_num": "-1",
    "memory_low_watermark": "75",
    "memory_high_watermark": "85",
    "compute_group": "default",
    "read_bytes_per_second": "-1",
    "remote_read_bytes_per_second": "-1",
    "slot_memory_policy": "none",
}
_PERCENT = {
    "min_cpu_percent": (0, 100),
    "max_cpu_percent": (1, 100),
    "min_memory_percent": (0, 100),
    "max_memory_percent": (1, 100),
    "memory_low_watermark": (1, 100),
    "memory_high_watermark": (1, 100),
}
_NATURAL = ("max_concurrency", "max_queue_size", "queue_timeout")
_POSITIVE_OR_NONE = (
    "scan_thread_num",
    "max_remote_scan_thread_num",
    "min_remote_scan_thread_num",
    "read_bytes_per_second",
    "remote_read_bytes_per_second",
)
_ORDERED = (
    ("min_cpu_percent", "max_cpu_percent", "{high}'s value {b} has to be great or equal than {low} {a}"),
    ("min_memory_percent", "max_memory_percent", "{high}'s value {b} has to be great or equal than {low} {a}"),
    ("memory_low_watermark", "memory_high_watermark", "{high}({b}) should bigger than {low}({a})"),
    ("min_remote_scan_thread_num", "max_remote_scan_thread_num", "{high} must bigger or equal {low}"),
)

_STORE = "CREATE TABLE IF NOT EXISTS nereus.workload_groups (id BIGINT, name VARCHAR, properties JSON)"
_FIRST_ID = 1001
#: Doris' workload_group_max_num, by default.
_MOST_GROUPS = 15


@dataclass(frozen=True, slots=True)
class WorkloadGroup:
    """`properties` as given, without percent signs; what is missing has its default."""

    id: int
    name: str
    properties: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """A property as SHOW WORKLOAD GROUPS prints it."""
        value = self.properties.get(name) or _DEFAULTS[name]
        return f"{value}%" if name in _PERCENT else value

    def number(self, name: str) -> int:
        """A property that is a number; percentages are numbers from 0 to 100."""
        return int(self.properties.get(name) or _DEFAULTS[name])


#: Property columns of SHOW WORKLOAD GROUPS, in order.
SHOWN = tuple(_DEFAULTS)


class WorkloadGroups:
    """The groups by name, kept in the database."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._lock = threading.Lock()
        cursor.execute(_STORE)
        rows = cursor.execute("SELECT id, name, properties FROM nereus.workload_groups").fetchall()
        stored = {name: WorkloadGroup(number, name, json.loads(text)) for number, name, text in rows}
        self.groups: Mapping[str, WorkloadGroup] = {DEFAULT: WorkloadGroup(1, DEFAULT), **stored}

    def close(self) -> None:
        with self._lock:
            self._cursor.close()

    def create(self, name: str, properties: Mapping[str, str], *, if_not_exists: bool = False) -> None:
        checked = _check(properties)
        with self._lock:
            if name in self.groups:
                if if_not_exists:
                    return
                raise DorisError(f"Compute group default already has workload group {name}.")
            number = max(_FIRST_ID, *(group.id + 1 for group in self.groups.values()))
            made = WorkloadGroup(number, name, checked)
            self._check_sums(made)
            if len(self.groups) + 1 >= _MOST_GROUPS:
                raise DorisError(f"Workload group number in Compute Group defaultcan not exceed {_MOST_GROUPS}")
            self._put(made)

    def alter(self, name: str, properties: Mapping[str, str]) -> None:
        if not properties:
            raise DorisError("Alter workload group should contain at least one property")
        with self._lock:
            old = self._find(name)
            changed = WorkloadGroup(old.id, name, _check({**old.properties, **properties}))
            self._check_sums(changed)
            self._put(changed)

    def drop(self, name: str, *, if_exists: bool = False, check: Callable[[], None] = lambda: None) -> None:
        """Forget a group. `check` raises where something still needs it."""
        if name == DEFAULT:
            raise DorisError(f"Dropping workload group {name} is not allowed.")
        check()
        with self._lock:
            if name not in self.groups and if_exists:
                return
            self._find(name)
            self._cursor.execute("DELETE FROM nereus.workload_groups WHERE name = ?", [name])
            self.groups = {key: group for key, group in self.groups.items() if key != name}

    def _check_sums(self, new: WorkloadGroup) -> None:
        """What all groups are promised together cannot be more than there is."""
        others = [group for group in self.groups.values() if group.id != new.id]
        for name in ("min_cpu_percent", "min_memory_percent"):
            if sum(group.number(name) for group in (*others, new)) > 100:
                raise DorisError(f"Sum of {name} in default should be less than 100%")

    def _find(self, name: str) -> WorkloadGroup:
        found = self.groups.get(name)
        if found is None:
            raise DorisError(f"Can not find workload group {name} in compute group default.")
        return found

    def _put(self, group: WorkloadGroup) -> None:
        self._cursor.execute("BEGIN")
        self._cursor.execute("DELETE FROM nereus.workload_groups WHERE name = ?", [group.name])
        row = [group.id, group.name, json.dumps(dict(group.properties))]
        self._cursor.execute("INSERT INTO nereus.workload_groups VALUES (?, ?, ?)", row)
        self._cursor.execute("COMMIT")
        self.groups = {**self.groups, group.name: group}


def _check(properties: Mapping[str, str]) -> dict[str, str]:
    """The properties without percent signs. Raises what Doris raises for a name or value it does not take."""
    checked: dict[str, str] = {}
    for name, value in properties.items():
        if name not in _DEFAULTS:
            raise DorisError(f"Property {name} is not supported, maybe it is deprecated.")
        checked[name] = _value(name, value)
    numbers = {**_DEFAULTS, **checked}
    both = ("max_remote_scan_thread_num", "min_remote_scan_thread_num")
    if (numbers[both[0]] == "-1") != (numbers[both[1]] == "-1"):
        raise DorisError(f"{both[0]} and {both[1]} must be specified simultaneously")
    for low, high, text in _ORDERED:
        if int(numbers[low]) > int(numbers[high]):
            raise DorisError(text.format(low=low, high=high, a=numbers[low], b=numbers[high]))
    return checked


def _value(name: str, value: str) -> str:
    if name in _PERCENT:
        least, most = _PERCENT[name]
        bare = value.removesuffix("%")
        if not _is_int(bare) or not least <= int(bare) <= most:
            if name.startswith("memory_"):
                raise DorisError(
                    f"The allowed {name} value is an integer value between 1 and 100, but input value is {bare}"
                )
            raise DorisError(f"The allowed {name} value has to be in [{least},{most}], but input value is {value}")
        return str(int(bare))
    if name in _NATURAL and (not _is_int(value) or int(value) < 0):
        raise DorisError(
            f"The allowed {name} value is an integer greater than or equal to 0, but input value is {value}"
        )
    if name in _POSITIVE_OR_NONE and (not _is_int(value) or (int(value) <= 0 and int(value) != -1)):
        raise DorisError(f"The allowed {name} value is -1 or a positive integer. but input value is {value}")
    if name == "slot_memory_policy" and value.lower() not in ("none", "fixed", "dynamic"):
        raise DorisError(f"The value of '{name}' must be one of none, fixed, dynamic.")
    if name == "compute_group" and value not in ("", "default"):
        raise DorisError(f"Can not find compute group:{value}.")
    return value


def _is_int(text: str) -> bool:
    return text.lstrip("+-").isdigit() and text.isascii()
