"""Refuses dashboards that Superset would import and then show broken: every name is looked up before.

A chart that asks for `revenu`
    -> usecases/retail/dashboards/charts/by_month.yaml: params.metrics names 'revenu'; expected a metric or column ...
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from nereus.errors import BadInput
from nereus.suggest import closest
from nereus.superset.assets import Asset, Bundle
from nereus.warehouse.client import Queries, WarehouseError

#: More would not be seen at a glance, nor answered within a second.
MOST_CHARTS = 10
#: Parameters of charts that hold columns, and those that hold metrics.
_COLUMNS = ("x_axis", "groupby", "groupbyRows", "groupbyColumns", "columns", "source", "target", "series", "entity")
_METRICS = ("metric", "metrics", "percent_metrics", "timeseries_limit_metric", "secondary_metric", "x", "y", "size")

#: database.table -> its columns.
Tables = Mapping[str, frozenset[str]]


def check(bundle: Bundle, warehouse: Queries) -> None:
    """Raises BadInput with every fault: file, key, value and fix. `warehouse` is asked as the analysts' user."""
    found: dict[str, set[str]] = {}
    for row in warehouse.query(
        "SELECT table_schema AS db, table_name AS name, column_name AS col FROM information_schema.columns"
    ):
        found.setdefault(f"{row['db']}.{row['name']}", set()).add(str(row["col"]))
    names = names_of(bundle, {name: frozenset(columns) for name, columns in found.items()})
    # Expressions are asked only where all names are right: the warehouse would say the same again.
    faults = names or list(_expressions(bundle, warehouse))
    if faults:
        raise BadInput("\n".join(faults))


def names_of(bundle: Bundle, tables: Tables) -> list[str]:
    """Every name that means nothing, as messages; `tables` are those that analysts may read."""
    return [*_twice(bundle), *_datasets(bundle, tables), *_charts(bundle), *_dashboards(bundle)]


def _expressions(bundle: Bundle, warehouse: Queries) -> Iterator[str]:
    """Metrics and computed columns that the warehouse refuses."""
    for asset in bundle.of("datasets"):
        if asset.content.get("sql"):
            continue
        place = f"`{asset.content['schema']}`.`{asset.content['table_name']}`"
        for key, name in (("metrics", "metric_name"), ("columns", "column_name")):
            for number, each in enumerate(asset.content.get(key, ())):
                if not each.get("expression"):
                    continue
                try:
                    # What stands in a reviewed file is asked as it stands there: it is what Superset will send.
                    warehouse.query(f"SELECT {each['expression']} AS asked FROM {place} LIMIT 0")  # noqa: S608
                except WarehouseError as error:
                    where = f"{key}[{number}].expression of {each[name]}"
                    fix = f"The warehouse says: {error.message}"
                    yield _fault(asset, where, each["expression"], "SQL that the warehouse understands", fix)


def _fault(asset: Asset, key: str, value: object, expected: str, fix: str) -> str:
    return f"{asset.shown}: {key} is {value!r}; expected {expected}.\n  {fix}"


def _named(asset: Asset, key: str, value: str, known: frozenset[str] | set[str], what: str) -> Iterator[str]:
    if value not in known:
        meant = closest(value, known)
        fix = f"Did you mean {meant}?" if meant else f"There are: {', '.join(sorted(known)) or 'none'}."
        yield _fault(asset, key, value, what, fix)


def _twice(bundle: Bundle) -> Iterator[str]:
    for key, kinds in (("uuid", ("databases", "datasets", "charts", "dashboards")), ("slug", ("dashboards",))):
        seen: dict[str, Asset] = {}
        for asset in (one for kind in kinds for one in bundle.of(kind)):
            value = str(asset.content.get(key))
            if value in seen:
                yield _fault(asset, key, value, "one that no other file has", f"{seen[value].shown} has it too.")
            seen[value] = asset


def _datasets(bundle: Bundle, tables: Tables) -> Iterator[str]:
    databases = {one.uuid for one in bundle.of("databases")}
    for asset in bundle.of("datasets"):
        content = asset.content
        yield from _named(asset, "database_uuid", str(content.get("database_uuid")), databases, "a database")
        if content.get("sql"):
            # A query of its own: its columns are known once it is asked.
            continue
        name = f"{content.get('schema')}.{content.get('table_name')}"
        if name not in tables:
            yield from _named(asset, "table_name", name, set(tables), "a table or view that analysts may read")
            continue
        for number, column in enumerate(content.get("columns", ())):
            if not column.get("expression"):
                key = f"columns[{number}].column_name"
                yield from _named(asset, key, str(column.get("column_name")), tables[name], f"a column of {name}")
        time = content.get("main_dttm_col")
        if time:
            yield from _named(asset, "main_dttm_col", str(time), tables[name], f"a column of {name}")


