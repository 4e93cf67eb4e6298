"""Which table properties Doris knows, what values they take, and how they are kept.

A property that steers storage of a real cluster (compression, page sizes, compaction) has no effect here; it is checked
as Doris checks it, remembered, and shown again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from nereus.warehouse.embedded.catalog.model import Column, Distribution, KeyModel, Partitioning
from nereus.warehouse.embedded.ddl.dynamic import PREFIX, read_dynamic
from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.types import parse_type

#: The embedded warehouse stands for a cluster of this many backends.
BACKENDS = 3
_INT_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Facts:
    """What property rules ask of the table that is being made."""

    model: KeyModel
    columns: Sequence[Column]
    distribution: Distribution
    partitioning: Partitioning | None = None
    merge_on_write: bool = False


#: Takes the value and the facts, gives the value to keep, or None where nothing need be kept.
Rule = Callable[[str, Facts], str | None]


def read_properties(given: Mapping[str, str], facts: Facts) -> tuple[tuple[str, str], ...]:
    """The properties to keep, sorted by name. Raises what Doris raises for unknown names and wrong values."""
    on_write = given.get("enable_unique_key_merge_on_write", "true") == "true"
    facts = replace(facts, merge_on_write=facts.model is KeyModel.UNIQUE and on_write)
    kept: dict[str, str] = {}
    unknown: dict[str, str] = {}
    dynamic: dict[str, str] = {}
    for name, value in given.items():
        if name.startswith(PREFIX):
            dynamic[name] = value
            continue
        rule = RULES.get(name)
        if rule is None or (name == "estimate_partition_size" and facts.distribution.buckets is not None):
            unknown[name] = value
            continue
        found = rule(value, facts)
        if found is not None:
            kept["replication_num" if name == "replication_allocation" else name] = found
    if unknown:
        raise DorisError(
            "Unknown properties: {" + ", ".join(f"{name}={value}" for name, value in unknown.items()) + "}"
        )
    if dynamic:
        kept |= read_dynamic(dynamic, facts.columns, facts.distribution, facts.partitioning)
    _check_together(kept, facts)
    return tuple(sorted(kept.items()))


def _check_together(kept: Mapping[str, str], facts: Facts) -> None:
    if kept.get("compaction_policy") == "time_series":
        if facts.model is KeyModel.UNIQUE:
            raise DorisError("Time series compaction policy is not supported for unique key table")
    elif any(name.startswith("time_series_compaction_") for name in kept):
        raise DorisError("only time series compaction policy support for time series config")
    if "function_column.sequence_col" in kept and "function_column.sequence_type" in kept:
        raise DorisError("The sequence_col and sequence_type cannot be set at the same time")
    replicas = int(kept.get("replication_num", BACKENDS))
    least = int(kept.get("min_load_replica_num", -1))
    if least > replicas:
        raise DorisError(f"Failed to check min load replica num [{least}]  <= default replica num [{replicas}]")


def _flag(name: str, *, joined: str = " ") -> Rule:
    def rule(value: str, facts: Facts) -> str:
        if value.lower() not in ("true", "false"):
            raise DorisError(f"{name}{joined}must be `true` or `false`")
        return value.lower()

    return rule


def _only_false(name: str, text: str) -> Rule:
    """A switch whose other position Doris or the embedded warehouse does not have."""

    def rule(value: str, facts: Facts) -> None:
        if value.lower() != "false":
            raise DorisError(text)

    return rule


def _integer(bad: str) -> Rule:
    def rule(value: str, facts: Facts) -> str:
        try:
            return str(int(value))
        except ValueError:
            raise DorisError(bad) from None

    return rule


def _replication_num(value: str, facts: Facts) -> str:
    try:
        number = int(value)
    except ValueError:
        raise DorisError(f'For input string: "{value}"') from None
    if not 1 <= number <= 32767:
        raise DorisError("Replication num should between 1 and 32767")
    if number > BACKENDS:
        raise DorisError(
            "replication num should be less than the number of available backends. "
            f"replication num is {number}, available backend num is {BACKENDS}"
        )
    return str(number)


def _replication_allocation(value: str, facts: Facts) -> str:
    location, _, number = value.partition(":")
    if location.strip() != "tag.location.default" or not number.strip().isdigit():
        raise Refused(f"the replication_allocation {value}", "Use tag.location.default: n.")
    return _replication_num(number.strip(), facts)


def _min_load_replica_num(value: str, facts: Facts) -> str:
    try:
        number = int(value)
    except ValueError:
        raise DorisError(f'For input string: "{value}"') from None
    if number <= 0 and number != -1:
        raise DorisError("min_load_replica_num should > 0 or =-1")
    return str(number)


_NO_BLOOM = frozenset(
    {"boolean", "tinyint", "float", "double", "bitmap", "hll", "quantile_state", "array", "map", "struct", "json"}
)


def _bloom_filter_columns(value: str, facts: Facts) -> str | None:
    if not value:
        return None
    found: list[str] = []
    for name in (part.strip() for part in value.split(",")):
        column = next((column for column in facts.columns if column.name.lower() == name.lower()), None)
        if column is None:
            raise DorisError(f"Bloom filter column does not exist in table. invalid column: {name}")
        if column.type.name in _NO_BLOOM:
            raise DorisError(
                f"{column.type.name.upper()} is not supported in bloom filter index. invalid column: {name}"
            )
        if facts.model is KeyModel.AGGREGATE and not column.is_key:
            raise DorisError(
                "Bloom filter index should only be used in columns of UNIQUE_KEYS/DUP_KEYS table or key columns of"
                f" AGG_KEYS table. invalid column: {name}"
            )
        if column.name in found:
            raise DorisError(f"Reduplicated bloom filter column: {name}")
        found.append(column.name)
    return ", ".join(found)


def _bloom_filter_fpp(value: str, facts: Facts) -> str:
    try:
        number = float(value)
    except ValueError:
        raise DorisError("Bloom filter fpp is not Double") from None
    if not 1.0e-4 <= number <= 0.05:
        raise DorisError("Bloom filter fpp should in [1.0E-4, 0.05]")
    return value


def _compression(value: str, facts: Facts) -> str | None:
    known = {"no_compression", "lz4", "lz4f", "lz4hc", "zlib", "zstd", "snappy", "default_compression"}
    if value.lower() not in known:
        raise DorisError(f"unknown compression type: {value}")
    return None if value.lower() in ("lz4f", "default_compression") else value.upper()


def _storage_format(value: str, facts: Facts) -> None:
    if value.lower() == "v1":
        raise DorisError("Storage format V1 has been deprecated since version 0.14, please use V2 instead")
    if value.lower() not in ("v2", "default"):
        raise DorisError(f"unknown storage format: {value}")


def _index_format(value: str, facts: Facts) -> str:
    if value.lower() not in ("v1", "v2", "v3", "default"):
        raise DorisError(f"unknown inverted index storage format: {value}")
    return "V2" if value.lower() == "default" else value.upper()


def _storage_medium(value: str, facts: Facts) -> str:
    if value.lower() not in ("hdd", "ssd"):
        raise DorisError(f"Invalid storage medium: {value}")
    return value.lower()


def _storage_type(value: str, facts: Facts) -> None:
    if value.lower() != "column":
        raise DorisError(f"Invalid storage type: {value}")


def _compaction_policy(value: str, facts: Facts) -> str | None:
    if value not in ("size_based", "time_series"):
        raise DorisError("compaction_policy must be time_series or size_based")
    return None if value == "size_based" else value


def _merge_on_write(value: str, facts: Facts) -> str:
    if facts.model is not KeyModel.UNIQUE:
        raise DorisError("enable_unique_key_merge_on_write property only support unique key table")
    if value not in ("true", "false"):
        raise DorisError("enable_unique_key_merge_on_write must be `true` or `false`")
    return value


def _light_delete(value: str, facts: Facts) -> str:
    if value.lower() not in ("true", "false"):
        raise DorisError("enable_mow_light_delete must be `true` or `false`")
    if value.lower() == "true" and not facts.merge_on_write:
        raise DorisError("enable_mow_light_delete property is only supported for unique merge-on-write table")
    return value.lower()


def _single_replica_compaction(value: str, facts: Facts) -> str:
    _flag("enable_single_replica_compaction")(value, facts)
    if value.lower() == "true" and facts.merge_on_write:
        raise DorisError("enable_single_replica_compaction property is not supported for merge-on-write table")
    return value.lower()


def _colocate_with(value: str, facts: Facts) -> str:
    if not facts.distribution.columns:
        raise DorisError("Random distribution for colocate table is unsupported")
    if facts.distribution.buckets is None:
        raise DorisError("Auto buckets for colocate table is unsupported")
    return value


def _refused(what: str, instead: str | None = None) -> Rule:
    def rule(value: str, facts: Facts) -> None:
        raise Refused(what, instead)

    return rule


def _page_size(what: str, least: int, most: int, out: str) -> Rule:
    def rule(value: str, facts: Facts) -> str:
        try:
            number = int(value)
        except ValueError:
            raise DorisError(f"Invalid {what} page size: {value}") from None
        if not least <= number <= most:
            raise DorisError(out)
        return str((number + 4095) & ~4095)

    return rule


def _time_series(name: str, least: int, *, most: int = _INT_MAX, out: str | None = None, form: str = " format") -> Rule:
    name = f"time_series_compaction_{name}"

    def rule(value: str, facts: Facts) -> str:
        try:
            number = int(value)
        except ValueError:
            raise DorisError(f"Invalid {name}{form}: {value}") from None
        if not least <= number <= most:
            raise DorisError(f"{name} can not {out or f'be less than {least}'}: {value}")
        return str(number)

    return rule


def _sequence_col(value: str, facts: Facts) -> str:
    """The column that says which row of a key is the latest."""
    if facts.model is not KeyModel.UNIQUE:
        raise DorisError("sequence column only support UNIQUE_KEYS")
    column = next((column for column in facts.columns if column.name.lower() == value.lower()), None)
    if column is None:
        raise DorisError(f"The specified sequence column[{value}] not exists")
    if not column.type.is_integer and not column.type.is_date:
        raise DorisError("Sequence type only support integer types and date types")
    return column.name


def _sequence_type(value: str, facts: Facts) -> str:
    """A hidden sequence column: remembered and shown; rows, which would have to bring its values, are refused."""
    if facts.model is not KeyModel.UNIQUE:
        raise DorisError("sequence column only support UNIQUE_KEYS")
    kind = parse_type(value)
    if not kind.is_integer and not kind.is_date:
        raise DorisError("sequence type only support integer types and date types")
    return str(kind)


RULES: dict[str, Rule] = {
    "replication_num": _replication_num,
    "replication_allocation": _replication_allocation,
    "min_load_replica_num": _min_load_replica_num,
    "bloom_filter_columns": _bloom_filter_columns,
    "bloom_filter_fpp": _bloom_filter_fpp,
    "colocate_with": _colocate_with,
    "in_memory": _only_false("in_memory", "Not support set 'in_memory'='true' now!"),
    "storage_medium": _storage_medium,
    "storage_type": _storage_type,
    "storage_format": _storage_format,
    "inverted_index_storage_format": _index_format,
    "compression": _compression,
    "estimate_partition_size": lambda value, facts: value,
    "enable_unique_key_merge_on_write": _merge_on_write,
    "light_schema_change": _flag("light_schema_change"),
    "store_row_column": _flag("store_row_column", joined=""),
    "row_store_page_size": _page_size("row store", 1, _INT_MAX, "Row store page size should larger than 0."),
    "storage_page_size": _page_size("storage", 4096, 10485760, "Storage page size must be between 4KB and 10MB."),
    "storage_dict_page_size": _page_size(
        "storage dict", 0, 104857600, "Storage dict page size must be between 0 and 100MB."
    ),
    "skip_write_index_on_load": _only_false(
        "skip_write_index_on_load", "Property skip_write_index_on_load is forbidden now."
    ),
    "compaction_policy": _compaction_policy,
    "time_series_compaction_goal_size_mbytes": _time_series("goal_size_mbytes", 10),
    "time_series_compaction_file_count_threshold": _time_series("file_count_threshold", 10),
    "time_series_compaction_time_threshold_seconds": _time_series("time_threshold_seconds", 60),
    "time_series_compaction_empty_rowsets_threshold": _time_series("empty_rowsets_threshold", 2, form=""),
    "time_series_compaction_level_threshold": _time_series(
        "level_threshold", 1, most=2, out="less than 1 or greater than 2", form=""
    ),
    "disable_auto_compaction": _flag("disable_auto_compaction"),
    "enable_single_replica_compaction": _single_replica_compaction,
    "group_commit_interval_ms": _integer("parse group_commit_interval_ms format error"),
    "group_commit_data_bytes": _integer("parse group_commit_data_bytes format error"),
    "enable_mow_light_delete": _light_delete,
    "is_being_synced": _only_false("is_being_synced", "the embedded warehouse refuses is_being_synced."),
    "enable_duplicate_without_keys_by_default": _flag("enable_duplicate_without_keys_by_default"),
    # Whether there is such a policy, and whether the table may have it, is asked by the catalogue.
    "storage_policy": lambda value, facts: value or None,
    "storage_cooldown_time": _refused("the property storage_cooldown_time"),
    "file_cache_ttl_seconds": _refused("the property file_cache_ttl_seconds"),
    "row_store_columns": _refused("the property row_store_columns"),
    "binlog.enable": _only_false("binlog.enable", "the embedded warehouse refuses binlogs."),
    "function_column.sequence_col": _sequence_col,
    "function_column.sequence_type": _sequence_type,
}
