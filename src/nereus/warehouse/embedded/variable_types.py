"""What Doris' Java fields take: the ranges of its integers, and the narrower ones of some variables."""

from __future__ import annotations

import re
from typing import NamedTuple

from nereus.warehouse.embedded.errors import DorisError

_INTEGER = re.compile(r"[+-]?[0-9]+")
_BITS = {"int": 31, "bigint": 63}
_MB = 1024 * 1024
_VOLUME = re.compile(r"([0-9]+)([^0-9]*)")
_UNITS = {"": 1, "B": 1, **{unit: 1024**power for power, unit in enumerate("KMGTP", 1)}}


class Bounds(NamedTuple):
    """The values a variable takes, both included, and Doris' text for others; `{}` stands for the value as written.

    Attributes:
        not_a_number: the text for what is no integer, or none of Java's int; None where it is Java's own text.
        java: the Java type that the value is read as before the bounds are compared.
    """

    low: int
    high: int
    text: str
    not_a_number: str | None = None
    java: str = "int"


def _up_to(name: str, low: int, high: int, java: str = "bigint") -> Bounds:
    within = f"between {low} and {high}"
    return Bounds(low, high, f"{name} should be {within}", f"{name} must be a valid number {within}", java)


def _at_least(name: str, low: int, java: str) -> Bounds:
    text = f"{name} value should greater than or equal {low}, you set value is: {{}}"
    return Bounds(low, 2 ** _BITS[java] - 1, text, java=java)


_BATCH = Bounds(1, 65535, "batch_size should be between 1 and 65535)", java="bigint")
_ORC = ("orc_tiny_stripe_threshold_bytes", "orc_once_max_read_bytes", "orc_max_merge_distance_bytes")

#: Variables with a check of their own, by name without ``experimental_``.
BOUNDS: dict[str, Bounds] = {
    "query_timeout": Bounds(1, 2**31 - 1, "query_timeout can not be set to {}, it must be greater than 0"),
    "max_execution_time": Bounds(
        1000,
        2**31 - 1,
        "max_execution_time can not be set to {}, it must be greater or equal to 1000, the time unit is millisecond",
    ),
    "query_slot_count": Bounds(1, 1025, "query_slot_count should be between 1 and 1024)", java="bigint"),
    "batch_size": _BATCH,
    "broker_load_batch_size": _BATCH,
    "generate_stats_factor": Bounds(1, 2**31 - 1, "Generate stats factor {} should greater than 0"),
    "profile_level": Bounds(1, 3, "Profile level can not be set to {}, it must be in the range of 1-3"),
    "skew_rewrite_agg_bucket_num": _up_to("skew_rewrite_agg_bucket_num", 1, 65535),
    "multi_distinct_strategy": _up_to("multi_distinct_strategy", 0, 2),
    "agg_phase": _up_to("agg_phase", 0, 4),
    "skew_rewrite_join_salt_explode_factor": _up_to("skew_rewrite_join_salt_explode_factor", 0, 65535, "int"),
    "default_variant_max_subcolumns_count": Bounds(
        0, 100000, "variant max subcolumns count is: {} it must between 0 and 100000"
    ),
    "parallel_pipeline_task_num": _at_least("parallel_pipeline_task_num", 0, "int"),
    "full_sort_max_buffered_bytes": Bounds(
        16 * _MB,
        1024 * _MB,
        "full_sort_max_buffered_bytes value should between 16MB and 1GB , you set value is: {}",
        java="bigint",
    ),
    **{name: _at_least(name, 0, "bigint") for name in _ORC},
}


def integer(name: str, value: str, kind: str) -> str:
    """An integer as it is kept. Raises what Doris raises for another text and for a number out of range.

    Args:
        name: without ``experimental_``.
        kind: ``int`` or ``bigint``, the type of the variable.
    """
    bounds = BOUNDS.get(name)
    number = _parsed(value, bounds.java if bounds else kind)
    if number is None:
        if bounds is None:
            raise DorisError(f"Incorrect argument type to variable '{name}'")
        raise DorisError(bounds.not_a_number or f'For input string: "{value}"')
    if bounds is not None and not bounds.low <= number <= bounds.high:
        raise DorisError(bounds.text.format(value))
    return str(number)


def data_volume(value: str) -> str:
    """exec_mem_limit: a number of bytes, or a text like ``4G``."""
    found = _VOLUME.fullmatch(value)
    if found is None:
        raise DorisError(f"invalid data volume expression:{value}")
    number = _parsed(found[1], "bigint")
    if number is None:
        raise DorisError(f"invalid data volume:{found[1]}")
    if number <= 0:
        raise DorisError("Data volume must larger than 0")
    unit = found[2].upper().removesuffix("B") if len(found[2]) > 1 else found[2].upper()
    if unit not in _UNITS:
        raise DorisError(f"invalid unit:{found[2]}")
    return str(number * _UNITS[unit])


def select_limit(value: str) -> str:
    """sql_select_limit: Java's long, or DEFAULT."""
    if value.lower() == "default":
        return str(2**63 - 1)
    number = _parsed(value, "bigint")
    if number is None:
        raise DorisError(f"Invalid sql_select_limit value: {value}")
    return str(number)


def _parsed(value: str, kind: str) -> int | None:
    """Java's parseInt or parseLong; None where it throws."""
    if not _INTEGER.fullmatch(value) or len(value) > 64:
        return None
    number = int(value)
    return number if -(2 ** _BITS[kind]) <= number < 2 ** _BITS[kind] else None
