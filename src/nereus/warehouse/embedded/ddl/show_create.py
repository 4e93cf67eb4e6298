"""SHOW CREATE TABLE and SHOW CREATE VIEW, character by character as Doris writes them."""

from __future__ import annotations

from nereus.warehouse.embedded.catalog.bounds import low_key, low_order
from nereus.warehouse.embedded.catalog.model import Column, Index, KeyModel, Partition, Table, View
from nereus.warehouse.embedded.ddl.dynamic import settings
from nereus.warehouse.embedded.ddl.partitioning import lowest
from nereus.warehouse.embedded.ddl.properties import BACKENDS
from nereus.warehouse.embedded.types import DorisType

_DYNAMIC = (
    "create_history_partition",
    "history_partition_num",
    "hot_partition_num",
    "reserved_history_periods",
    "storage_policy",
)


def show_create(relation: Table | View, *, brief: bool = False) -> str:
    """The statement that would make it, ending in a semicolon; with `brief` its partitions are left out."""
    return _view(relation) if isinstance(relation, View) else _table(relation, brief=brief)


def _view(view: View) -> str:
    items = (name + (f" comment '{comment}'" if comment else "") for name, _, comment in view.columns)
    comment = f" COMMENT '{view.comment}'" if view.comment else ""
    return f"CREATE VIEW `{view.name}`\n({','.join(items)})\n{comment} AS {view.sql};"


def _table(table: Table, *, brief: bool) -> str:
    lines = [_column(column, table.model) for column in table.columns]
    lines += [_index(index) for index in table.indexes]
    body = ",\n".join(f"  {line}" for line in lines)
    parts = [f"CREATE TABLE `{table.name}` (\n{body}\n) ENGINE=OLAP"]
    if table.keys:
        parts.append(f"{table.model} KEY({_names(table.keys)})")
    if table.cluster_by:
        parts.append(f"CLUSTER BY ({_names(table.cluster_by)})")
    if table.comment:
        parts.append(f"COMMENT '{_escaped(table.comment)}'")
    if table.partitioning is not None and not brief:
        parts.append(_partitions(table))
    parts.append(_distribution(table))
    shown = ",\n".join(f'"{name}" = "{value}"' for name, value in shown_properties(table))
    parts.append(f"PROPERTIES (\n{shown}\n);")
    return "\n".join(parts)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _escaped(text: str) -> str:
    return text.replace('"', '\\"')


def _column(column: Column, model: KeyModel) -> str:
    words = [f"`{column.name}` {column.type}"]
    if model is KeyModel.AGGREGATE and column.aggregation:
        words.append(column.aggregation)
    if column.generated is not None:
        words.append(f"AS ({column.generated})")
    words.append("NULL" if column.nullable else "NOT NULL")
    if column.auto_increment is not None:
        words.append(f"AUTO_INCREMENT({column.auto_increment})")
    if column.default is not None:
        words.append("DEFAULT " + (column.default if column.default_is_expression else f'"{column.default}"'))
    if column.on_update is not None:
        words.append(f"ON UPDATE {column.on_update}")
    if column.comment:
        words.append(f'COMMENT "{_escaped(column.comment)}"')
    return " ".join(words)


def _index(index: Index) -> str:
    columns = ",".join(f"`{name}`" for name in index.columns)
    properties = ", ".join(f'"{name}" = "{value}"' for name, value in index.properties)
    text = f"INDEX {index.name} ({columns}) USING {index.kind}"
    if properties:
        text += f" PROPERTIES({properties})"
    return text + (f' COMMENT "{_escaped(index.comment)}"' if index.comment else "")


def _partitions(table: Table) -> str:
    partitioning = table.partitioning
    if partitioning is None:
        return ""
    types = [column.type for name in partitioning.columns if (column := table.column(name)) is not None]
    auto = "AUTO " if partitioning.auto else ""
    if partitioning.kind == "LIST":
        head = f"{auto}PARTITION BY LIST ({_names(partitioning.columns)})"
        ordered = sorted(table.partitions, key=lambda partition: _list_order(partition, types))
        entries = [_list_entry(partition, types) for partition in ordered]
    else:
        if partitioning.unit is not None:
            head = f"AUTO PARTITION BY RANGE (date_trunc({_names(partitioning.columns)}, '{partitioning.unit}'))"
        else:
            head = f"PARTITION BY RANGE({_names(partitioning.columns)})"
        ordered = sorted(table.partitions, key=lambda partition: low_key(partition.lower, types))
        entries = [_range_entry(partition, types) for partition in ordered]
    return f"{head}\n(" + ",\n".join(entries) + ")"