def _names(dataset: Asset) -> tuple[set[str], set[str]]:
    columns = {str(one.get("column_name")) for one in dataset.content.get("columns", ())}
    return columns, {str(one.get("metric_name")) for one in dataset.content.get("metrics", ())}


def _charts(bundle: Bundle) -> Iterator[str]:
    datasets = {one.uuid: one for one in bundle.of("datasets")}
    for asset in bundle.of("charts"):
        uuid = str(asset.content.get("dataset_uuid"))
        if uuid not in datasets:
            yield from _named(asset, "dataset_uuid", uuid, set(datasets), "the uuid of a dataset's file")
            continue
        columns, metrics = _names(datasets[uuid])
        params = asset.content.get("params") or {}
        yield from _fields(asset, "params", params, columns, metrics)
        yield from _context(asset, columns, metrics)


def _fields(asset: Asset, where: str, fields: Mapping[str, Any], columns: set[str], metrics: set[str]) -> Iterator[str]:
    for keys, known, what in (
        (_COLUMNS, columns, "a column of the chart's dataset"),
        (_METRICS, metrics, "a metric of the chart's dataset"),
    ):
        for key in keys:
            for name in _listed(fields.get(key)):
                yield from _named(asset, f"{where}.{key}", name, known, what)
    for number, condition in enumerate(fields.get("adhoc_filters", ())):
        if condition.get("expressionType") == "SIMPLE":
            key = f"{where}.adhoc_filters[{number}].subject"
            yield from _named(asset, key, str(condition.get("subject")), columns, "a column of the chart's dataset")


def _listed(value: object) -> Iterator[str]:
    """The names in one parameter; expressions written into a chart are not names."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict) and each.get("columnType") == "BASE_AXIS":
            yield str(each.get("sqlExpression"))


def _context(asset: Asset, columns: set[str], metrics: set[str]) -> Iterator[str]:
    text = asset.content.get("query_context")
    if not text:
        yield _fault(
            asset, "query_context", None, "the query of the chart", "Save the chart in Superset and export it."
        )
        return
    try:
        queries = json.loads(text)["queries"]
    except (ValueError, KeyError, TypeError):
        yield _fault(asset, "query_context", "...", "JSON with `queries`", "Save the chart in Superset and export it.")
        return
    for number, query in enumerate(queries):
        where = f"query_context.queries[{number}]"
        yield from _fields(asset, where, {key: query.get(key) for key in ("columns", "metrics")}, columns, metrics)
        for condition in query.get("filters", ()):
            name = str(condition.get("col"))
            yield from _named(asset, f"{where}.filters", name, columns, "a column of the chart's dataset")


def _dashboards(bundle: Bundle) -> Iterator[str]:
    charts = {one.uuid: one for one in bundle.of("charts")}
    datasets = {one.uuid: one for one in bundle.of("datasets")}
    for asset in bundle.of("dashboards"):
        position = asset.content.get("position") or {}
        shown = [each for each in position.values() if isinstance(each, dict) and each.get("type") == "CHART"]
        for chart in shown:
            uuid = str(chart["meta"].get("uuid"))
            key = f"position.{chart.get('id')}.meta.uuid"
            yield from _named(asset, key, uuid, set(charts), "the uuid of a chart's file")
        if len(shown) > MOST_CHARTS:
            fix = "Remove charts, or make a second dashboard."
            yield _fault(asset, "position", f"{len(shown)} charts", f"at most {MOST_CHARTS}", fix)
        metadata = asset.content.get("metadata") or {}
        for number, each in enumerate(metadata.get("native_filter_configuration", ())):
            yield from _filter(asset, f"metadata.native_filter_configuration[{number}].targets", each, datasets)


def _filter(asset: Asset, key: str, each: Mapping[str, Any], datasets: Mapping[str, Asset]) -> Iterator[str]:
    for target in each.get("targets", ()):
        uuid = target.get("datasetUuid")
        if uuid is None:
            continue
        if uuid not in datasets:
            yield from _named(asset, f"{key}.datasetUuid", str(uuid), set(datasets), "the uuid of a dataset's file")
            continue
        name = str(target.get("column", {}).get("name"))
        yield from _named(asset, f"{key}.column.name", name, _names(datasets[uuid])[0], "a column of the dataset")
