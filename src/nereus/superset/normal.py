"""One form for Superset's YAML, so that a diff shows what a person changed and nothing else.

Superset's own export holds numbers of its records, moments, empty keys and JSON in one line. Here:
{"slice_name": "Revenue", "params": {"datasource": "7__table", "slice_id": 12, ...}, "certified_by": null}
    -> slice_name: Revenue
       params: {...}                 without numbers of records, keys in alphabetical order
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

#: Folder of the import -> its keys in the order a person reads them; others are dropped.
KEYS: Mapping[str, tuple[str, ...]] = {
    "databases": (
        *("database_name", "sqlalchemy_uri", "cache_timeout", "expose_in_sqllab", "allow_run_async", "allow_ctas"),
        *("allow_cvas", "allow_dml", "allow_csv_upload", "allow_file_upload", "extra", "uuid", "version"),
    ),
    "datasets": (
        *("table_name", "schema", "description", "main_dttm_col", "sql", "metrics", "columns"),
        *("uuid", "database_uuid", "version"),
    ),
    "charts": (
        *("slice_name", "description", "viz_type", "cache_timeout", "params", "query_context"),
        *("uuid", "dataset_uuid", "version"),
    ),
    "dashboards": (
        *("dashboard_title", "slug", "description", "published", "css", "metadata", "position", "uuid", "version"),
    ),
}
_METRIC = ("metric_name", "verbose_name", "expression", "description", "d3format")
_COLUMN = ("column_name", "verbose_name", "type", "is_dttm", "groupby", "filterable", "expression", "description")
#: What a chart's parameters say of Superset's records and not of the chart.
_RECORDS = ("datasource", "slice_id", "dashboards", "dashboardId", "url_params", "slice_name")
#: What Superset computes anew whenever a dashboard is opened.
_COMPUTED = (
    "chart_configuration",
    "chartsInScope",
    "tabsInScope",
    "shared_label_colors",
    "map_label_colors",
    "default_filters",
)


def dump(kind: str, asset: Mapping[str, Any]) -> str:
    """`asset` as YAML in its one form; `kind` is the folder of the import that it belongs to."""
    shaped = {key: asset[key] for key in KEYS[kind] if asset.get(key) not in (None, "", {}, [])}
    match kind:
        case "datasets":
            shaped["metrics"] = _rows(asset.get("metrics"), _METRIC)
            shaped["columns"] = _rows(asset.get("columns"), _COLUMN)
        case "charts":
            shaped["params"] = _ordered({key: value for key, value in asset["params"].items() if key not in _RECORDS})
            if asset.get("query_context"):
                shaped["query_context"] = LiteralScalarString(_context(asset["query_context"]))
        case "dashboards":
            _dashboard(shaped)
    return text(shaped)


def text(content: Mapping[str, Any]) -> str:
    """YAML in blocks, 120 wide."""
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    written = io.StringIO()
    yaml.dump(dict(content), written)
    return written.getvalue()


def _rows(rows: list[dict[str, Any]] | None, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    shaped = [{key: row[key] for key in keys if row.get(key) not in (None, "")} for row in rows or ()]
    return sorted(shaped, key=lambda row: str(row[keys[0]]))


def _ordered(value: Any) -> Any:  # noqa: ANN401 - any YAML
    if isinstance(value, Mapping):
        return {key: _ordered(value[key]) for key in sorted(value)}
    return [_ordered(each) for each in value] if isinstance(value, list) else value


def _context(text: str) -> str:
    """The query that a chart asks, without the form that it was made with: that stands in `params` already."""
    context = json.loads(text)
    queries = [_lines({key: query[key] for key in query if key != "datasource"}) for query in context["queries"]]
    return (
        '{"datasource": {"id": 1, "type": "table"}, "force": false, "result_format": "json", "result_type": "full",\n'
        f' "queries": [{", ".join(queries)}]}}\n'
    )


def _lines(query: Mapping[str, Any]) -> str:
    """One line per key."""
    inner = ",\n".join(f"  {json.dumps(key)}: {json.dumps(query[key], sort_keys=True)}" for key in sorted(query))
    return f"{{\n{inner}}}"


def _dashboard(shaped: dict[str, Any]) -> None:
    position = _ordered(shaped["position"])
    charts = [each for each in position.values() if isinstance(each, dict) and each.get("type") == "CHART"]
    # Superset numbers charts as they come; here by their lasting ids.
    numbers = {
        chart["meta"].get("chartId"): number
        for number, chart in enumerate(sorted(charts, key=lambda chart: str(chart["meta"]["uuid"])), 1)
    }
    for chart in charts:
        chart["meta"]["chartId"] = numbers[chart["meta"].get("chartId")]
    metadata = {key: value for key, value in shaped.get("metadata", {}).items() if key not in _COMPUTED}
    for each in metadata.get("native_filter_configuration", ()):
        for key in _COMPUTED:
            each.pop(key, None)
    for scope in _scopes(metadata):
        scope["excluded"] = sorted(numbers[chart] for chart in scope.get("excluded", ()) if chart in numbers)
    shaped["metadata"], shaped["position"] = _ordered(metadata), position


def _scopes(metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
    owners = [*metadata.get("native_filter_configuration", ()), metadata.get("global_chart_configuration", {})]
    return [owner["scope"] for owner in owners if "scope" in owner]