def _range_entry(partition: Partition, types: list[DorisType]) -> str:
    lower = ", ".join(_literal(text or lowest(kind), kind) for text, kind in zip(partition.lower, types, strict=True))
    upper = ", ".join(
        "MAXVALUE" if text is None else _literal(text, kind) for text, kind in zip(partition.upper, types, strict=True)
    )
    return f"PARTITION {partition.name} VALUES [({lower}), ({upper}))"


def _list_entry(partition: Partition, types: list[DorisType]) -> str:
    keys = []
    for key in partition.values:
        items = ("NULL" if text is None else _literal(text, kind) for text, kind in zip(key, types, strict=True))
        joined = ", ".join(items)
        keys.append(joined if len(types) == 1 else f"({joined})")
    return f"PARTITION {partition.name} VALUES IN ({','.join(keys)})"


def _list_order(partition: Partition, types: list[DorisType]) -> list[list[tuple[int, int, str]]]:
    return sorted([low_order(text, kind) for text, kind in zip(key, types, strict=True)] for key in partition.values)


def _literal(text: str, kind: DorisType) -> str:
    return f"'{text}'" if kind.is_date else f'"{text}"'


def _distribution(table: Table) -> str:
    columns = table.distribution.columns
    kind = f"HASH({_names(columns)})" if columns else "RANDOM"
    buckets = "AUTO" if table.distribution.buckets is None else table.distribution.buckets
    return f"DISTRIBUTED BY {kind} BUCKETS {buckets}"


def shown_properties(table: Table) -> list[tuple[str, str]]:
    """Every property that Doris shows, in its order: the kept ones and the defaults."""
    kept = dict(table.properties)
    allocation = f"tag.location.default: {kept.get('replication_num', BACKENDS)}"
    found = [("replication_allocation", allocation), ("min_load_replica_num", kept.get("min_load_replica_num", "-1"))]

    def show(name: str, usual: str | None = None) -> None:
        value = kept.get(name, usual)
        if value is not None:
            found.append((name, value))

    show("bloom_filter_columns")
    found.append(("is_being_synced", "false"))
    show("colocate_with")
    found.extend(_dynamic(table, allocation))
    show("storage_medium", "hdd")
    found.append(("storage_format", "V2"))
    show("inverted_index_storage_format", "V2")
    show("compression")
    show("estimate_partition_size")
    on_write = kept.get("enable_unique_key_merge_on_write", "true")
    if table.model is KeyModel.UNIQUE:
        found.append(("enable_unique_key_merge_on_write", on_write))
    if kept.get("light_schema_change", "true") == "true":
        found.append(("light_schema_change", "true"))
    show("function_column.sequence_col")
    show("function_column.sequence_type")
    if kept.get("store_row_column") == "true":
        found.append(("store_row_column", "true"))
        show("row_store_page_size", "16384")
    for name, usual in (("storage_page_size", "65536"), ("storage_dict_page_size", "262144")):
        if kept.get(name, usual) != usual:
            show(name)
    found.extend(_compaction(kept))
    show("disable_auto_compaction", "false")
    show("enable_single_replica_compaction", "false")
    show("group_commit_interval_ms", "10000")
    show("group_commit_data_bytes", "134217728")
    if table.model is KeyModel.UNIQUE and on_write == "true":
        show("enable_mow_light_delete", "false")
    if not table.keys:
        found.append(("enable_duplicate_without_keys_by_default", "true"))
    return found


def _dynamic(table: Table, allocation: str) -> list[tuple[str, str]]:
    kept = settings(table)
    if not kept:
        return []
    if "replication_num" in kept:
        allocation = f"tag.location.default: {kept['replication_num']}"
    usual = {"hot_partition_num": "0", "reserved_history_periods": "NULL", "storage_policy": ""}
    names = ("enable", "time_unit", "time_zone", "start", "end", "prefix")
    found = [(name, kept[name]) for name in names]
    found += [("replication_allocation", allocation), ("buckets", kept["buckets"])]
    found += [(name, kept.get(name, usual.get(name, ""))) for name in _DYNAMIC]
    if kept["time_unit"].upper() == "MONTH":
        found.append(("start_day_of_month", kept.get("start_day_of_month", "1")))
    return [(f"dynamic_partition.{name}", value) for name, value in found]


def _compaction(kept: dict[str, str]) -> list[tuple[str, str]]:
    if kept.get("compaction_policy") != "time_series":
        return []
    usual = {
        "goal_size_mbytes": "1024",
        "file_count_threshold": "2000",
        "time_threshold_seconds": "3600",
        "empty_rowsets_threshold": "5",
        "level_threshold": "1",
    }
    found = [("compaction_policy", "time_series")]
    for name, value in usual.items():
        full = f"time_series_compaction_{name}"
        found.append((full, kept.get(full, value)))
    return found
