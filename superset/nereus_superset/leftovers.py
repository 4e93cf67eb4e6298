"""Removes what was imported once and whose file is gone. What people made by hand stays.

Superset does not note where a chart comes from; its field for the address of a managed object does, here:
usecases/retail/dashboards/charts/revenue.yaml -> external_url "file:charts/retail/revenue.yaml"
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

_MARK = "file:"


def remove(assets: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Mark what `assets` (path inside the import -> YAML) brought, and delete what bears the mark without a file.

    Gives the names of what was removed, and of what stays because somebody's own dashboard shows it or chart reads it.
    """
    from superset.commands.chart.delete import DeleteChartCommand
    from superset.commands.dashboard.delete import DeleteDashboardCommand
    from superset.commands.dataset.delete import DeleteDatasetCommand
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    files = {str(yaml.safe_load(text)["uuid"]): path for path, text in assets.items() if "/" in path}
    removed: list[str] = []
    kept: list[str] = []
    # A chart needs its dataset, a dashboard its charts: the last first.
    for kind, delete, users in (
        (Dashboard, DeleteDashboardCommand, lambda _: False),
        (Slice, DeleteChartCommand, lambda chart: chart.dashboards),
        (
            SqlaTable,
            DeleteDatasetCommand,
            lambda table: db.session.query(Slice).filter_by(datasource_id=table.id).all(),
        ),
    ):
        gone = _gone(kind, files)
        needed = [one for one in gone if users(one)]
        free = [one for one in gone if one not in needed]
        kept += [str(one) for one in needed]
        removed += [str(one) for one in free]
        if free:
            delete([one.id for one in free]).run()
    db.session.commit()
    return removed, kept


def _gone(kind: Any, files: Mapping[str, str]) -> list[Any]:  # noqa: ANN401 - a model of Superset
    """Those of one kind that bear the mark and have no file any more. Marks the others."""
    from superset.extensions import db

    gone = []
    for one in db.session.query(kind):
        if str(one.uuid) in files:
            one.external_url = _MARK + files[str(one.uuid)]
        elif (one.external_url or "").startswith(_MARK):
            gone.append(one)
    db.session.commit()
    return gone
